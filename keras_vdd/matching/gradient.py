"""DC: match the gradients that real and synthetic data give a network.

Zhao et al., "Dataset Condensation with Gradient Matching" (ICLR 2021), as used for static learning in
"Dancing with Still Images" (CVPR 2024), section 4.
"""

from collections.abc import Sequence

import keras
from keras import ops

from keras_vdd.backend import value_and_grad
from keras_vdd.models.functional import apply
from keras_vdd.tensors import Tensor


def filter_distance(real: Sequence[Tensor], synthetic: Sequence[Tensor]) -> Tensor:
    """Sum over layers and output filters of 1 - cos(real, synthetic).

    Each filter is flattened whole, in two dimensions or three (the reference's code has no branch for
    3-D kernels and runs its cosines over their width). Biases and norm parameters are skipped.

    Args:
        real, synthetic: lists of gradients, each of the shape `(..., filters)` of its weight.

    Returns:
        Scalar tensor.
    """
    total: Tensor = 0.0
    for g_real, g_synthetic in zip(real, synthetic):
        if len(g_real.shape) < 2:
            continue
        a = ops.reshape(g_real, (-1, g_real.shape[-1]))
        b = ops.reshape(g_synthetic, (-1, g_synthetic.shape[-1]))
        cosine = ops.sum(a * b, axis=0) / (_norm(a) * _norm(b) + 1e-6)
        total = total + ops.sum(1 - cosine)
    return total


def _norm(x: Tensor) -> Tensor:
    # The floor keeps the derivative finite where a filter's gradient is exactly zero.
    return ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=0), 1e-30))


def cross_entropy(network: keras.Model, weights: Sequence[Tensor], x: Tensor, label: Tensor) -> Tensor:
    """Mean cross-entropy of `x` (n, ...) when all of it has the one class `label` (int scalar)."""
    logits = apply(network, weights, x)
    target = ops.one_hot(ops.broadcast_to(label, (x.shape[0],)), logits.shape[-1], dtype=logits.dtype)
    return -ops.mean(ops.sum(target * ops.log_softmax(logits), axis=-1))


def gradient_matching(
    network: keras.Model, weights: Sequence[Tensor], real: Tensor, synthetic: Tensor, chunk: int | None = None
) -> tuple[Tensor, Tensor]:
    """DC loss, summed over classes, and its gradient to the synthetic data.

    Classes are taken one at a time, so memory does not grow with their number, and the gradient of each
    is finished inside its turn.

    Args:
        network: a built model of `keras_vdd.models`.
        weights: its weights, tensors.
        real: float32 (classes, n, ...), real data by class.
        synthetic: float32 (classes, m, ...), synthetic data by class.
        chunk: int, real samples in one pass, rounded down to a divisor of n; bounds memory. None takes all
            of a class at once.

    Returns:
        (loss, gradient): a scalar and a tensor of `synthetic`'s shape.
    """
    gradient_of = value_and_grad(lambda w, x, label: cross_entropy(network, w, x, label))
    n = real.shape[1]
    part = max(d for d in range(1, min(chunk or n, n) + 1) if n % d == 0)

    def mean_gradient(x: Tensor, label: Tensor) -> list[Tensor]:
        if part == n:
            return gradient_of(weights, x, label)[1]
        parts = [gradient_of(weights, x[i : i + part], label)[1] for i in range(0, n, part)]
        return [sum(layer[1:], layer[0]) / len(parts) for layer in zip(*parts)]

    def class_distance(synthetic_class: Tensor, real_gradient: list[Tensor], label: Tensor) -> Tensor:
        _, synthetic_gradient = gradient_of(weights, synthetic_class, label)
        return filter_distance(real_gradient, synthetic_gradient)

    def one_class(inputs: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        real_class, synthetic_class, label = inputs
        return value_and_grad(class_distance)(synthetic_class, mean_gradient(real_class, label), label)

    labels = ops.arange(synthetic.shape[0], dtype="int32")
    losses, gradients = ops.map(one_class, (real, synthetic, labels))
    return ops.sum(losses), gradients
