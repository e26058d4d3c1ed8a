"""A recipe of the package from its name: layers of YAML, as `recipes/README.md` says."""

import fnmatch

from keras_vdd.recipe import layers
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.names import known

_STAGES = ("static", "experts", "dynamic", "coreset")


def composed(name):
    """Return the settings of the recipe of that name, its `summary` with them, as a mapping to be checked."""
    parts = known()[name]
    if parts is None:
        return layers.settings(name)
    values = layers.settings("parts/paper")
    for path in (f"methods/{parts.method}", f"sizes/{parts.size}"):
        values = merged(values, layers.settings(path))
    values = _on_set(values, layers.settings(f"sets/{parts.set}"))
    for *_, settings in exceptions_of(name):
        values = merged(values, settings)
    title = layers.about(f"sets/{parts.set}").title
    return {**values, "summary": f"{title}, {layers.about(f'methods/{parts.method}').summary_at(parts.size)}"}


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


def exceptions_of(name):
    """Return the exceptions that a composed name matches, as `layers.exceptions` has them."""
    return [
        one for one in layers.exceptions() if any(fnmatch.fnmatchcase(name, pattern) for pattern in one[1])
    ]


def files_of(name):
    """Return the files of `recipes/` that a recipe is laid together from, lowest first, without `.yaml`."""
    parts = known()[name]
    if parts is None:
        return [name]
    found = ["parts/paper", f"methods/{parts.method}", f"sizes/{parts.size}", f"sets/{parts.set}"]
    return [*found, *dict.fromkeys(file for file, *_ in exceptions_of(name))]


def notes(name):
    """Return {first word: text} of all that the layers of a recipe note."""
    layered = [layers.about(file) for file in files_of(name) if not file.startswith("exceptions/")]
    if known()[name] is not None:
        layered += [about for _, _, about, _ in exceptions_of(name)]
    found = {}
    for word, text in (item for about in layered for item in about.notes.items()):
        found[word] = f"{found[word]}; {text}" if word in found else text
    return found
