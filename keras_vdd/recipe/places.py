"""Settings that say where things lie on one machine, which nobody else's machine has."""

from collections.abc import Iterator
from typing import Any

from keras_vdd.errors import UsageError
from keras_vdd.recipe.data_settings import DataSettings
from keras_vdd.recipe.names import known
from keras_vdd.recipe.yaml_text import as_mapping, as_yaml
from keras_vdd.settings import in_short

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
        UsageError: it is no YAML mapping, or extends a file.
    """
    if not text.strip():
        return text
    values = as_mapping(text, "the recipe of the set")
    refuse_files(values, "the recipe of the set")
    for place in PLACES:
        section, name = place.split(".")
        inside = values.get(section)
        if isinstance(inside, dict) and not (name == "source" and str(inside.get(name)).startswith("hf://")):
            inside.pop(name, None)
    return as_yaml(values)


def refuse_files(values: dict[str, Any], source: str) -> None:
    """Refuse the recipe of a set that extends a file, of which there is none beside it.

    Args:
        values: what it holds, as written.
        source: str, what errors call it.
    """
    parents = values.get("extends")
    for parent in parents if isinstance(parents, list) else [] if parents is None else [parents]:
        if not isinstance(parent, str) or parent not in known():
            raise UsageError(
                f"{source} extends {in_short(parent)}; the recipe of a set has every setting in it, so this one is "
                "not read"
            )


def places_of_videos(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (setting, value) of those that say where videos are read and kept, other than by default."""
    inside = values.get("data")
    for place in PLACES:
        section, name = place.split(".")
        if section == "data" and isinstance(inside, dict):
            value = inside.get(name)
            if value not in (None, DataSettings.model_fields[name].default):
                yield place, str(value)
