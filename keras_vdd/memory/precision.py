"""Storage types of memories, and int8 that training itself sees; one rule for numpy and Keras.

int8 keeps 127 levels each side of zero and a scale of its own for each memory item (one still, one
motion clip, one video): value = level * scale, scale = max |x| / 127. The straight-through estimator
(Bengio, Leonard and Courville, arXiv 1308.3432) shows training the rounded values and passes their
gradient on to the unrounded ones.
"""

import numpy as np

from keras_vdd.errors import UsageError

DTYPES = ("float32", "float16", "int8", "uint8")
LEVELS = 127
SCALE_BYTES = 4


def check_dtype(dtype, memory=None):
    """Return the name of a storage type, or refuse it.

    Args:
        dtype: "float32"; "float16"; "int8", levels and a float32 scale an item; "uint8", pixels.
        memory: `keras_vdd.memory.Memory` that is to be stored, None if it does not matter.

    Raises:
        UsageError: there is no such type, or the memory cannot be stored so.
    """
    if str(dtype) not in DTYPES:
        raise UsageError(f"Storage type {dtype!r} is unknown: choose one of {', '.join(DTYPES)}.")
    if str(dtype) == "uint8" and memory is not None and not memory.pixels:
        raise UsageError(
            f"A {memory.kind} memory is no pixels to store as uint8: choose float32, float16 or int8."
        )
    return str(dtype)


def value_bytes(dtype, values, items):
    """Return the bytes of `items` memory items that hold `values` numbers together."""
    return np.dtype(check_dtype(dtype)).itemsize * values + (SCALE_BYTES * items if dtype == "int8" else 0)


def quantise(items, functions=np):
    """Round memory items to levels.

    Every step is one that all backends and numpy round alike on a CPU, compiled or not: a compiler may
    turn a division by a constant or by one number for many into a product, so there is none.

    Args:
        items: float32 (n, ...), an array or a tensor.
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        (levels, scales): whole numbers -127..127 as float32 like `items`; float32 (n, 1, ...). An item
        of zeros has scale 0.
    """
    where = functions.where
    largest = functions.max(functions.abs(items), axis=tuple(range(1, len(items.shape))), keepdims=True)
    one = functions.ones_like(largest)
    scales = largest / where(largest > 0, LEVELS * one, one)
    step = where(scales > 0, scales, one)
    near = functions.round(items * (one / step))
    # The reciprocal may be a unit off in its last place: products with the step decide what lies where.
    levels = where(items >= (near + 0.5) * step, near + 1, where(items < (near - 0.5) * step, near - 1, near))
    return levels, scales


def quantised(memories):
    """Return memories, float32 (classes, items, ...), with each item rounded to its levels."""
    items = np.asarray(memories, np.float32).reshape(-1, *memories.shape[2:])
    levels, scales = quantise(items)
    return (levels * scales).reshape(memories.shape)


def straight_through(items):
    """Return items, a float32 tensor (n, ...), rounded to their levels; the gradient is that of `items`."""
    from keras import ops

    constant = ops.stop_gradient(items)
    levels, scales = quantise(constant, ops)
    # Zero is added, and not a difference to the items: the sum is the rounded value to the last bit.
    return ops.stop_gradient(levels * scales) + (items - constant)
