"""How weights are drawn: a layer's `draws` says it for each of its weights, by name.

A draw is called as `draw(shape, rng)` and returns a float32 array of that shape; `rng` is a
`numpy.random.Generator`. Any such function will do; these are those of the package's own layers.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Uniform:
    """U(-bound, bound).

    Args:
        bound: float above 0.
    """

    bound: float

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        uniform = rng.random(shape, dtype="float32")
        return (2 * uniform - 1) * np.float32(self.bound)


@dataclass(frozen=True)
class Normal:
    """N(0, deviation ** 2).

    Args:
        deviation: float above 0.
    """

    deviation: float = 1.0

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal(shape, dtype="float32") * np.float32(self.deviation)


@dataclass(frozen=True)
class Constant:
    """The same number everywhere; takes nothing from the generator.

    Args:
        value: float.
    """

    value: float

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        return np.full(shape, self.value, "float32")
