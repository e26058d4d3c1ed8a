"""The matching losses where their values can be written down."""

import numpy as np
import pytest
from derivatives import numpy, tensor, wide
from keras import ops
from tiny_networks import Linear, Smooth

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.matching.distribution import class_means, distribution_matching
from keras_vdd.matching.gradient import cross_entropy, filter_distance, gradient_matching
from keras_vdd.matching.ridge import label_margin_loss, prediction_loss, ridge_prediction
from keras_vdd.matching.trajectory import adjoint, tesla, unrolled

CLASSES = 4


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def linear_case(n=6, m=2):
    real, synthetic = draw(CLASSES, n, 2, 3, 3, 3), draw(CLASSES, m, 2, 3, 3, 3, seed=1)
    kernel = draw(2 * 3 * 3 * 3, 5, seed=2)
    return Linear(54, 5), kernel, real, synthetic


def close(found, expected, tolerance=1e-5):
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    assert found.shape == expected.shape
    assert np.linalg.norm(found - expected) <= tolerance * np.linalg.norm(expected)


@pytest.mark.parametrize("m", [1, 3])
def test_distribution_matching_of_linear_features(m):
    network, kernel, real, synthetic = linear_case(m=m)
    weights = [tensor(kernel, "float32")]
    loss, gradient = distribution_matching(network, weights, *tensor((real, synthetic), "float32"))
    gap = (real.mean(1) - synthetic.mean(1)).reshape(CLASSES, 54)
    close(numpy(loss), np.sum((gap @ kernel) ** 2))
    by_class = -2 / m * gap @ kernel @ kernel.T
    close(numpy(gradient), np.repeat(by_class[:, None], m, axis=1).reshape(synthetic.shape))


def test_distribution_matching_of_all_classes_is_the_loop_over_them():
    real, synthetic = draw(3, 4, 3, 8, 8, 3), draw(3, 2, 3, 8, 8, 3, seed=1)
    network = Smooth(3, 8, frames=3, dtype="float32")
    weights = [v.value for v in network.trainable_variables]
    arrays = tensor(real, "float32"), tensor(synthetic, "float32")
    match = jit(lambda *a: distribution_matching(network, *a))
    loss, gradient = numpy(match(weights, *arrays))
    parts = [numpy(match(weights, *(a[c : c + 1] for a in arrays))) for c in range(3)]
    close(loss, sum(part[0] for part in parts), 1e-6)
    close(gradient, np.concatenate([part[1] for part in parts]), 1e-6)


@pytest.mark.parametrize("chunk", [1, 2, 4, 5, 6, 7, 12, 13, 23, 24, 100])
def test_chunks_bound_a_pass_and_change_nothing(chunk):
    network, kernel, real, synthetic = linear_case()
    weights, x = [tensor(kernel, "float32")], tensor(real, "float32")
    means = numpy(class_means(network, weights, x, chunk))
    assert max(network.passes) <= chunk and sum(network.passes) == CLASSES * 6
    close(means, real.mean(1).reshape(CLASSES, 54) @ kernel, 1e-6)
    whole = distribution_matching(network, weights, x, tensor(synthetic, "float32"))
    loss, gradient = distribution_matching(network, weights, x, tensor(synthetic, "float32"), chunk)
    close(numpy(loss), numpy(whole[0]), 2e-6)
    close(numpy(gradient), numpy(whole[1]), 2e-6)


def test_filter_distance_is_one_minus_the_cosine_of_each_filter():
    real = [draw(3, 3, 2, 4), draw(4), draw(2, 3, 3, 4, 5, seed=1), draw(6, 3, seed=2)]
    synthetic = [draw(*g.shape, seed=7) for g in real]
    expected = 0.0
    for a, b in zip(real, synthetic):
        if a.ndim > 1:  # Biases and norms are skipped.
            a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
            lengths = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
            expected += np.sum(1 - np.sum(a * b, axis=0) / (lengths + 1e-6))
    close(numpy(filter_distance(tensor(real, "float32"), tensor(synthetic, "float32"))), expected)


def test_filter_distance_of_a_dead_filter_has_a_finite_gradient():
    a, b = draw(3, 2), draw(3, 2, seed=1)
    b[:, 0] = 0
    distance = value_and_grad(lambda g: filter_distance([tensor(a, "float32")], [g]))
    loss, gradient = numpy(distance(tensor(b, "float32")))
    assert np.isfinite(loss) and np.isfinite(gradient).all()
    assert loss > 1 and np.abs(gradient[:, 1]).max() > 0


