"""Real data of a step: which videos of each class, and their pixels as the networks see them."""

import numpy as np
from keras import ops

from keras_vdd.data.clips import choose_videos


def choose_by_class(store, per_class, rng):
    """Draw videos of every class, each once before any comes again.

    Args:
        store: `keras_vdd.data.store.Store`.
        per_class: int.
        rng: `numpy.random.Generator`.

    Returns:
        int64 (classes, per_class), row numbers of the store.
    """
    return np.stack([choose_videos(rows, per_class, rng) for rows in store.by_class()])


def on_device(frames, classes, mean, std):
    """Normalise raw frames on the device: they travel there as bytes.

    Args:
        frames: uint8 tensor (classes, n, ..., 3).
        classes: int; restores the first dimension, which a compiled `fit` may not know.
        mean, std: 3 floats each, of pixels scaled to 0..1.

    Returns:
        float32 tensor of the same shape.
    """
    frames = ops.reshape(frames, (classes, *frames.shape[1:]))
    scale = (1 / (255 * np.asarray(std))).astype("float32")
    shift = (-np.asarray(mean) / np.asarray(std)).astype("float32")
    # Arrays of numpy's own meet no tensor of another device.
    return ops.cast(frames, "float32") * ops.convert_to_tensor(scale) + ops.convert_to_tensor(shift)
