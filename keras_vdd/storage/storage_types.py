"""Storage types of memories: how files hold a memory item (a still, a motion clip, a video), in how many bytes.

float32, float16  the values
int8              levels, and a float32 scale for each item: value = level * scale
int4              levels, two to a byte, and a float16 scale for each 64 values of an item
uint8             pixels: value = (pixel / 255 - mean) / std; real frames come back exactly

A type that says `levels` can be learned too: `storage.rounding` has the rule, which training sees.
"""

import math
from dataclasses import dataclass

from keras_vdd.errors import UsageError
from keras_vdd.storage.levels import RULES


@dataclass(frozen=True)
class StorageType:
    """Items held as their values.

    Attributes:
        name: what `export.dtype` calls it.
        number: numpy type of what a memory column holds.
        largest: largest value that it can hold, inf where float32 can hold no larger one.
        pixels: whether it holds pixels alone.
        levels: of a type that rounds, how many there are each side of zero; else None.
        scale: numpy type of the scales, None where it has none.
        group: values of an item that share a scale; None for all.
        meaning: how what is stored becomes values, for the dataset card: "{item}" is what an item is and "{columns}"
            where scales are. Empty where values are stored.
    """

    name: str
    number: str
    largest: float = math.inf
    pixels: bool = False
    levels: int | None = None
    scale: str | None = None
    group: int | None = None
    meaning: str = ""

    def shape(self, shape):
        """Shape of what is stored of an item of a shape, scales not among it."""
        return tuple(shape)

    def scale_shape(self, shape):
        """Shape of the scales of an item of a shape, () for one number; None where it has none."""
        if self.scale is None:
            return None
        return () if self.group is None else (math.ceil(math.prod(shape) / self.group),)

    def nbytes(self, shape):
        """Exact bytes of an item of a shape, scales among them."""
        scales = 0 if self.scale is None else math.prod(self.scale_shape(shape)) * _width(self.scale)
        return math.prod(self.shape(shape)) * _width(self.number) + scales

    def fits(self, values, scales):
        """Return whether `encode` can have given these, every one of which is finite."""
        return True

    def encode(self, items, mean, std):
        """Return what is stored of memory items.

        Args:
            items: float32 (n, *shape), finite and no larger than `largest`.
            mean, std: 3 numbers each, of the normalisation.

        Returns:
            (values, scales): (n, *self.shape(shape)) of type `number`; (n, *self.scale_shape(shape)) of type `scale`,
            or None.
        """
        return items.astype(self.number), None

    def decode(self, values, scales, shape, mean, std):
        """Return memory items, float32 (n, *shape), of what `encode` gave; the order of numbers counts, not axes.

        They may share memory with `values`.
        """
        return values.reshape(-1, *shape).astype("float32", copy=False)


class Pixels(StorageType):
    """Items held as pixels, 0 to 255."""

    def encode(self, items, mean, std):
        from keras_vdd.data.normalise import denormalise

        return denormalise(items, mean, std), None

    def decode(self, values, scales, shape, mean, std):
        from keras_vdd.data.normalise import normalise

        return normalise(values.reshape(-1, *shape), mean, std)


