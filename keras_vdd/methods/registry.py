"""Which matching losses there are: those whose folders lie beside this file, and those that were registered."""

import functools
import importlib
import pkgutil

from keras_vdd.errors import UsageError, nearest
from keras_vdd.methods.method import Method

_registered: dict[str, Method] = {}


@functools.cache
def _in_folder() -> dict[str, Method]:
    package = importlib.import_module("keras_vdd.methods")
    folders = [module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg]
    found = [importlib.import_module(f"keras_vdd.methods.{name}").METHOD for name in folders]
    return {method.name: method for method in found}


def known() -> dict[str, Method]:
    """Return all methods by name."""
    return {**_in_folder(), **_registered}


def names() -> tuple[str, ...]:
    """Return the names that `dynamic.loss` may have."""
    return tuple(known())


def get(name: str) -> Method:
    """Return the method of that name.

    Raises:
        UsageError: there is none; the sentence has the nearest name.
    """
    found = known()
    if name not in found:
        close = nearest(str(name), found)
        hint = f"did you mean {close[0]}" if close else f"choose one of {', '.join(found)}"
        raise UsageError(f"There is no method {name!r}: {hint}{'?' if close else '.'}")
    return found[name]


def register(method: Method, replace: bool = False) -> Method:
    """Add a matching loss: `dynamic.loss` takes its name from now on, in this process.

    Example:
        keras_vdd.register_method(Method(name="my_loss", title="Mine", settings=MySettings, ...))

    Args:
        method: `Method`.
        replace: bool; an earlier one that was registered under that name gives way, such as in a notebook.

    Returns:
        The method.

    Raises:
        UsageError: the name is taken, or it is no `Method`.
    """
    if not isinstance(method, Method):
        raise UsageError(f"{method!r} cannot be registered: it must be a keras_vdd.methods.Method.")
    if method.name in _in_folder() or (method.name in _registered and not replace):
        raise UsageError(f"The name of the method {method.name!r} is taken: choose another.")
    _registered[method.name] = method
    return method
