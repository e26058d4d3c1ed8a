"""Herding (Welling, ICML 2009): rows whose running mean follows the mean of all rows."""

import numpy as np


def herding(features: np.ndarray, count: int) -> np.ndarray:
    """Choose rows greedily so that the mean of the chosen stays closest to the mean of all.

    Args:
        features: array (rows, values), floating.
        count: int, at most `rows`.

    Returns:
        int64 array (count,) of different row numbers in the order chosen; the first of equals wins.
    """
    features = np.asarray(features, np.float64)
    mean = features.mean(axis=0)
    total = np.zeros_like(mean)
    free = np.ones(len(features), bool)
    chosen = []
    for size in range(1, count + 1):
        distance = np.linalg.norm((total + features) / size - mean, axis=1)
        row = int(np.argmin(np.where(free, distance, np.inf)))
        chosen.append(row)
        free[row] = False
        total += features[row]
    return np.array(chosen, np.int64)
