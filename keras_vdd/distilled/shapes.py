"""What the arrays, names and numbers of a distilled set must be for each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.memory import pairing
from keras_vdd.memory.memory import Items
from keras_vdd.memory.registry import MEMORIES
from keras_vdd.temporal import INTERPOLATIONS, LEARNED, upsampling
from keras_vdd.temporal.key_frames import why_no_moments


def settled(kind: str, given: Mapping[str, np.ndarray | None]) -> dict[str, np.ndarray]:
    """Return the arrays of a kind of memory, as float32, of those that were given by name.

    Raises:
        UsageError: one is missing or superfluous, or has another number of axes.
    """
    memory = MEMORIES.get(kind)
    ranks = {items.array: 2 + len(items.axes) for items in memory.items}
    for items in memory.items:
        if items.moments is not None:
            ranks |= {items.array: 3 + len(items.axes), items.moments: 3}
    ranks |= {shared.array: 1 + len(shared.shape) for shared in memory.shared}
    for name, array in given.items():
        elsewhere = any(name in other.arrays for other in MEMORIES)
        if name not in ranks and (array is not None or not elsewhere):
            raise UsageError(f"A {kind} set has no array {name!r}: leave it None.")
    found = {}
    for name, rank in ranks.items():
        array = given.get(name)
        if array is None:
            raise UsageError(f"A {kind} set needs the array {name!r}, which is None.")
        found[name] = float_array(name, array, rank)
    return found


def check_shapes(distilled: Any) -> None:
    """Check the names, numbers and arrays of a set against each other.

    Raises:
        UsageError: one is not what the others say.
    """
    classes, frames = len(distilled.class_names), distilled.frames
    if not classes or len(set(distilled.class_names)) != classes or "" in distilled.class_names:
        raise UsageError(
            "A distilled set needs at least one class name, no name twice and none that is empty."
        )
    if distilled.interpolation not in (*INTERPOLATIONS, LEARNED):
        known = ", ".join([*INTERPOLATIONS, LEARNED])
        raise UsageError(f"Interpolation {distilled.interpolation!r} is unknown: choose one of {known}.")
    if frames < 1:
        raise UsageError(f"frames={frames} must be at least 1.")
    if len(distilled.mean) != 3 or len(distilled.std) != 3 or min(distilled.std) <= 0:
        raise UsageError(
            f"mean={distilled.mean} and std={distilled.std} must be 3 numbers each, std above 0."
        )
    statics, dynamics = distilled.counts
    expected = {}
    for items in distilled.memory.items:
        of_class = (
            distilled.videos_per_class
            if items.single
            else {"static": statics, "dynamic": dynamics}[items.index]
        )
        several = () if items.moments is None else _most_of_a_slot(distilled, items.moments)
        expected[items.array] = (classes, of_class, *several, *_item_shape(distilled, items))
    for shared in distilled.memory.shared:
        expected[shared.array] = (distilled.integrators, *shared.shape)
    expected["labels"] = (classes, distilled.videos_per_class, classes)
    for name, shape in expected.items():
        array = distilled.labels if name == "labels" else distilled.arrays[name]
        if array is not None and array.shape != shape:
            raise UsageError(f"Array {name!r} has shape {array.shape}; the rest of the set needs {shape}.")
    _check_interpolator(distilled)
    if distilled.integrators > classes:
        raise UsageError(f"{distilled.integrators} integrators are more than the {classes} classes.")
    pairing.memories_per_slot(distilled.videos_per_class, statics, dynamics)


def _most_of_a_slot(distilled: Any, name: str) -> tuple[int]:
    """How many items a slot has at most, whose moments are told by an array of that name."""
    moments = distilled.arrays[name]
    if moments.shape[:2] != (len(distilled.class_names), distilled.videos_per_class):
        raise UsageError(
            f"Array {name!r} has shape {moments.shape}; the rest of the set needs "
            f"{(len(distilled.class_names), distilled.videos_per_class)} and then the most of a video."
        )
    for label, slot in np.ndindex(moments.shape[:2]):
        of_video = moments[label, slot]
        last = int((of_video >= 0).sum())
        if (of_video[last:] != -1).any():
            raise UsageError(f"Array {name!r} has other numbers than -1 past the last of a video.")
        if (reason := why_no_moments(of_video[:last], distilled.frames)) is not None:
            raise UsageError(f"Video {slot} of class {label} {reason}.")
    return (moments.shape[2],)


def _check_interpolator(distilled: Any) -> None:
    whole = (distilled.frames, *distilled.size)
    fewer = [
        distilled.arrays[items.array].shape[2]
        for items in distilled.memory.items
        if "frames" in items.smaller and items.axes[0] == "frames"
        if distilled.arrays[items.array].shape[2] < distilled.frames
    ]
    learned = distilled.interpolation == LEARNED and bool(fewer)
    if distilled.interpolator is not None and not learned:
        raise UsageError(
            f"An interpolator is for a set that stores fewer frames, with interpolation={LEARNED!r}: leave it None."
        )
    for stored in fewer if learned else ():
        upsampling.axis_matrices((stored, *distilled.size), whole, LEARNED, distilled.interpolator)


def _item_shape(distilled: Any, items: Items) -> tuple[int, ...]:
    """What an item's shape must be; where it may be stored small, it may be less than the videos'."""
    found = items.shape_in(distilled.arrays)
    whole = items.whole(distilled.frames, *distilled.size)
    shape = [there if needed is None else needed for there, needed in zip(found, whole, strict=True)]
    if items.enlarged_before is not None:
        shape = [
            min(there, needed) if axis in items.smaller else needed
            for axis, there, needed in zip(items.axes, found, shape, strict=True)
        ]
    return tuple(shape)


def float_array(name: str, array: np.ndarray, rank: int) -> np.ndarray:
    """Return an array as float32.

    Raises:
        UsageError: it is empty or has another number of axes.
    """
    array = np.ascontiguousarray(array, dtype=np.float32)
    if array.ndim != rank or 0 in array.shape:
        raise UsageError(f"Array {name!r} has shape {array.shape}; it needs {rank} axes, none of them empty.")
    return array
