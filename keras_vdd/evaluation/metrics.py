"""What is counted on test clips: top-k accuracy and accuracy inside pairs of classes. numpy only."""

import numpy as np


def top_k_accuracy(logits, labels, k):
    """Return the share of rows, 0 to 1, whose true class is among the `k` largest logits.

    Equal logits rank by class number, as `argmax` does, so a constant network gets no more than the
    share of its first k classes.

    Args:
        logits: array (rows, classes).
        labels: int array (rows,).
        k: int; capped at the number of classes.
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    true = np.take_along_axis(logits, labels[:, None], axis=1)
    earlier = np.arange(logits.shape[1])[None, :] < labels[:, None]
    rank = np.sum((logits > true) | ((logits == true) & earlier), axis=1)
    return float(np.mean(rank < min(k, logits.shape[1])))


def top_5_accuracy(logits, labels):
    """Return `top_k_accuracy` of five, or None where there are fewer than six classes: it would be 1 of any network."""
    return None if np.shape(logits)[1] < 6 else top_k_accuracy(logits, labels, 5)


def pair_accuracy(logits, labels, pairs):
    """Return the share of rows, 0 to 1, whose true logit is above that of the class's partner.

    Only rows of paired classes count. A network blind to what tells the two of a pair apart gets 0.5.

    Args:
        logits: array (rows, classes).
        labels: int array (rows,).
        pairs: sequence of (class, class).

    Returns:
        float, or None if no row belongs to a pair.
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    partner = np.full(logits.shape[1], -1)
    for one, other in pairs:
        partner[one], partner[other] = other, one
    rows = np.flatnonzero(partner[labels] >= 0)
    if not len(rows):
        return None
    own, others = logits[rows, labels[rows]], logits[rows, partner[labels[rows]]]
    return float(np.mean(own > others))


def mean_and_std(values):
    """Return `{"mean", "std", "values"}` over networks; the mean and std of no values are None.

    The deviation is the population's (divided by n, numpy's default), as in the paper's released code.
    """
    values = [float(v) for v in values]
    if not values:
        return {"mean": None, "std": None, "values": []}
    return {"mean": float(np.mean(values)), "std": float(np.std(values)), "values": values}