class Levels(StorageType):
    """Items held as levels, one a number."""

    def encode(self, items, mean, std):
        from keras_vdd.storage.rounding import quantise

        levels, scales = quantise(items, self.name)
        flat = levels.reshape(len(items), -1)[:, : math.prod(items.shape[1:])]
        scales = scales.reshape(len(items), *self.scale_shape(items.shape[1:]))
        return self._packed(flat, items.shape[1:]), scales.astype(self.scale)

    def fits(self, values, scales):
        import numpy as np

        largest = np.finfo(np.float32).max / self.levels
        return self._in_range(values) and bool((np.abs(scales) <= largest).all())

    def _in_range(self, values):
        return bool((values >= -self.levels).all())

    def decode(self, values, scales, shape, mean, std):
        import numpy as np

        from keras_vdd.storage.rounding import dequantise

        size, rows = math.prod(shape), math.prod(self.scale_shape(shape))
        width = self.group or size
        levels = np.zeros((math.prod(np.shape(scales)) // rows, rows * width), np.float32)
        levels[:, :size] = self._unpacked(values, size)
        scales = np.asarray(scales, np.float32).reshape(-1, rows, 1)
        return dequantise(levels.reshape(-1, rows, width), scales, shape)

    def _packed(self, flat, shape):
        return flat.reshape(-1, *shape).astype(self.number)

    def _unpacked(self, values, size):
        return values.reshape(-1, size)


class PackedLevels(Levels):
    """Items held as levels of four bits, two to a byte: level + 8, the first in the lower half, 8 past the end."""

    def shape(self, shape):
        return (math.ceil(math.prod(shape) / 2),)

    def _packed(self, flat, shape):
        import numpy as np

        halves = (np.pad(flat, ((0, 0), (0, flat.shape[1] % 2))) + 8).astype(np.uint8)
        return halves[:, ::2] | halves[:, 1::2] << 4

    def _in_range(self, values):
        return bool((values & 15).all() and (values >> 4).all())

    def _unpacked(self, values, size):
        import numpy as np

        values = values.reshape(-1, *self.shape((size,)))
        halves = np.stack([values & 15, values >> 4], axis=-1).reshape(len(values), -1)
        return halves[:, :size].astype(np.float32) - 8


FLOAT16_LARGEST = 65504.0
STORAGE_TYPES = {
    kind.name: kind
    for kind in (
        StorageType("float32", "float32"),
        StorageType("float16", "float16", largest=FLOAT16_LARGEST),
        Levels(
            "int8", "int8", **vars(RULES["int8"]),
            meaning="value = number x scale, with a float32 scale for each {item} in {columns}",
        ),
        PackedLevels(
            "int4", "uint8", **vars(RULES["int4"]), largest=7 * FLOAT16_LARGEST,
            meaning="value = level x scale. A byte holds two levels, each with 8 added, the first in its lower four "
            "bits; levels follow the axes of each {item}, with a float16 scale for each 64 of them in {columns}",
        ),
        Pixels(
            "uint8", "uint8", pixels=True,
            meaning="value = (number / 255 - mean) / std, with the mean and deviation below",
        ),
    )
}  # fmt: skip
DTYPES = tuple(STORAGE_TYPES)
LEARNED_AS = tuple(name for name, kind in STORAGE_TYPES.items() if kind.levels)
"""Types that memories can be learned as, rounded."""


def check_dtype(dtype, memory=None):
    """Return the name of a storage type, or refuse it.

    Args:
        dtype: a name in `STORAGE_TYPES`.
        memory: `keras_vdd.memory.Memory` that is to be stored, None if it does not matter.

    Raises:
        UsageError: there is no such type, or the memory cannot be stored so.
    """
    if str(dtype) not in STORAGE_TYPES:
        raise UsageError(f"Storage type {dtype!r} is unknown: choose one of {', '.join(DTYPES)}.")
    if STORAGE_TYPES[str(dtype)].pixels and memory is not None and not memory.pixels:
        others = [name for name, kind in STORAGE_TYPES.items() if not kind.pixels]
        raise UsageError(
            f"A {memory.kind} memory is no pixels to store as {dtype}: "
            f"choose {', '.join(others[:-1])} or {others[-1]}."
        )
    return str(dtype)


def check_rounding(dtype):
    """Return the name of the type that memories are learned as, None where they are not rounded.

    Args:
        dtype: a name in `LEARNED_AS`; True for int8; None or False.

    Raises:
        UsageError: it is another.
    """
    dtype = {True: "int8", False: None}.get(dtype, dtype)
    if dtype not in (None, *LEARNED_AS):
        raise UsageError(f"A memory cannot be learned as {dtype!r}: choose {' or '.join(LEARNED_AS)}.")
    return dtype


def _width(number):
    import numpy as np  # costs start-up, and recipes ask this module for names

    return np.dtype(number).itemsize
