"""DM: match the mean features of real and synthetic data.

Zhao and Bilen, "Dataset Condensation with Distribution Matching" (WACV 2023), as used for dynamic
fine-tuning in "Dancing with Still Images" (CVPR 2024), section 4.
"""

from collections.abc import Sequence

import keras
from keras import ops

from keras_vdd.backend import value_and_grad
from keras_vdd.models.functional import features
from keras_vdd.tensors import Tensor


def class_means(
    network: keras.Model, weights: Sequence[Tensor], x: Tensor, chunk: int | None = None
) -> Tensor:
    """Mean features of each class.

    Args:
        network: a built model with `embed`.
        weights: its weights, tensors.
        x: (classes, n, ...), data by class.
        chunk: int, samples in one forward pass, rounded to whole classes or, within a class, down to a
            divisor of n; bounds memory. None takes all at once.

    Returns:
        (classes, features) float32.
    """
    classes, n = x.shape[:2]
    if not chunk or chunk >= classes * n:
        found = features(network, weights, ops.reshape(x, (classes * n, *x.shape[2:])))
        return ops.mean(ops.reshape(found, (classes, n, -1)), axis=1)
    if chunk >= n:
        step = chunk // n
        means = [class_means(network, weights, x[c : c + step]) for c in range(0, classes, step)]
        return ops.concatenate(means, axis=0)
    step = max(d for d in range(1, chunk + 1) if n % d == 0)
    means = [class_means(network, weights, x[:, i : i + step], step) for i in range(0, n, step)]
    return sum(means[1:], means[0]) / len(means)


def distribution_matching(
    network: keras.Model, weights: Sequence[Tensor], real: Tensor, synthetic: Tensor, chunk: int | None = None
) -> tuple[Tensor, Tensor]:
    """DM loss, || mean embed(real_c) - mean embed(syn_c) ||^2 summed over classes, and its gradient.

    All classes go through the network together; means by class make that equal to the reference's loop
    over classes.

    Args:
        network: a built model with `embed`.
        weights: its weights, tensors.
        real: float32 (classes, n, ...), real data by class; treated as constant.
        synthetic: float32 (classes, m, ...), synthetic data by class.
        chunk: int or None, real samples in one forward pass.

    Returns:
        (loss, gradient): a scalar and a tensor of `synthetic`'s shape.
    """
    target = ops.stop_gradient(class_means(network, weights, real, chunk))

    def distance(x: Tensor) -> Tensor:
        return ops.sum(ops.square(target - class_means(network, weights, x)))

    return value_and_grad(distance)(synthetic)
