"""From what a user points at, a run folder, an exported set or a Hub repository, to the set and its recipe."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_vdd.errors import UsageError
from keras_vdd.hub import schema as vdd
from keras_vdd.hub.address import is_download, is_run, repository_at, set_folder
from keras_vdd.hub.load import load
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.overrides import Overrides
from keras_vdd.recipe.places import places_of_videos, refuse_files, without_places
from keras_vdd.recipe.schema import Recipe
from keras_vdd.recipe.yaml_text import as_mapping, read
from keras_vdd.runs.environment import recipe_of
from keras_vdd.tensors import File

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A distilled set on disk and the recipe to test it by.

    Attributes:
        folder: str, of the exported set.
        recipe: `Recipe`.
    """

    folder: str
    recipe: Recipe


def resolve_target(target: File, recipe: Any = None, overrides: Overrides = (), **settings: Any) -> Target:
    """Find the set that `target` holds, and the recipe to test it by.

    Args:
        target: path of a run folder or of an exported set, or a repository on the Hub as `keras_vdd.load` takes it.
        recipe: name or path of a recipe, a mapping or a `Recipe`; None for the one that the set was made with.
        overrides, **settings: laid over it, as `keras_vdd.load_recipe` takes them.

    Raises:
        VddError: the run has no set yet, or the Hub cannot be reached.
        UsageError: the target is nothing or a file, or says no recipe and none is given.
    """
    folder = str(set_folder(target))
    if recipe is not None:
        return Target(folder, load_recipe(recipe, overrides, **settings))
    if is_run(target):
        return Target(folder, recipe_of(Path(target).expanduser(), overrides, **settings))
    text = load(folder).recipe
    if not text:
        raise UsageError(f"{target} does not say what recipe made it; name one with --recipe (recipe=...)")
    refuse_files(as_mapping(text, f"of {target}"), f"recipe of {target}")
    if repository_at(target) is not None:
        text = without_places(text)  # what others name is no place for reading and writing here
    return Target(folder, parse_recipe(text, f"of {target}", overrides, **settings))


def check_recipe_beside(path: File, given: Mapping[str, Any]) -> None:
    """See to it that the recipe file of somebody's set does not read and write unasked where its author's did.

    A recipe that lies beside no set, or in a run folder, passes: it is the user's own. One in an exported folder may be
    anybody's, and what it names is told as a warning.

    Args:
        path: of the file.
        given: settings that are laid over it, by dotted names or nested.

    Raises:
        UsageError: it extends a file; or it was downloaded and says where videos lie, and `given` does not.
    """
    file = Path(path).expanduser()
    folder = file.absolute().parent
    if file.name != vdd.RECIPE or not file.is_file() or not (folder / vdd.DATA_FOLDER).is_dir():
        return
    values = read(file)
    refuse_files(values, f"recipe {path}")
    instead = {*given, *(f"data.{name}" for name in given.get("data") or ())}
    places = [f"{place}={value}" for place, value in places_of_videos(values) if place not in instead]
    if places and is_download(folder):
        raise UsageError(
            f"recipe {path}: it names a place of its author's machine, {places[0]}: give one of yours as "
            f"{places[0].partition('=')[0]}"
        )
    if places and not is_run(folder.parent):
        _LOG.warning(
            "The recipe of the set %s says where videos are read and kept: %s.", folder, ", ".join(places)
        )
