"""What a distilled set is and says of itself, as plain values, and its pictures."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_vdd.cards.preview import set_grid
from keras_vdd.hub.kept import kept_in
from keras_vdd.hub.load import LoadedSet
from keras_vdd.hub.upload import files_of
from keras_vdd.published import schema as vdd
from keras_vdd.report.animation import animate
from keras_vdd.report.strips import save_png
from keras_vdd.tensors import File

ANIMATED_CLASSES = 48


def set_facts(distilled: LoadedSet) -> dict[str, Any]:
    """Return what a set is and what its folder says of it.

    Args:
        distilled: `LoadedSet`.

    Returns:
        dict of plain values: `kind`, `classes`, `videos`, `frames`, `size`, `shapes` of the arrays (with room for the
        most where videos store different numbers of frames, and then `key frames`, how many), `dtype`, `bytes`
        of memories and all that is shared, `interpolator_bytes` among them, `stored_bytes` of the data files, previews
        included, `mean`, `std`, `license`,
        `source`, `recipe` (its name), `results` (rows, each with `method`, `architecture`, `top1` in percent and
        `bytes`) and `provenance`.
        What the folder does not say is None, or of results an empty list.
    """
    folder = Path(distilled.folder)
    arrays = {**distilled.arrays, "labels": distilled.labels}
    kept = kept_in(folder)
    return {
        "kind": distilled.kind,
        "classes": list(distilled.class_names),
        "videos": len(distilled.pairs()),
        "frames": distilled.frames,
        "size": list(distilled.size),
        "shapes": {name: list(array.shape) for name, array in arrays.items() if array is not None},
        **_counts(distilled),
        "dtype": distilled.dtype,
        "bytes": distilled.nbytes(distilled.dtype),
        "interpolator_bytes": 0 if distilled.interpolator is None else distilled.interpolator.nbytes,
        "stored_bytes": sum(files_of(folder / vdd.DATA_FOLDER).values()),
        "mean": list(distilled.mean),
        "std": list(distilled.std),
        "license": kept.license,
        "source": distilled.provenance.get("source"),
        "recipe": distilled.provenance.get("recipe"),
        "results": [_scored(row.to_json()) for row in kept.results.rows] if kept.results else [],
        "provenance": distilled.provenance,
    }


def draw_set(distilled: LoadedSet, picture: File) -> dict[str, str]:
    """Write a line of frames of each class as a `.png` file."""
    save_png(Image.fromarray(set_grid(distilled)), picture)
    return {"picture": os.fspath(picture)}


def animate_set(distilled: LoadedSet, gif: File) -> dict[str, str]:
    """Write the first video of each class, of the first 48, side by side as one endless `.gif` or `.webp` file."""
    pairs = distilled.pairs()
    labels = np.arange(min(distilled.classes, ANIMATED_CLASSES))
    videos = distilled.reconstruct(pairs[np.searchsorted(pairs[:, 0], labels)])
    names = distilled.class_names[: len(labels)]
    animate(videos, names, distilled.mean, distilled.std, gif, columns=min(8, max(4, len(labels) // 4)))
    return {"gif": os.fspath(gif)}


def _counts(distilled: LoadedSet) -> dict[str, dict[str, int]]:
    """How many items are stored where videos have different numbers of them, by noun."""
    found = {}
    for items in distilled.memory.items:
        if items.moments is not None:
            counts = (distilled.arrays[items.moments] >= 0).sum(axis=2)
            numbers = {"stored": counts.sum(), "fewest of a video": counts.min(), "most": counts.max()}
            found[f"{items.noun}s"] = {name: int(number) for name, number in numbers.items()}
    return found


def _scored(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("method", "architecture", "top1", "bytes")}
