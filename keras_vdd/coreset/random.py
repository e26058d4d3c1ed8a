"""Random selection: the baseline of every table."""

import numpy as np


def random(features: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` different row numbers of `features`, drawn evenly.

    Args:
        features: array (rows, ...); only its length is used.
        count: int, at most `rows`.
        rng: `numpy.random.Generator`.

    Returns:
        int64 array (count,), in the order drawn.
    """
    return rng.permutation(len(features))[:count].astype(np.int64)
