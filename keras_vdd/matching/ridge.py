"""FRePo: predict real labels by kernel ridge regression on the synthetic set's features.

Zhou et al., "Dataset Distillation using Neural Feature Regression" (NeurIPS 2022), as used in "Dancing
with Still Images" (CVPR 2024), section 4.
"""

import numpy as np
from keras import ops

from keras_vdd.backend import WIDEST_FLOAT
from keras_vdd.tensors import Tensor

# Of the ridge, relative to the kernel's trace: below it rounding can leave a pivot of exactly zero, at which
# some backends raise.
LEAST = 1e-14


def ridge_prediction(
    synthetic_features: Tensor, synthetic_labels: Tensor, real_features: Tensor, regulariser: float = 1e-6
) -> tuple[Tensor, Tensor]:
    """F_t F_s^T (F_s F_s^T + regulariser * trace / n * I)^-1 Y_s.

    Args:
        synthetic_features: (n, features) F_s.
        synthetic_labels: (n, classes) Y_s.
        real_features: (m, features) F_t.
        regulariser: float, relative to the mean of the kernel's diagonal; at least `LEAST` of its sum is
            taken.

    Returns:
        (prediction, residual): (m, classes), and a scalar, how far the solution leaves its equations open
        relative to Y_s; a kernel too near to singular for the backend's floats shows there. Features that
        are not finite make both NaN.
    """
    # The inverse magnifies rounding by the kernel's condition number.
    result_dtype = synthetic_features.dtype
    synthetic_features, synthetic_labels, real_features = (
        ops.cast(x, WIDEST_FLOAT) for x in (synthetic_features, synthetic_labels, real_features)
    )
    kernel = _product(synthetic_features, synthetic_features)
    n = kernel.shape[0]
    share = ops.maximum(ops.cast(regulariser, kernel.dtype) / n, LEAST)
    # Features that are all zero leave nothing to solve: the floor makes the prediction zero.
    ridge = ops.maximum(share * ops.trace(kernel), 1e-30)
    identity = ops.eye(n, dtype=kernel.dtype)
    finite = ops.all(ops.isfinite(kernel))
    # Where features are not finite some backends' `solve` raises: what comes out is made NaN instead.
    kernel = ops.where(finite, kernel + ridge * identity, identity)
    solution = ops.solve(kernel, synthetic_labels)
    solution = ops.where(finite, solution, float("nan") * ops.ones_like(solution))
    open_part = ops.stop_gradient(ops.einsum("ns,sc->nc", kernel, solution) - synthetic_labels)
    residual = _length(open_part) / (_length(ops.stop_gradient(synthetic_labels)) + 1e-30)
    cross = _product(real_features, synthetic_features)
    prediction = ops.einsum("ms,sc->mc", cross, solution)
    return ops.cast(prediction, result_dtype), ops.cast(residual, result_dtype)


def _length(x: Tensor) -> Tensor:
    return ops.sqrt(ops.sum(ops.square(x)))


def _product(a: Tensor, b: Tensor) -> Tensor:
    return ops.einsum("mf,nf->mn", a, b)


def prediction_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared error summed over classes, mean over samples; both (m, classes)."""
    return ops.mean(ops.sum(ops.square(prediction - target), axis=-1))


def label_margin_loss(labels: Tensor) -> Tensor:
    """Mean of -min(top1 - top2, 1 / classes): keeps each learned label (n, classes) decided."""
    classes = labels.shape[-1]
    top, _ = ops.top_k(labels, 2)
    return -ops.mean(ops.minimum(top[:, 0] - top[:, 1], 1 / classes))


def centred_labels(classes: int, videos_per_class: int) -> np.ndarray:
    """Labels that learning starts from, float32 (classes, VPC, classes), of the class in the first dimension.

    One-hot minus 1 / classes, times 1 / sqrt(classes / 10), as in FRePo's released code.
    """
    labels = (np.eye(classes) - 1 / classes) / np.sqrt(classes / 10)
    return np.repeat(labels[:, None], videos_per_class, axis=1).astype("float32")
