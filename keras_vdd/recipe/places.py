"""Settings that say where things lie on one machine, which nobody else's machine has."""

from keras_vdd.recipe.yaml_text import as_mapping, as_yaml

PLACES = (
    "data.root",
    "data.annotations",
    "data.store",
    "run.dir",
    "experts.source",
    "experts.folder",
    "interpolator.folder",
)


def without_places(text: str) -> str:
    """Return the YAML text of a recipe without the folders and files that it names; they get their defaults again.

    An `experts.source` on the Hub (`hf://owner/name`) stays: it is the same everywhere. The recipe is not checked, so
    that one of another version goes through.

    Args:
        text: str, as `resolved_yaml` gives it; "" stays "".

    Raises:
        UsageError: it is no YAML mapping.
    """
    if not text.strip():
        return text
    values = as_mapping(text, "the recipe of the set")
    for place in PLACES:
        section, name = place.split(".")
        inside = values.get(section)
        if isinstance(inside, dict) and not (name == "source" and "://" in str(inside.get(name))):
            inside.pop(name, None)
    return as_yaml(values)
