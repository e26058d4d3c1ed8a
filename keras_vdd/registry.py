"""Concepts by name: those whose files lie in a folder of the package, and those that a call adds from outside."""

import difflib
import functools
import importlib
import operator
import pkgutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from keras_vdd.errors import UsageError


class Registry:
    """Records of one concept by name.

    Args:
        concept: what a record is, for errors: "network".
        own: function that gives (name, record) of what comes with the package; it is called once, when a name
            is first asked for, so that the files of a folder may import the registry that they are in.
    """

    def __init__(self, concept: str, own: Callable[[], Iterable[tuple[str, Any]]]):
        self.concept = concept
        self._find_own: Callable[[], Iterable[tuple[str, Any]]] | None = own
        self._records: dict[str, Any] = {}
        self._found = False
        self._finding = threading.RLock()

    def names(self) -> list[str]:
        """Every name there is, sorted."""
        return sorted(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def __iter__(self) -> Iterator[Any]:
        """The records, in the order of their names."""
        return iter([self._all()[name] for name in self.names()])

    def get(self, name: str) -> Any:
        """Return the record of a name.

        Raises:
            UsageError: there is none; the nearest name is offered.
        """
        if name not in self:
            close = nearest(str(name), self.names())
            hint = f", did you mean '{close[0]}'" if close else ""
            raise UsageError(
                f"The {self.concept} '{name}' is unknown{hint}: choose one of {', '.join(self.names())}."
            )
        return self._all()[name]

    def add(self, name: str, record: Any) -> None:
        """Add a record; adding an equal one again changes nothing.

        Raises:
            UsageError: the name is taken, or is none that a recipe could have.
        """
        if not isinstance(name, str) or not name or not all(c.isalnum() or c in "_-" for c in name):
            raise UsageError(
                f"A {self.concept} cannot be called {name!r}: take letters, digits, dashes and underscores."
            )
        if self._all().get(name, record) != record:
            raise UsageError(f"There is a {self.concept} '{name}' already: give yours another name.")
        self._records[name] = record

    def _all(self):
        if not self._found:
            with (
                self._finding
            ):  # other threads wait; this one may come by again, from the files that it imports
                find, self._find_own = self._find_own, None
                if find is not None:
                    self._records.update(find())
                    self._found = True
        return self._records


def modules_of(package: str, folders: bool = False) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield (name, function that imports it) of every module of a package, or of its folders alone.

    None is imported by this: the files beside the folders may import Keras.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if folders and not module.ispkg:
            continue
        path = f"{package}.{module.name}"
        yield module.name, functools.partial(importlib.import_module, path)


def on_call(place: str) -> Callable[..., Any]:
    """A function "module:name" that is imported when it is first called: declaring a concept loads no Keras."""
    module, _, name = place.partition(":")

    def call(*arguments: Any) -> Any:
        return operator.attrgetter(name)(importlib.import_module(module))(*arguments)

    return call


def loaded_when_used(
    package: str, homes: Mapping[str, str], public: Iterable[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names are imported when first used.

    Args:
        package: str, its `__name__`.
        homes: the module of each such name, as in "clips.mini_c3d".
        public: its `__all__`, those that it has already among them.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return get, lambda: sorted(public)


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Return the candidate that looks most like `word` in a list, or an empty one."""
    return difflib.get_close_matches(word, list(candidates), n=1, cutoff=cutoff)


def must_be_one_of(word: object, choices: Iterable[str]) -> str:
    """Return the end of a sentence about a wrong word: what it must be, and the nearest of the choices."""
    choices = list(choices)
    close = nearest(str(word), choices)
    return f"must be one of {', '.join(choices)}" + (f"; did you mean {close[0]}?" if close else "")
