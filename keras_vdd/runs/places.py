"""Where a run lies, and from whatever working directory the folders that its recipe names by relative paths."""

import os
import pathlib
from collections.abc import Iterator

from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.places import PLACES
from keras_vdd.recipe.schema import Recipe
from keras_vdd.tensors import File

RUN_EXPORT = "distilled"


def is_run(path: File) -> bool:
    """Return whether a folder is a run's."""
    folder = pathlib.Path(os.path.expanduser(path))
    return (folder / "recipe.yaml").is_file() and (folder / "environment.json").is_file()


def run_at(path: File) -> pathlib.Path | None:
    """Return the run that a path names by its folder or by the set in it; None where it is neither."""
    folder = pathlib.Path(os.path.expanduser(path))
    if is_run(folder):
        return folder
    around = pathlib.Path(os.path.realpath(folder))
    return around.parent if around.name == RUN_EXPORT and is_run(around.parent) else None


def from_here(recipe: Recipe, folder: pathlib.Path, begun_in: object) -> Recipe:
    """Return the recipe of the run in `folder` with its relative places as they are reached from here.

    They are looked for where the run lies, for a run that was moved with all around it; then where it was begun, for
    one that was moved alone; then here. What is in none of these places stays as it is written.

    Args:
        recipe: `Recipe` as the run keeps it.
        folder: of the run.
        begun_in: str, the working directory that it was begun in; of another type where it is not known.
    """
    bases = [*_around(recipe, folder), *([pathlib.Path(begun_in)] if isinstance(begun_in, str) else [])]
    found = {}
    for place in PLACES:
        section, name = place.split(".")
        value = getattr(getattr(recipe, section), name, None)
        if place == "run.dir" or not value or os.path.isabs(value) or value.startswith("hf://"):
            continue
        base = next((base for base in bases if (base / value).exists()), None)
        if base is not None and not base.samefile("."):
            found[place] = os.fspath(base / value)
    return load_recipe(recipe, found) if found else recipe


def _around(recipe: Recipe, folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield the working directory in which a run of this recipe makes this folder."""
    made = pathlib.Path(recipe.run.dir, recipe.run_name).parts
    parts = folder.absolute().parts
    if ".." not in made and parts[-len(made) :] == made:
        yield pathlib.Path(*parts[: -len(made)])
