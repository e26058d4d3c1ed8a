"""Memories as the columns and the bytes that published files hold; `keras_vdd.storage` has the storage types."""

import math
from typing import NamedTuple

import numpy as np

from keras_vdd.storage.storage_types import STORAGE_TYPES

SCALE_SUFFIX = "_scale"
MOMENT = "int32"


class Cell(NamedTuple):
    """What a row holds in a column of numbers: the name of its numpy type, and its shape.

    The first axis is None where each row has as many items as it has moments of them.
    """

    dtype: str
    shape: tuple


def scale_column(column):
    """Return the name of the column that holds the scales of a memory column, where its type has any."""
    return column + SCALE_SUFFIX


def cells_of(column, config):
    """Return the `Cell` of a memory column, of its scales and of its moments, by name; those only where it has any.

    Args:
        column: str, of the kind of memory.
        config: `RowConfig`.
    """
    kind, shape, count = _kind(config), config.item_shape(column), config.items_of(column)
    stored, scales = kind.shape(shape), kind.scale_shape(shape)
    moments = config.memory.column(column).moments
    # An item that a slot has alone has its own axes; `datasets` has no column of arrays with fewer than two.
    alone = config.memory.column(column).single and len(stored) > 1 and moments is None
    cells = {column: Cell(kind.number, stored if alone else (count, *stored))}
    if scales is not None:
        cells[scale_column(column)] = Cell(kind.scale, (count, *scales))
    if moments is not None:
        cells[moments] = Cell(MOMENT, (None,))
    return cells


def encode(items, config):
    """Return what is stored of memory items.

    Args:
        items: float32 (n, ...).
        config: `RowConfig`, of which `dtype`, `mean` and `std` count.

    Returns:
        (values, scales) as `StorageType.encode` gives them; scales None where the type has none.
    """
    return _kind(config).encode(items, config.mean, config.std)


def fits(values, scales, config):
    """Return whether `encode` can have given these."""
    return _kind(config).fits(values, scales)


def decode(values, scales, shape, config):
    """Return memory items, float32 (n, *shape), of what `encode` gave; the order of numbers counts, not axes."""
    return _kind(config).decode(values, scales, shape, config.mean, config.std)


def to_bytes(values, scales):
    """Return one stored item as bytes; its scales, if any, go first."""
    return (b"" if scales is None else scales.tobytes()) + values.tobytes()


def many_to_bytes(values, scales):
    """Return stored items (n, ...) and their scales (n, ...), or None, as `to_bytes` gives each: uint8 (n, bytes)."""
    parts = [
        np.ascontiguousarray(part).reshape(len(values), -1) for part in (scales, values) if part is not None
    ]
    parts = [part.view(np.uint8) for part in parts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def several_to_bytes(moments, values, scales):
    """Return the items that a slot has at moments (n,) as bytes: the moments, and then as `to_bytes` gives all."""
    return moments.tobytes() + to_bytes(values, scales)


def several_from_bytes(blob, shape, config):
    """Return (moments int32 (n,), items float32 (n, *shape)) of what `several_to_bytes` gave."""
    kind, count = _kind(config), len(blob) // (stored_bytes(shape, config) + np.dtype(MOMENT).itemsize)
    moments = np.frombuffer(blob, MOMENT, count)
    blob, scales = memoryview(blob)[moments.nbytes :], None
    if kind.scale is not None:
        scales = np.frombuffer(blob, kind.scale, count * math.prod(kind.scale_shape(shape))).reshape(
            count, -1
        )
        blob = blob[scales.nbytes :]
    return moments, decode(np.frombuffer(blob, kind.number).reshape(count, -1), scales, shape, config)


def padded(several, value):
    """Return arrays (n, ...) of different n as one, float32 (arrays, most, ...), a value past the last of each."""
    most = max(map(len, several))
    whole = np.full((len(several), most, *several[0].shape[1:]), value, np.float32)
    for place, each in enumerate(several):
        whole[place, : len(each)] = each
    return whole


def stored_bytes(shape, config):
    """Return how many bytes `to_bytes` gives of an item of a shape."""
    return _kind(config).nbytes(shape)


def from_bytes(blob, shape, config):
    """Return one memory item, float32 of `shape`, of what `to_bytes` gave; it may be a view of the blob."""
    kind, scales = _kind(config), None
    if kind.scale is not None:
        count = math.prod(kind.scale_shape(shape))
        scales = np.frombuffer(blob, kind.scale, count)
        blob = memoryview(blob)[scales.nbytes :]
    return decode(np.frombuffer(blob, kind.number), scales, shape, config)[0]


def _kind(config):
    return STORAGE_TYPES[config.dtype]
