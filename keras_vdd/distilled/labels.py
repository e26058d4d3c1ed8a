"""What learned labels are: probabilities, or targets of a mean squared error."""

import numpy as np

from keras_vdd.errors import UsageError

LABEL_KINDS = ("probabilities", "regression")
SUM_TOLERANCE = 1e-3


def check_labels(labels, kind):
    """Refuse labels that are not what they are said to be.

    Args:
        labels: float32 (..., C), or None.
        kind: "probabilities" (rows sum to 1), "regression" (targets of a mean squared error, as FRePo
            learns), or None where `labels` is None.

    Raises:
        UsageError: one without the other, an unknown kind, or probabilities that do not sum to 1.
    """
    if labels is None and kind is None:
        return
    if labels is None:
        raise UsageError(f"label_kind={kind!r} says what labels are, and the set has none.")
    if kind not in LABEL_KINDS:
        known = ", ".join(LABEL_KINDS)
        raise UsageError(f"The set's labels have label_kind={kind!r}: choose one of {known}.")
    if kind == "probabilities" and (labels < -SUM_TOLERANCE).any():
        raise UsageError(
            f"Labels of kind 'probabilities' have a value of {labels.min():.3g}, and none is below 0: give their "
            "softmax, or label_kind='regression' for targets of a mean squared error."
        )
    if kind == "probabilities" and not _sum_to_one(labels):
        worst = np.abs(labels.sum(axis=-1, dtype=np.float64) - 1).max()
        raise UsageError(
            f"Labels of kind 'probabilities' have a row whose sum is {worst:.3g} off 1: give their softmax, "
            "or label_kind='regression' for targets of a mean squared error."
        )


def likely_kind(labels):
    """Return the kind of labels, float32 (..., C), whose file does not tell it."""
    return "probabilities" if _sum_to_one(labels) else "regression"


def _sum_to_one(labels):
    # Written so that a sum which is not a number is none.
    return bool((np.abs(labels.sum(axis=-1, dtype=np.float64) - 1) <= SUM_TOLERANCE).all())
