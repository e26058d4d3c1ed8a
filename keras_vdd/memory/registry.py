"""Which kinds of memory there are: those whose folders lie beside this file, and those that were registered."""

from collections.abc import Iterator

from keras_vdd.memory.memory import Memory
from keras_vdd.registry import Registry, modules_of


def own_memories() -> Iterator[tuple[str, Memory]]:
    """Yield (kind, `Memory`) of those that come with the package."""
    for _, module in modules_of("keras_vdd.memory", folders=True):
        memory = module().MEMORY
        yield memory.kind, memory


MEMORIES = Registry("memory", own_memories)