def test_cross_entropy_is_of_one_class():
    network, kernel, real, _ = linear_case()
    logits = real[0].reshape(6, 54) @ kernel
    expected = np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[:, 2])
    weights, label = [tensor(kernel, "float32")], ops.convert_to_tensor(2)
    found = cross_entropy(network, weights, tensor(real[0], "float32"), label)
    close(numpy(found), expected)


def gradient_case():
    network = Smooth(CLASSES, 6)
    weights = [numpy(v) for v in network.trainable_variables]
    return network, weights, draw(CLASSES, 3, 6, 6, 3), draw(CLASSES, 2, 6, 6, 3, seed=1)


def test_gradient_matching_is_the_sum_of_its_classes():
    with wide():
        network, weights, real, synthetic = gradient_case()
        weights = tensor(weights)

        def by_hand(synthetic_class, real_class, label):
            def gradient(x):
                return value_and_grad(lambda w: cross_entropy(network, w, x, label))(weights)[1]

            target = [ops.stop_gradient(g) for g in gradient(real_class)]
            return filter_distance(target, gradient(synthetic_class))

        match = jit(lambda r, s: gradient_matching(network, weights, r, s))
        loss, gradients = numpy(match(*tensor((real, synthetic))))
        step = jit(value_and_grad(by_hand))
        labels = [ops.convert_to_tensor(c, dtype="int32") for c in range(CLASSES)]
        parts = [numpy(step(tensor(synthetic[c]), tensor(real[c]), labels[c])) for c in range(CLASSES)]
    close(loss, sum(part[0] for part in parts), 1e-10)
    close(gradients, np.stack([part[1] for part in parts]), 1e-10)
    assert len({float(part[0]) for part in parts}) == CLASSES


def test_gradient_matching_of_identical_data_is_zero():
    with wide():
        network, weights, real, _ = gradient_case()
        match = jit(lambda r, s: gradient_matching(network, tensor(weights), r, s))
        loss, gradient = numpy(match(*tensor((real, real))))
        other, other_gradient = numpy(match(*tensor((real, real[:, ::-1] + draw(*real.shape, seed=3)))))
        reordered, _ = numpy(match(*tensor((real, real[:, ::-1].copy()))))
    # The denominator's 1e-6 is what is left of each cosine.
    assert 0 <= loss < 1e-3 * other
    assert np.linalg.norm(gradient) < 1e-3 * np.linalg.norm(other_gradient)
    close(reordered, loss, 1e-6)


def quadratic(weights, d, step):
    parts = d[:3], ops.reshape(d[3:], (2, 2))
    return sum(ops.sum(ops.square(w - part)) for w, part in zip(weights, parts)) / 2


@pytest.mark.parametrize("form", [unrolled, adjoint])
def test_trajectory_of_a_quadratic(form):
    """With inner loss |w - d|^2 / 2 a step shrinks w - d by 1 - alpha, so that everything is known."""
    start, target = [draw(3), draw(2, 2, seed=1)], [draw(3, seed=2), draw(2, 2, seed=3)]
    data = draw(7, seed=4)
    steps, alpha = 3, 0.3

    with wide():
        learned = {"data": tensor(data), "step_size": tensor(alpha)}
        match = form(quadratic)
        loss, gradients = numpy(match(tensor(start), tensor(target), learned, [()] * steps))
    w0, goal = (np.concatenate([a.ravel() for a in arrays]) for arrays in (start, target))
    shrink = (1 - alpha) ** steps
    residual, whole = data + shrink * (w0 - data) - goal, np.sum((w0 - goal) ** 2)
    close(loss, np.sum(residual**2) / whole, 1e-10)
    close(gradients["data"], 2 * residual * (1 - shrink) / whole, 1e-10)
    slope = -steps * (1 - alpha) ** (steps - 1) * (w0 - data)
    close(gradients["step_size"], 2 * np.sum(residual * slope) / whole, 1e-10)


