"""The YAML files that the package's recipes are laid together from, each read once."""

from functools import cache
from importlib import resources

from pydantic import ValidationError

from keras_vdd.errors import VddError
from keras_vdd.recipe.about import About, AboutMethod, AboutSet
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.yaml_text import as_mapping

_ABOUT = {"methods": AboutMethod, "sets": AboutSet}


def names_in(folder=""):
    """Return the sorted names of the files in a folder of `recipes/`, or of the whole recipes in it."""
    place = resources.files("keras_vdd.recipes").joinpath(*folder.split("/"))
    return sorted(file.name.removesuffix(".yaml") for file in place.iterdir() if file.name.endswith(".yaml"))


@cache
def text(path):
    """Return the text of a file such as `"methods/dm"`."""
    file = resources.files("keras_vdd.recipes").joinpath(*f"{path}.yaml".split("/"))
    return file.read_text(encoding="utf-8")


@cache
def mapping(path):
    """Return what a file holds, over all that it extends, which it names as files of `recipes/` too.

    Nothing may change what is returned: it is kept.
    """
    own, below = dict(written(path)), {}
    own.pop("extends", None)
    for parent in parents(path):
        inherited = {key: value for key, value in mapping(parent).items() if key not in ("name", "summary")}
        below = merged(below, inherited)
    return merged(below, own)


@cache
def written(path):
    """Return what a file holds itself, as written."""
    return as_mapping(text(path), f"recipes/{path}.yaml")


def parents(path):
    """Return the files that a file says it extends, lowest first."""
    named = written(path).get("extends", [])
    return named if isinstance(named, list) else [named]


def with_parents(path):
    """Return a file and all that it extends, lowest first, each once."""
    below = [file for parent in parents(path) for file in with_parents(parent)]
    return [*dict.fromkeys(below), path]


def settings(path):
    """Return the settings of a file: what it holds without `about:`."""
    return {key: value for key, value in mapping(path).items() if key != "about"}


@cache
def about(path):
    """Return what a file says of itself, an `AboutMethod` in `methods/`, an `AboutSet` in `sets/`."""
    return _checked(_ABOUT.get(path.partition("/")[0], About), mapping(path).get("about", {}), path)


def _checked(model, values, path):
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise VddError(f"recipes/{path}.yaml, about: {wrong}") from None


@cache
def exceptions():
    """Return (file, patterns of names, `About`, settings) of every exception, in the order they are laid in."""
    found = []
    for file in (f"exceptions/{name}" for name in names_in("exceptions")):
        for patterns, values in written(file).items():
            names = tuple(pattern.strip() for pattern in patterns.split(","))
            about = _checked(About, values.get("about", {}), file)
            found.append(
                (file, names, about, {key: value for key, value in values.items() if key != "about"})
            )
    return found
