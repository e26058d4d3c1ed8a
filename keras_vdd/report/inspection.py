"""What a distilled set, a run folder or a decoded store holds, as plain values."""

import os
from pathlib import Path
from typing import Any

from keras_vdd.data.store import open_store
from keras_vdd.data.store.reader import FRAMES_FILES, INDEX_FILE
from keras_vdd.data.store.summary import store_summary
from keras_vdd.errors import UsageError, VddError
from keras_vdd.hub.address import set_folder
from keras_vdd.hub.load import load
from keras_vdd.report.contact_sheet import contact_sheet
from keras_vdd.report.set_facts import animate_set, draw_set, set_facts
from keras_vdd.report.strips import save_png
from keras_vdd.runs.environment import begun_with, environment_in, recipe_of
from keras_vdd.runs.places import is_run
from keras_vdd.tensors import File


def inspect(target: File, picture: File | None = None, gif: File | None = None) -> dict[str, Any]:
    """Say what a distilled set, a run folder or a decoded store holds.

    Args:
        target: path of an exported set, of a run folder or of a store, or a repository on the Hub as
            `keras_vdd.load` takes it.
        picture: path of a `.png` file, for a line of frames of each class of a set or of a store.
        gif: path of a `.gif` or `.webp` file, for an endless animation of a video of each class of a set.

    Returns:
        dict of plain values. Its `kind` is "run" (with `recipe`, `method`, `set`, `environment` and, if there is
        one, the `distilled` set), "store" (with what each split holds), or the kind of memory of a set (with
        `classes`, `videos`, `frames`, `size`, `shapes` of the arrays, `dtype`, `bytes`, `stored_bytes` of data files,
        `mean`, `std`, and what its side files say: `license`, `source`, `recipe`, `results`, `provenance`).

    Raises:
        VddError: there is nothing, or it is damaged.
        UsageError: the picture is no `.png`, the animation no `.gif` or `.webp`, or of which store or set they
            should be is unclear.

    Example:
        >>> keras_vdd.inspect("runs/quickstart")["distilled"]["bytes"]
    """
    if picture is not None and Path(picture).suffix != ".png":
        raise UsageError(f"the picture {picture} must end in .png")
    if gif is not None and Path(gif).suffix not in (".gif", ".webp"):
        raise UsageError(f"the animation {gif} must end in .gif or .webp")
    path = Path(target)
    if folders := _stores(path):
        if gif is not None:
            raise UsageError(
                "an animation is of a distilled set, and a store has none: leave out gif (--gif)"
            )
        return _of_stores(folders, picture)
    return _of_run(path, picture, gif) if is_run(path) else _of_set(target, picture, gif)


def _stores(path):
    """Return the folders of decoded splits at or under a folder: a split, a set's store, or all stores."""
    folders = (path, *sorted(path.glob("*")), *sorted(path.glob("*/*")))
    names = FRAMES_FILES.values()
    return [f for f in folders if (f / INDEX_FILE).is_file() and any((f / name).is_file() for name in names)]


def _of_stores(folders, picture):
    stores = {folder: open_store(folder) for folder in folders}
    facts = {"kind": "store", **{str(folder): store_summary(store) for folder, store in stores.items()}}
    if picture is None:
        return facts
    sets = sorted({str(folder.parent) for folder in folders})
    if len(sets) > 1:
        which = ", ".join(sets)
        raise UsageError(f"a picture is of one set, and here are {len(sets)}: give one of {which}")
    # The training split first: that is what one wants to see.
    save_png(contact_sheet(sorted(stores.values(), key=lambda s: s.split != "train")), picture)
    return {**facts, "picture": os.fspath(picture)}


def _of_run(folder, picture, gif):
    recipe = recipe_of(folder)
    facts = {"kind": "run", "recipe": recipe.name, "method": recipe.method, "set": recipe.data.set}
    facts["environment"] = environment_in(begun_with(folder))
    if (folder / "distilled").is_dir():
        facts["distilled"] = _of_set(folder, picture, gif)
    elif picture is not None or gif is not None:
        raise VddError(f"{folder} has no distilled set to draw yet")
    return facts


def _of_set(target, picture, gif):
    distilled = load(set_folder(target))
    facts = set_facts(distilled)
    if picture is not None:
        facts |= draw_set(distilled, picture)
    if gif is not None:
        facts |= animate_set(distilled, gif)
    return facts
