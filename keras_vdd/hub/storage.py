"""Memories as the numbers that files hold, in each storage type, and back.

float32, float16  the values
int8              levels, and a float32 scale for each item (a still, a motion clip, a video):
                  value = level * scale
uint8             pixels: value = (pixel / 255 - mean) / std; real frames come back exactly
"""

import math

import numpy as np

from keras_vdd.data.normalise import denormalise, normalise
from keras_vdd.memory.precision import SCALE_BYTES, quantise, value_bytes

SCALE_SUFFIX = "_scale"


def scale_column(column):
    """Return the name of the column that holds the scales of a memory column of int8."""
    return column + SCALE_SUFFIX


def encode(items, config):
    """Return what is stored of memory items.

    Args:
        items: float32 (n, ...).
        config: `RowConfig`, of which `dtype`, `mean` and `std` count.

    Returns:
        (values, scales): an array like `items` of the storage type; float32 (n,), None but for int8.
    """
    if config.dtype == "int8":
        levels, scales = quantise(items)
        return levels.astype(np.int8), scales.reshape(-1)
    if config.dtype == "uint8":
        return denormalise(items, config.mean, config.std), None
    return items.astype(config.dtype), None


def decode(values, scales, config):
    """Return memory items, float32 (n, ...), of what `encode` gave."""
    if config.dtype == "int8":
        scales = np.asarray(scales, np.float32).reshape(-1, *[1] * (values.ndim - 1))
        return values.astype(np.float32) * scales
    if config.dtype == "uint8":
        return normalise(values, config.mean, config.std)
    return values.astype(np.float32)


def to_bytes(values, scale):
    """Return one stored item as bytes; the scale of int8 goes first."""
    head = b"" if scale is None else np.float32(scale).tobytes()
    return head + values.tobytes()


def stored_bytes(shape, config):
    """Return how many bytes `to_bytes` gives of an item of a shape."""
    return value_bytes(config.dtype, math.prod(shape), 1)


def from_bytes(blob, shape, config):
    """Return one memory item, float32 of `shape`, of what `to_bytes` gave."""
    scales = None
    if config.dtype == "int8":
        scales, blob = np.frombuffer(blob[:SCALE_BYTES], np.float32), blob[SCALE_BYTES:]
    return decode(np.frombuffer(blob, config.dtype).reshape(1, *shape), scales, config)[0]


def stored_as(column, config):
    """Return (numpy type, shape) of one row's cell of a memory column, as files hold it."""
    return np.dtype(config.dtype), config.shape_of(column)


def scales_of(column, config):
    """Return how many scales a row has for a memory column; 0 for a type without any."""
    return config.items_of(column) if config.dtype == "int8" else 0


def many_to_bytes(values, scales):
    """Return stored items (n, ...) and their scales (n,), or None, as `to_bytes` gives each: uint8 (n, bytes)."""
    parts = [] if scales is None else [np.ascontiguousarray(scales, np.float32).reshape(len(values), -1)]
    parts = [part.view(np.uint8) for part in (*parts, np.ascontiguousarray(values).reshape(len(values), -1))]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
