"""From what a user points at, a run folder, an exported set or a Hub repository, to the set and its recipe."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_vdd.data.sources import SOURCES
from keras_vdd.errors import UsageError
from keras_vdd.hub.address import is_download, repository_at, set_folder
from keras_vdd.hub.load import load
from keras_vdd.published import schema as vdd
from keras_vdd.recipe.data_settings import DataSettings
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.overrides import Overrides
from keras_vdd.recipe.places import places_of_videos, without_places
from keras_vdd.recipe.schema import Recipe
from keras_vdd.recipe.yaml_text import as_mapping, text_of
from keras_vdd.runs.environment import recipe_of
from keras_vdd.runs.places import run_at
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
    if (run := _own_run(target)) is not None:
        return Target(folder, recipe_of(run, overrides, **settings))
    text = load(folder).recipe
    if not text:
        raise UsageError(f"{target} does not say what recipe made it; name one with --recipe (recipe=...)")
    return Target(folder, _recipe_of_set(text, str(target), overrides, **settings))


def recipe_at(path: File, **settings: Any) -> Recipe:
    """Return the recipe of a name or a file; of one that lies in a run or in a set as `resolve_target` takes it.

    Args:
        path: name of a recipe, or path of a file.
        **settings: laid over it, as `keras_vdd.load_recipe` takes them.

    Raises:
        UsageError: it is wrong, or that of a set and extends a file.
    """
    file = Path(os.path.expanduser(path))
    # The folder it is reached by: a client of the Hub keeps links in place of files.
    folder = Path(os.path.realpath(file.parent))
    if file.name == vdd.RECIPE and file.is_file():
        if (run := _own_run(folder)) is not None:
            return recipe_of(run, **settings)
        if (folder / vdd.DATA_FOLDER).is_dir():
            return _recipe_of_set(text_of(file), str(folder), **settings)
    return load_recipe(path, **settings)


def _own_run(target: File) -> Path | None:
    """The run that a target is or lies in; None where there is none, and of what was downloaded, which is anybody's."""
    run = None if repository_at(target) is not None else run_at(target)
    return None if run is None or is_download(run) else run


def _recipe_of_set(text: str, target: str, overrides: Overrides = (), **settings: Any) -> Recipe:
    """The recipe that came with a set: wherever the set is from, what it names on its author's machine is not taken."""
    values = as_mapping(text, f"of {target}")
    recipe = parse_recipe(without_places(text), f"of {target}", overrides, **settings)
    instead = {
        f"data.{name}" for name, value in recipe.data if value != DataSettings.model_fields[name].default
    }
    named = {place: value for place, value in places_of_videos(values) if place not in instead}
    if "data.root" in named and SOURCES.get(recipe.data.set).made is None:
        raise UsageError(
            f"recipe of {target}: its data.root is a folder of its author's machine and is not taken; add "
            f"data.root=FOLDER, where the videos of '{recipe.data.set}' are here"
        )
    if named:
        _LOG.warning(
            "The set %s says where its author kept videos (%s): that is not taken.", target, ", ".join(named)
        )
    return recipe
