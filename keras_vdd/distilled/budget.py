"""Exact bytes of what a distilled set stores, and of the real frames it is compared with.

Table 2 of "Dancing with Still Images" (CVPR 2024) compares methods by storage and mixes MB with MiB;
here every figure is a whole number of bytes that follows from the shapes.
"""

import math

from keras_vdd.memory.registry import MEMORIES
from keras_vdd.storage.storage_types import STORAGE_TYPES, check_dtype

MOMENT_BYTES = 4
"""Of the moment of a key frame, an int32."""


def memory_bytes(settings, classes, frames, size, dtype="float32", grown=False):
    """Return the bytes of a memory before it is made; learned labels and an interpolator are not among them.

    Args:
        settings: `MemorySettings`.
        classes: int.
        frames, size: int, of a video.
        dtype: what items are stored as, scales included; shared weights are float32 always.
        grown: whether they are those of the most that a memory which grows during learning may come to have.

    Raises:
        UsageError: a memory of this kind cannot be stored as `dtype`.
    """
    memory = MEMORIES.get(settings.kind)
    shapes = memory.most_shapes if grown and memory.most_shapes is not None else memory.shapes
    return _bytes(memory, shapes(settings, classes, frames, size), dtype)


def label_bytes(classes, videos_per_class):
    """Return the bytes of learned labels: one float32 row of `classes` numbers for each video."""
    return 4 * classes * videos_per_class * classes


def stored_bytes(distilled, dtype="float32"):
    """Return the bytes of a `DistilledSet` as exported: memories as `dtype`, the rest as float32.

    The rest is the integrators' kernels and biases and, where there are any, learned labels and an interpolator; scales
    count, and so do the moments of key frames, 4 bytes each. Class names, the recipe and the card are not counted, as
    the real set's are not.
    """
    labels = 0 if distilled.labels is None else 4 * int(distilled.labels.size)
    interpolator = 0 if distilled.interpolator is None else distilled.interpolator.nbytes
    return _bytes(MEMORIES.get(distilled.kind), distilled.arrays, dtype) + labels + interpolator


def real_clip_bytes(frames, height, width):
    """Return the bytes of a real RGB clip as decoded, one byte a value."""
    return frames * height * width * 3


def real_still_bytes(height, width):
    """Return the bytes of a real RGB frame as decoded, one byte a value."""
    return height * width * 3


def _bytes(memory, arrays, dtype):
    """Bytes of arrays by name, or of their shapes."""
    kind = STORAGE_TYPES[check_dtype(dtype, memory)]
    stored = 0
    for items in memory.items:
        each = kind.nbytes(items.shape_in(arrays)) + (0 if items.moments is None else MOMENT_BYTES)
        stored += items.count_in(arrays) * each
    shared = [getattr(arrays[one.array], "shape", arrays[one.array]) for one in memory.shared]
    return stored + 4 * sum(math.prod(shape) for shape in shared)
