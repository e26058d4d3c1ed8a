"""How few samples become many along an axis, as products with matrices that depend on the sizes alone.

Section 3.3 of "Dancing with Still Images" (CVPR 2024) duplicates frames or interpolates them linearly. Its linear rule
is pinned: the first and the last stored frame are the first and the last of the video. Pixels, and motion clips where
nothing else is said, are interpolated with half-pixel centres: sample i of n, spread over N, lies at
(i + 1/2) N/n - 1/2, and the first and the last value go on to the edges.
"""

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.temporal import INTERPOLATIONS


def interpolation_matrix(rule: str, stored: int, shown: int) -> np.ndarray:
    """Return the matrix that makes `shown` samples of `stored` ones.

    Args:
        rule: str, of `INTERPOLATIONS`.
        stored: int, samples that there are, between 1 and `shown`.
        shown: int, samples to be made.

    Returns:
        float32 (shown, stored); rows sum to 1.

    Raises:
        UsageError: there is no such rule, or `stored` is not between 1 and `shown`.

    Example:
        >>> interpolation_matrix("linear", 2, 4) @ [0.0, 3.0]  # f1, (2 f1 + f2) / 3, (f1 + 2 f2) / 3, f2
        array([0., 1., 2., 3.])
    """
    if rule not in INTERPOLATIONS:
        raise UsageError(f"Interpolation {rule!r} is unknown: choose one of {', '.join(INTERPOLATIONS)}.")
    if isinstance(stored, bool) or int(stored) != stored or not 1 <= stored <= shown:
        raise UsageError(
            f"{stored!r} samples cannot be interpolated to {shown}: store between 1 and {shown}."
        )
    places = _places(rule, stored, shown)
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, stored - 1)
    matrix = np.zeros((shown, stored))
    np.add.at(matrix, (np.arange(shown), before), 1 - (places - before))
    np.add.at(matrix, (np.arange(shown), after), places - before)
    return matrix.astype(np.float32)


def _places(rule: str, stored: int, shown: int) -> np.ndarray:
    """Where each shown sample lies among the stored ones, float64 (shown,)."""
    moments = np.arange(shown)
    if rule == "duplicate":
        return moments * stored // shown
    if rule == "linear":
        return moments * (stored - 1) / max(shown - 1, 1)
    return np.clip((moments + 0.5) * stored / shown - 0.5, 0, stored - 1)
