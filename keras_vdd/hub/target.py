"""From what a user points at, a run folder, an exported set or a Hub repository, to the set and its recipe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_vdd.errors import UsageError
from keras_vdd.hub.address import is_run, repository_at, set_folder
from keras_vdd.hub.load import load
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.overrides import Overrides
from keras_vdd.recipe.places import without_places
from keras_vdd.recipe.schema import Recipe
from keras_vdd.runs.environment import recipe_of
from keras_vdd.tensors import File


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
    if repository_at(target) is not None:
        text = without_places(text)  # what others name is no place for reading and writing here
    return Target(folder, parse_recipe(text, f"of {target}", overrides, **settings))
