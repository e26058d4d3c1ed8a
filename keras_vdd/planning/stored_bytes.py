"""Exact shapes and bytes of what a recipe stores, without Keras and without the videos."""

import itertools
from typing import Any

from keras_vdd.distilled.budget import label_bytes, memory_bytes, real_clip_bytes
from keras_vdd.recipe.schema import Recipe


def shapes(recipe: Recipe, classes: int) -> dict[str, list[int]]:
    """Return {name: shape} of all that a recipe stores."""
    data, memory, settings = recipe.data, recipe.memory_kind, recipe.memory
    if recipe.method == "full":
        return {}
    stored = memory.shapes(settings, classes, data.frames, data.size)
    found = {items.array: [*stored[items.array]] for items in memory.items}
    found |= {items.moments: [*stored[items.moments]] for items in memory.items if items.moments is not None}
    if memory.shared:
        found[memory.shared_noun] = [stored[memory.shared[0].array][0], memory.shared_numbers]
    if recipe.needs_interpolator:
        found["interpolator"] = [interpolator_bytes(recipe) // 4]
    if learns_labels(recipe):
        found["labels"] = [classes, settings.videos_per_class, classes]
    return found


def stored(recipe: Recipe, classes: int) -> dict[str, int | str]:
    """Return the exact bytes of what a recipe stores, and of one real clip to compare with, as a dict."""
    data, dtype = recipe.data, recipe.export.dtype
    clip = {"real clip, one byte a value": real_clip_bytes(data.frames, data.size, data.size)}
    if recipe.method == "full":
        return clip
    labels = label_bytes(classes, recipe.memory.videos_per_class) if learns_labels(recipe) else 0
    interpolator = interpolator_bytes(recipe)
    beside = labels + interpolator
    found = {"distilled": in_memory(recipe, classes, dtype) + beside, "dtype": dtype}
    if recipe.memory_kind.most_shapes is not None:
        found["distilled, at most"] = in_memory(recipe, classes, dtype, grown=True) + beside
    if dtype != "float32":
        found["distilled, were it float32"] = in_memory(recipe, classes, "float32") + beside
    if interpolator:
        found["interpolator among them"] = interpolator
    if labels:
        found["labels among them"] = labels
    return {**found, **clip}


def in_memory(recipe: Recipe, classes: int, dtype: str, grown: bool = False) -> int:
    """Return the exact bytes of a recipe's memory as `dtype`, learned labels and an interpolator not among them.

    Of one that grows during learning they are those at its start, or with `grown` the most that they may become.
    """
    data = recipe.data
    return memory_bytes(recipe.memory, classes, data.frames, data.size, dtype, grown)


def interpolator_bytes(recipe: Recipe) -> int:
    """Return the bytes of the interpolator that a recipe's set stores, float32; 0 where it needs none."""
    if not recipe.needs_interpolator:
        return 0
    settings: Any = recipe.interpolator
    return int(settings.architecture(recipe.memory, recipe.data).nbytes)


def counts(recipe: Recipe, classes: int) -> tuple[int, int]:
    """Return (statics, dynamics) of a class that videos are made of, as `Memory.counts` does."""
    memory, data = recipe.memory_kind, recipe.data
    shapes = memory.shapes(recipe.memory, classes, data.frames, data.size)
    return memory.counts(shapes, recipe.memory.videos_per_class)


def learns_labels(recipe: Recipe) -> bool:
    """Return whether the labels are learned with the videos."""
    dynamic = recipe.dynamic
    return dynamic is not None and "labels" in recipe.loss_of("dynamic").learned(dynamic)


def expert_bytes(recipe: Recipe, classes: int) -> int | None:
    """Return the bytes that a recipe's experts take on disk: every snapshot of each, float32.

    None where it has none, or where their network is not one whose weights are counted here.
    """
    stage, experts = recipe.dynamic, recipe.experts
    if stage is None or experts is None or stage.network != "mini_c3d":
        return None
    snapshots = experts.count * (recipe.expert_epochs + 1)
    return 4 * snapshots * mini_c3d_parameters(classes, stage.width, stage.stem)


def mini_c3d_parameters(classes: int, width: int = 128, stem: int = 64) -> int:
    """Return the number of weights of a MiniC3D: three convolutions (3, 7, 7) and a head, with biases."""
    channels = (3, stem, width, width)
    hidden = sum(3 * 7 * 7 * below * above + above for below, above in itertools.pairwise(channels))
    return hidden + (width + 1) * classes
