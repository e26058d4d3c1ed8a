"""From what a user points at, a run folder or an exported set, to the set and the recipe behind it."""

from dataclasses import dataclass
from pathlib import Path

from keras_vdd.errors import UsageError, VddError
from keras_vdd.recipe.schema import Recipe


@dataclass(frozen=True)
class Located:
    """A distilled set on disk and the recipe to test it by."""

    folder: str
    recipe: Recipe


def is_run(path):
    """Return whether a folder is a run's."""
    return (Path(path) / "recipe.yaml").is_file() and (Path(path) / "environment.json").is_file()


def set_folder(path):
    """Return the folder of the distilled set that `path`, a run or an export, holds.

    Raises:
        VddError: there is none.
    """
    folder = Path(path)
    if not folder.exists():
        raise VddError(f"{path} does not exist; give a run folder or an exported set")
    if not folder.is_dir():
        raise UsageError(f"{path} is a file; give a run folder or an exported set")
    if not is_run(folder):
        return str(folder)
    if not (folder / "distilled").is_dir():
        raise VddError(f"{path} has no distilled set yet; the `vdd distill` that began it goes on with it")
    return str(folder / "distilled")


def located(path, asked):
    """Return the distilled set that `path` holds and its recipe, under the overrides `asked` for."""
    folder = set_folder(path)
    if asked.recipe:
        return Located(folder, asked.load())
    if is_run(path):
        source = Path(path) / "recipe.yaml"
        return Located(folder, asked.load_or(source.read_text(encoding="utf-8"), str(source)))
    from keras_vdd.hub.load import load

    text = load(folder).recipe
    if not text:
        raise UsageError(f"{path} does not say what recipe made it; name one with --recipe")
    return Located(folder, asked.load_or(text, f"of {path}"))
