"""The clips that a classifier is tested on, for `model.evaluate`."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import os
from typing import Any

from keras_vdd.evaluation.clip_batches import ClipBatches
from keras_vdd.evaluation.scoring import test_clips_of
from keras_vdd.hub.target import recipe_at
from keras_vdd.pipeline import AnyProgress, AnyRecipe
from keras_vdd.progress import listener
from keras_vdd.recipe.load import load_recipe
from keras_vdd.stages.real_videos import stores_of


def test_clips(
    recipe: AnyRecipe, clips: int | None = None, pixels: bool = False, progress: AnyProgress = None, **settings: Any
) -> ClipBatches:  # fmt: skip
    """Return the real test clips of a recipe as a `keras.utils.PyDataset`, for `model.evaluate`.

    They are the clips that `keras_vdd.evaluate` tests on, in the same batches of about 64 clips of all classes. Videos
    that are not decoded yet are decoded first, into the recipe's store.

    Args:
        recipe: a `Recipe`, or what `keras_vdd.load_recipe` makes one of: a name, a path or a mapping. Of a recipe that
            lies in a set which somebody else made, the folders that it names are not taken: give `data.root`.
        clips: int, random clips of each test video; None for the recipe's own number (`evaluation.test_clips`).
        pixels: give pixels, 0 to 255, as a classifier that `keras_vdd.train` saved takes them, in place of videos
            normalised by the recipe's `data.mean` and `data.std`, as those of a distilled set are.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        **settings: laid over the recipe, such as `**{"data.root": "UCF101"}`.

    Returns:
        `PyDataset` of (videos, labels): float32 (n, frames, size, size, 3) and int32 (n,). It has `class_names`, a
        tuple of str, and `labels`, int32, those of all clips in order.

    Raises:
        UsageError: `clips` is no whole number above 0; or the recipe is unknown or wrong.
        VddError: the videos are not as the recipe says, or do not fit on the disk.

    Example:
        >>> model.evaluate(keras_vdd.test_clips("quickstart"))
    """
    if clips is not None:
        settings = {**settings, "evaluation.test_clips": clips}
    if isinstance(recipe, str | os.PathLike):
        recipe = recipe_at(recipe, **settings)
    else:
        recipe = load_recipe(recipe, **settings)
    store = stores_of(recipe, listener(progress), ("test",))["test"]
    return ClipBatches(test_clips_of(recipe, store), tuple(store.class_names), pixels)


# No test of pytest, which would take it for one in a module of tests that imports it.
test_clips.__test__ = False  # type: ignore[attr-defined]
