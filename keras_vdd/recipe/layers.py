"""The YAML files that the package's recipes are laid together from, each read once."""

from functools import cache
from importlib import resources

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
    own = dict(as_mapping(text(path), f"recipes/{path}.yaml"))
    parents = own.pop("extends", [])
    below = {}
    for parent in parents if isinstance(parents, list) else [parents]:
        below = merged(
            below, {key: v for key, v in mapping(parent).items() if key not in ("name", "summary")}
        )
    return merged(below, own)


def settings(path):
    """Return the settings of a file: what it holds without `about:`."""
    return {key: value for key, value in mapping(path).items() if key != "about"}


@cache
def about(path):
    """Return what a file says of itself, an `AboutMethod` in `methods/`, an `AboutSet` in `sets/`."""
    return _ABOUT.get(path.partition("/")[0], About).model_validate(mapping(path).get("about", {}))


@cache
def exceptions():
    """Return (file, patterns of names, `About`, settings) of every exception, in the order in which they are laid."""
    found = []
    for file in names_in("exceptions"):
        for patterns, values in mapping(f"exceptions/{file}").items():
            own = {key: value for key, value in values.items() if key != "about"}
            names = tuple(pattern.strip() for pattern in patterns.split(","))
            found.append((f"exceptions/{file}", names, About.model_validate(values.get("about", {})), own))
    return found
