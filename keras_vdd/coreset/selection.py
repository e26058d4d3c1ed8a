"""One selection for each class, by the name of its method."""

from collections.abc import Iterable

import numpy as np

from keras_vdd.coreset.herding import herding
from keras_vdd.coreset.k_center import k_center
from keras_vdd.coreset.random import random
from keras_vdd.errors import UsageError, VddError
from keras_vdd.text import counted

METHODS = ("random", "herding", "k-center")


def select_per_class(
    method: str,
    features: np.ndarray,
    labels: np.ndarray,
    counts: Iterable[int],
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Choose rows class by class.

    Args:
        method: one of `METHODS`.
        features: array (rows, values).
        labels: int array (rows,), classes 0 to C - 1.
        counts: int array (C,), how many rows to choose of each class.
        rng: `numpy.random.Generator`, for "random" only.

    Returns:
        int64 array (sum of counts,) of row numbers, class after class.

    Raises:
        UsageError: the method is unknown, or random without `rng`.
        VddError: a class has fewer rows than are asked for.
    """
    if method not in METHODS:
        raise UsageError(f"Selection {method!r} is unknown: choose one of {', '.join(METHODS)}.")
    labels = np.asarray(labels)
    chosen = []
    for label, count in enumerate(counts):
        rows = np.flatnonzero(labels == label)
        if count > len(rows):
            raise VddError(
                f"Class {label} has {counted(len(rows), 'video')}, not the {count} to choose: ask for fewer."
            )
        if count == 0:
            continue
        own = features[rows]
        if method == "random":
            if rng is None:
                raise UsageError("Random selection needs rng, a numpy.random.Generator.")
            chosen.append(rows[random(own, count, rng)])
        else:
            chosen.append(rows[(herding if method == "herding" else k_center)(own, count)])
    return np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
