"""Kinds of memory of one's own, whose arrays become attributes of sets."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import UsageError
from keras_vdd.memory.memory import Memory
from keras_vdd.memory.registry import MEMORIES


def register_memory(memory: Memory) -> Memory:
    """Add a kind of memory of one's own: `memory.kind` takes its name from now on, in this process.

    The command line knows it where the file that calls this is named by `--plugin`; whoever loads a set of this kind
    calls it first too. docs/adding-a-memory.md makes one from start to end.

    Args:
        memory: `keras_vdd.memory.Memory`, which holds its settings, its layer and what it stores.

    Returns:
        The memory.

    Raises:
        UsageError: there is another one of that name, it is no `Memory`, or its arrays cannot be attributes of a set.

    Example:
        >>> keras_vdd.register_memory(fade)    # a `Memory` of kind "fade"
        >>> keras_vdd.distill("quickstart", memory={"kind": "fade", "videos_per_class": 2})
    """
    if not isinstance(memory, Memory):
        raise UsageError(f"{memory!r} cannot be registered: it must be a keras_vdd.memory.Memory.")
    for name in memory.arrays:
        if (
            not name.isidentifier()
            or hasattr(DistilledSet, name)
            or name in DistilledSet.__dataclass_fields__
        ):
            raise UsageError(
                f"The memory '{memory.kind}' cannot have an array {name!r}: sets have something of that name, or "
                "it is no name of an attribute."
            )
    MEMORIES.add(memory.kind, memory)
    return memory
