"""The YAML files that the package's recipes are laid together from, each read once."""

from functools import cache
from importlib import resources
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from keras_vdd.errors import VddError
from keras_vdd.recipe.about import About, AboutMethod, AboutSet
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.yaml_text import as_mapping

_Said = TypeVar("_Said", bound=About)


class Exceptional(NamedTuple):
    """Settings that fit some recipes alone."""

    file: str
    """Such as `"exceptions/dm"`."""
    patterns: tuple[str, ...]
    """Of the names of those recipes."""
    about: About
    settings: dict[str, Any]


def names_in(folder: str = "") -> list[str]:
    """Return the sorted names of the files in a folder of `recipes/`, or of the whole recipes in it."""
    place = resources.files("keras_vdd.recipes").joinpath(*folder.split("/"))
    return sorted(file.name.removesuffix(".yaml") for file in place.iterdir() if file.name.endswith(".yaml"))


@cache
def text(path: str) -> str:
    """Return the text of a file such as `"methods/dm"`."""
    file = resources.files("keras_vdd.recipes").joinpath(*f"{path}.yaml".split("/"))
    return file.read_text(encoding="utf-8")


@cache
def mapping(path: str) -> dict[str, Any]:
    """Return what a file holds, over all that it extends, which it names as files of `recipes/` too.

    Nothing may change what is returned: it is kept.
    """
    own, below = dict(written(path)), dict[str, Any]()
    own.pop("extends", None)
    for parent in parents(path):
        inherited = {key: value for key, value in mapping(parent).items() if key not in ("name", "summary")}
        below = merged(below, inherited)
    return merged(below, own)


@cache
def written(path: str) -> dict[str, Any]:
    """Return what a file holds itself, as written."""
    return as_mapping(text(path), f"recipes/{path}.yaml")


def parents(path: str) -> list[str]:
    """Return the files that a file says it extends, lowest first."""
    named = written(path).get("extends", [])
    return named if isinstance(named, list) else [named]


def with_parents(path: str) -> list[str]:
    """Return a file and all that it extends, lowest first, each once."""
    below = [file for parent in parents(path) for file in with_parents(parent)]
    return [*dict.fromkeys(below), path]


def settings(path: str) -> dict[str, Any]:
    """Return the settings of a file: what it holds without `about:`."""
    return {key: value for key, value in mapping(path).items() if key != "about"}


def about(path: str) -> About:
    """Return what a file says of itself."""
    folder, _, name = path.rpartition("/")
    if folder in ("methods", "sets"):
        return about_method(name) if folder == "methods" else about_set(name)
    return _checked(About, mapping(path), path)


@cache
def about_method(name: str) -> AboutMethod:
    """Return what `methods/<name>.yaml` says of itself."""
    return _checked(AboutMethod, mapping(f"methods/{name}"), f"methods/{name}")


@cache
def about_set(name: str) -> AboutSet:
    """Return what `sets/<name>.yaml` says of itself."""
    return _checked(AboutSet, mapping(f"sets/{name}"), f"sets/{name}")


def _checked(model: type[_Said], values: dict[str, Any], path: str) -> _Said:
    try:
        return model.model_validate(values.get("about", {}))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise VddError(f"recipes/{path}.yaml, about: {wrong}") from None


@cache
def exceptions() -> list[Exceptional]:
    """Return every exception, in the order they are laid in."""
    found = []
    for file in (f"exceptions/{name}" for name in names_in("exceptions")):
        for patterns, values in written(file).items():
            names = tuple(pattern.strip() for pattern in patterns.split(","))
            own = {key: value for key, value in values.items() if key != "about"}
            found.append(Exceptional(file, names, _checked(About, values, file), own))
    return found
