"""Memory items rounded to levels, as int8 and int4 store them and as training sees them: one rule for numpy and Keras.

value = level * scale. int8 has 127 levels each side of zero and a float32 scale for each memory item (one still, one
motion clip, one video). int4 has 7 and a scale for each 64 values of an item, in the order of its axes, the last row of
them shorter; that scale is a number that float16 holds. The straight-through estimator (Bengio, Leonard and Courville,
arXiv 1308.3432) shows training the rounded values and passes their gradient on to the unrounded ones.
"""

import math

import numpy as np

from keras_vdd.storage.levels import RULES

# 2 ** 13: what lies between the 24 bits that a float32 has of a number and the 11 of a float16.
SPLIT = 8192.0


def quantise(items, dtype="int8", functions=np):
    """Round memory items to levels.

    Every step is one that all backends and numpy round alike on a CPU, compiled or not: a compiler may
    turn a division by a constant or by one number for many into a product, so there is none.

    Args:
        items: float32 (n, ...), an array or a tensor.
        dtype: "int8" or "int4".
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        (levels, scales): whole numbers as float32 (n, rows, values), the values that share a scale in a row, and past
        the end of an item zeros; float32 (n, rows, 1). A row of zeros has scale 0.
    """
    rule = RULES[dtype]
    where = functions.where
    rows = _rows(items, rule, functions)
    largest = functions.max(functions.abs(rows), axis=2, keepdims=True)
    one = functions.ones_like(largest)
    scales = largest / where(largest > 0, rule.levels * one, one)
    if rule.scale == "float16":
        scales = where(largest > 0, _as_float16(scales, one, functions), scales)
    step = where(scales > 0, scales, one)
    near = functions.round(rows * (one / step))
    # The reciprocal may be a unit off in its last place: products with the step decide what lies where.
    levels = where(rows >= (near + 0.5) * step, near + 1, where(rows < (near - 0.5) * step, near - 1, near))
    return levels, scales


def dequantise(levels, scales, shape, functions=np):
    """Return items, float32 (n, *shape), of what `quantise` gives of them."""
    flat = functions.reshape(levels * scales, (-1, math.prod(levels.shape[1:])))
    return functions.reshape(flat[:, : math.prod(shape)], (-1, *shape))


def quantised(memories, dtype="int8"):
    """Return memories, float32 (classes, items, ...), with each item rounded to its levels."""
    items = np.asarray(memories, np.float32).reshape(-1, *memories.shape[2:])
    return dequantise(*quantise(items, dtype), items.shape[1:]).reshape(memories.shape)


def straight_through(items, dtype="int8"):
    """Return items, a float32 tensor (n, ...), rounded to their levels; the gradient is that of `items`."""
    from keras import ops

    constant = ops.stop_gradient(items)
    rounded = dequantise(*quantise(constant, dtype, ops), items.shape[1:], ops)
    # Zero is added, and not a difference to the items: the sum is the rounded value to the last bit.
    return ops.stop_gradient(rounded) + (items - constant)


def _rows(items, rule, functions):
    """Items (n, ...) as rows of the values that share a scale, (n, rows, values), filled up with zeros."""
    shape = items.shape[1:]
    size = math.prod(shape)
    width = rule.group or size
    rows = math.ceil(size / width) if size else 1
    flat = functions.reshape(items, (-1, size))
    if rows * width > size:
        flat = functions.pad(flat, ((0, 0), (0, rows * width - size)))
    return functions.reshape(flat, (-1, rows, width))


def _as_float16(scales, one, functions):
    """Round scales to numbers that float16 holds, by Veltkamp's split (Dekker 1971), and to no less than its least
    normal one: a compiler may leave a cast to float16 and back out."""
    many = scales * SPLIT + scales
    near = many - (many - scales)
    least = 2.0**-14 * one
    return functions.where(near < least, least, near)
