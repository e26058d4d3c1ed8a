"""A recipe of the package from its name: layers of YAML, as `recipes/README.md` says."""

import fnmatch
from typing import Any

from keras_vdd.recipe import layers
from keras_vdd.recipe.layers import Exceptional
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.names import known

_STAGES = ("static", "experts", "dynamic", "coreset")


def composed(name: str) -> dict[str, Any]:
    """Return the settings of the recipe of that name, its `summary` with them, as a mapping to be checked."""
    parts = known()[name]
    if parts is None:
        return layers.settings(name)
    values = layers.settings("parts/paper")
    for path in (f"methods/{parts.method}", f"sizes/{parts.size}"):
        values = merged(values, layers.settings(path))
    values = _on_set(values, layers.settings(f"sets/{parts.set}"))
    for exception in exceptions_of(name):
        values = merged(values, exception.settings)
    title = layers.about_set(parts.set).title
    return {**values, "summary": f"{title}, {layers.about_method(parts.method).summary_at(parts.size)}"}


def _on_set(values, of_set):
    """Lay a set over a method: what is learned, in which stages, and beside which rows stays the method's."""
    of_set = {
        key: value for key, value in of_set.items() if key not in _STAGES or values.get(key) is not None
    }
    chosen = {"memory": "kind", "dynamic": "loss", "evaluation": "compare"}
    kept = {
        section: {key: values[section][key]}
        for section, key in chosen.items()
        if values.get(section) and key in values[section]
    }
    # What the set says of losses and memories that are not chosen is left behind when the choice is laid on top.
    return merged(merged(values, _without(of_set, chosen)), kept)


def _without(settings, chosen):
    found = {}
    for section, values in settings.items():
        if section in chosen and isinstance(values, dict):
            values = {key: value for key, value in values.items() if key != chosen[section]}
        found[section] = values
    return found


def exceptions_of(name: str) -> list[Exceptional]:
    """Return the exceptions that a composed name matches, in the order they are laid in."""
    return [
        one
        for one in layers.exceptions()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in one.patterns)
    ]


def files_of(name: str) -> list[str]:
    """Return the files of `recipes/` that a recipe is laid together from, lowest first, without `.yaml`."""
    parts = known()[name]
    if parts is None:
        return [name]
    found = ["parts/paper", f"methods/{parts.method}", f"sizes/{parts.size}", f"sets/{parts.set}"]
    return [*found, *dict.fromkeys(one.file for one in exceptions_of(name))]


def notes(name: str) -> dict[str, str]:
    """Return {first word: text} of all that the layers of a recipe note."""
    layered = [layers.about(file) for file in files_of(name) if not file.startswith("exceptions/")]
    if known()[name] is not None:
        layered += [one.about for one in exceptions_of(name)]
    found: dict[str, str] = {}
    for word, text in (item for about in layered for item in about.notes.items()):
        found[word] = f"{found[word]}; {text}" if word in found else text
    return found
