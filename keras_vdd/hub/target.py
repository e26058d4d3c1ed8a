"""From what a user points at, a run folder, an exported set or a Hub repository, to the set and its recipe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_vdd.errors import UsageError, VddError
from keras_vdd.hub.load import REPOSITORY, RUN_EXPORT, load
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.overrides import Overrides
from keras_vdd.recipe.schema import Recipe
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
        target: path of a run folder or of an exported set, or the id `owner/name` of a Hub repository.
        recipe: name or path of a recipe, a mapping or a `Recipe`; None for the one that the set was made with.
        overrides, **settings: laid over it, as `keras_vdd.load_recipe` takes them.

    Raises:
        VddError: there is nothing, or no set yet.
        UsageError: the target is a file, or says no recipe and none is given.
    """
    folder = set_folder(target)
    if recipe is not None:
        return Target(folder, load_recipe(recipe, overrides, **settings))
    if is_run(target):
        return Target(folder, load_recipe(Path(target) / "recipe.yaml", overrides, **settings))
    text = load(folder).recipe
    if not text:
        raise UsageError(f"{target} does not say what recipe made it; name one with --recipe (recipe=...)")
    return Target(folder, parse_recipe(text, f"of {target}", overrides, **settings))


def is_run(path: File) -> bool:
    """Return whether a folder is a run's."""
    return (Path(path) / "recipe.yaml").is_file() and (Path(path) / "environment.json").is_file()


def set_folder(target: File) -> str:
    """Return the folder of the distilled set that `target`, a run, an export or a Hub repository, holds.

    Raises:
        VddError: there is none.
        UsageError: it is a file, or the Hub does not give it.
    """
    folder = Path(target)
    if not folder.exists():
        # What lies beside nothing on this disk may be a name on the Hub; `runs/quikstart` is a slip.
        if REPOSITORY.fullmatch(str(target)) and not folder.parent.exists():
            return load(target).folder
        raise VddError(f"{target} does not exist; give a run folder or an exported set")
    if not folder.is_dir():
        raise UsageError(f"{target} is a file; give a run folder or an exported set")
    if not is_run(folder):
        return str(folder)
    if not (folder / RUN_EXPORT).is_dir():
        raise VddError(f"{target} has no distilled set yet; the `vdd distill` that began it goes on with it")
    return str(folder / RUN_EXPORT)
