"""Exact bytes of what a distilled set stores, and of the real frames it is compared with.

Table 2 of "Dancing with Still Images" (CVPR 2024) compares methods by storage and mixes MB with MiB;
here every figure is a whole number of bytes that follows from the shapes.
"""

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.memory.precision import check_dtype, value_bytes

KINDS = ("static-dynamic", "still", "full-video")


def integrator_parameters(static_channels=3, dynamic_channels=1, window=(3, 3, 3)):
    """Return the number of weights of one integrator: a kernel and a bias, 327 by default."""
    return int(np.prod(window)) * (static_channels + dynamic_channels) * static_channels + static_channels


def static_dynamic_bytes(
    classes, statics_per_class, dynamics_per_class, frames, height, width, integrators=1, dtype="float32",
    dynamic_frames=None, dynamic_size=None,
):  # fmt: skip
    """Return the bytes of static memories, dynamic memories and integrators.

    `itemsize * (classes * SPC * H * W * 3 + classes * DPC * T * H * W) + 4 * I * parameters`: memories are
    stored as `dtype`, integrators as float32 always. int8 adds 4 a still and a motion clip, their scales.
    Motion stored at `dynamic_frames` frames of side `dynamic_size` counts as it is stored.
    """
    check_dtype(dtype, "static-dynamic" if dynamics_per_class else "still")
    static = classes * statics_per_class * height * width * 3
    area = height * width if dynamic_size is None else dynamic_size**2
    dynamic = classes * dynamics_per_class * (frames if dynamic_frames is None else dynamic_frames) * area
    items = classes * (statics_per_class + dynamics_per_class)
    return value_bytes(dtype, static + dynamic, items) + 4 * integrators * integrator_parameters()


def memory_bytes(
    kind, classes, videos_per_class, statics_per_class, dynamics_per_class, frames, height, width,
    integrators=1, dtype="float32", dynamic_frames=None, dynamic_size=None,
):  # fmt: skip
    """Return the bytes of a memory of `kind`; counts that the kind does not have are not looked at.

    A still memory holds `statics_per_class` stills and no integrator; a full-video memory holds
    `videos_per_class` videos of `frames` frames.

    Raises:
        UsageError: `kind` is none of `KINDS`, or not one that `dtype` can store.
    """
    if kind == "static-dynamic":
        return static_dynamic_bytes(
            classes, statics_per_class, dynamics_per_class, frames, height, width, integrators,
            check_dtype(dtype, kind), dynamic_frames, dynamic_size,
        )  # fmt: skip
    if kind == "still":
        return static_dynamic_bytes(classes, statics_per_class, 0, frames, height, width, 0, dtype)
    if kind == "full-video":
        videos = classes * videos_per_class
        return value_bytes(dtype, videos * frames * height * width * 3, videos)
    raise UsageError(f"Memory kind {kind!r} is unknown: choose one of {', '.join(KINDS)}.")


def label_bytes(classes, videos_per_class):
    """Return the bytes of learned labels: one float32 row of `classes` numbers for each video."""
    return 4 * classes * videos_per_class * classes


def stored_bytes(distilled, dtype="float32"):
    """Return the bytes of a `DistilledSet` as exported: memories as `dtype`, the rest as float32.

    The rest is the integrators' kernels and biases, the scales of int8 and, where there are any, learned
    labels. Class names, the recipe and the card are not counted, as the real set's are not.
    """
    check_dtype(dtype, distilled.kind)
    memories = (distilled.static, distilled.dynamic, distilled.video)
    items = sum(array.shape[0] * array.shape[1] for array in memories if array is not None)
    others = (distilled.kernels, distilled.biases, distilled.labels)
    return value_bytes(dtype, _numbers(memories), items) + 4 * _numbers(others)


def real_clip_bytes(frames, height, width):
    """Return the bytes of a real RGB clip as decoded, one byte a value."""
    return frames * height * width * 3


def real_still_bytes(height, width):
    """Return the bytes of a real RGB frame as decoded, one byte a value."""
    return height * width * 3


def _numbers(arrays):
    return sum(int(array.size) for array in arrays if array is not None)