def test_tesla_takes_each_step_with_the_last_derivative():
    """On the quadratic: N alpha times the residual, where the whole gradient has 1 - (1 - alpha)^N of it."""
    start, target = [draw(3), draw(2, 2, seed=1)], [draw(3, seed=2), draw(2, 2, seed=3)]
    data, steps, alpha = draw(7), 3, 0.3
    with wide():
        learned = {"data": tensor(data), "step_size": tensor(alpha)}
        loss, gradients = numpy(tesla(quadratic)(tensor(start), tensor(target), learned, [()] * steps))
    w0, goal = (np.concatenate([a.ravel() for a in arrays]) for arrays in (start, target))
    residual, whole = data + (1 - alpha) ** steps * (w0 - data) - goal, np.sum((w0 - goal) ** 2)
    close(loss, np.sum(residual**2) / whole, 1e-10)
    close(gradients["data"], 2 * residual * steps * alpha / whole, 1e-10)
    slope = sum((1 - alpha) ** t * (w0 - data) for t in range(steps))
    close(gradients["step_size"], -2 * np.sum(residual * slope) / whole, 1e-10)


@pytest.mark.parametrize("regulariser", [1e-6, 1e-2, 10.0])
def test_ridge_prediction_is_numpys(regulariser):
    synthetic, labels, real = draw(5, 20), draw(5, 3, seed=1), draw(7, 20, seed=2)
    kernel = synthetic @ synthetic.T
    ridge = regulariser * np.trace(kernel) / 5 * np.eye(5)
    expected = real @ synthetic.T @ np.linalg.solve(kernel + ridge, labels)
    found, residual = numpy(ridge_prediction(*tensor((synthetic, labels, real), "float32"), regulariser))
    assert residual < 1e-3
    assert found.dtype == np.float32
    close(found, expected)
    if regulariser == 1e-6:  # Without a regulariser to speak of, known samples are predicted as labelled.
        again, _ = ridge_prediction(*tensor((synthetic, labels, synthetic), "float32"), regulariser)
        close(numpy(again), labels, 1e-4)


def ridge_case(synthetic, regulariser=1e-6):
    """(prediction, residual, gradients to features and labels) of a regression on such features."""
    learned = {
        "features": tensor(synthetic, "float32"),
        "labels": tensor(draw(len(synthetic), 3, seed=1), "float32"),
    }
    real = tensor(draw(7, synthetic.shape[1], seed=2), "float32")

    def loss(values):
        found = ridge_prediction(values["features"], values["labels"], real, regulariser)
        return ops.sum(ops.square(found[0])), found

    (_, found), gradients = value_and_grad(loss, has_aux=True)(learned)
    return *numpy(found), numpy(gradients)


@pytest.mark.parametrize("regulariser", [1e-15, 1e-30])
def test_equal_features_and_no_ridge_to_speak_of_do_not_raise(regulariser):
    """Backends differ in what they do at a pivot of zero: there is none, or what comes out shows it."""
    features = draw(5, 20)
    features[1] = features[0]
    prediction, residual, _ = ridge_case(features, regulariser)
    assert np.isfinite(prediction).all() or not residual < 1e-2
    close(ridge_case(features, 1e-30)[0], prediction, 1e-6)


def test_features_of_zeros_predict_zero():
    prediction, residual, gradients = ridge_case(np.zeros((5, 20)))
    assert not prediction.any() and residual < 1e-3
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_features_that_are_not_finite_predict_nothing(wrong):
    features = draw(5, 20)
    features[2, 3] = wrong
    prediction, residual, _ = ridge_case(features)
    assert np.isnan(prediction).all() and np.isnan(residual)


def test_prediction_and_label_margin_losses():
    prediction, target = draw(7, 3), draw(7, 3, seed=1)
    found = prediction_loss(*tensor((prediction, target), "float32"))
    close(numpy(found), np.mean(np.sum((prediction - target) ** 2, axis=1)))
    labels = np.array([[0.9, 0.1, 0.0], [0.3, 0.4, 0.2], [-1.0, -1.05, -3.0]])
    margins = [1 / 3, 0.1, 0.05]  # The first is above 1 / classes, where it stops counting.
    loss, gradient = numpy(value_and_grad(label_margin_loss)(tensor(labels, "float32")))
    close(loss, -np.mean(margins))
    close(gradient, np.array([[0, 0, 0], [1, -1, 0], [-1, 1, 0]]) / 3)
