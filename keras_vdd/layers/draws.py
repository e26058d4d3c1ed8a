"""How weights are drawn: a layer's `draws` says it for each of its weights, by name.

A draw is called as `draw(shape, rng)` and returns a float32 array of that shape; `rng` is a
`numpy.random.Generator`. Any such function will do; these are those of the package's own layers.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Uniform:
    """A weight is drawn from U(-bound, bound).

    Args:
        bound: float above 0.
    """

    bound: float

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return float32 values of that shape, drawn from `rng`."""
        uniform = rng.random(shape, dtype="float32")
        return (2 * uniform - 1) * np.float32(self.bound)


@dataclass(frozen=True)
class Normal:
    """A weight is drawn from N(0, deviation ** 2).

    Args:
        deviation: float above 0.
    """

    deviation: float = 1.0

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return float32 values of that shape, drawn from `rng`."""
        return rng.standard_normal(shape, dtype="float32") * np.float32(self.deviation)


@dataclass(frozen=True)
class Constant:
    """A weight is the same number everywhere; nothing is taken from the generator.

    Args:
        value: float.
    """

    value: float

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return float32 values of that shape."""
        return np.full(shape, self.value, "float32")
