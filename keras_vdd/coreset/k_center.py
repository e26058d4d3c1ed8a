"""Greedy k-centres (Sener and Savarese, ICLR 2018): each new row is the one farthest from those chosen."""

import numpy as np


def k_center(features: np.ndarray, count: int) -> np.ndarray:
    """Choose the row nearest the mean, then again and again the row farthest from all chosen ones.

    Args:
        features: array (rows, values), floating.
        count: int, at most `rows`.

    Returns:
        int64 array (count,) of different row numbers in the order chosen; the first of equals wins.
    """
    features = np.asarray(features, np.float64)
    row = int(np.argmin(np.linalg.norm(features - features.mean(axis=0), axis=1)))
    chosen = [row]
    nearest = np.full(len(features), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.linalg.norm(features - features[row], axis=1))
        # A chosen row may lie at distance 0 from others too: it is ruled out by name.
        nearest[row] = -1.0
        row = int(np.argmax(nearest))
        chosen.append(row)
    return np.array(chosen[:count], np.int64)
