"""Which matching losses there are: those whose folders lie beside this file, and those that were registered."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

from collections.abc import Iterator

from keras_vdd.errors import UsageError
from keras_vdd.methods.method import Method
from keras_vdd.registry import Registry, modules_of


def _own() -> Iterator[tuple[str, Method]]:
    for name, module in modules_of("keras_vdd.methods", folders=True):
        yield name, module().METHOD


METHODS = Registry("method", _own)


def register_method(method: Method) -> Method:
    """Add a matching loss of one's own: `dynamic.loss` takes its name from now on, in this process.

    The command line knows it where the file that calls this is named by `--plugin`. docs/adding-a-method.md makes one
    from start to end.

    Args:
        method: `keras_vdd.methods.Method`, which holds its settings, what it minimises and what that costs.

    Returns:
        The method.

    Raises:
        UsageError: there is another one of that name, or it is no `Method`.

    Example:
        >>> keras_vdd.register_method(Method("moments", "Moments", MomentsSettings, objective, cost))
        >>> keras_vdd.distill("quickstart", **{"dynamic.loss": "moments", "run.name": "moments"})
    """
    if not isinstance(method, Method):
        raise UsageError(f"{method!r} cannot be registered: it must be a keras_vdd.methods.Method.")
    METHODS.add(method.name, method)
    return method
