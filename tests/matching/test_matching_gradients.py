"""The gradient of each matching loss to all that it learns, against central differences in float64."""

import numpy as np
import pytest
from derivatives import assert_gradient, numpy, tensor, wide
from keras import ops
from tiny_networks import Smooth

from keras_vdd import models
from keras_vdd.backend import value_and_grad
from keras_vdd.layers import Integrator
from keras_vdd.matching import distribution, gradient, ridge, trajectory

CLASSES, FRAMES, SIZE = 3, 2, 5


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def network_and_weights(frames=None):
    network = Smooth(CLASSES, SIZE, frames=frames)
    weights = models.fresh_weights(network, np.random.default_rng(0))
    return network, tensor([w + 0.1 * draw(*w.shape, seed=i) for i, w in enumerate(weights)])


def test_distribution_matching():
    with wide():
        network, weights = network_and_weights(FRAMES)
        real = tensor(draw(CLASSES, 4, FRAMES, SIZE, SIZE, 3))
        assert_gradient(
            lambda x: distribution.distribution_matching(network, weights, real, x, chunk=2),
            draw(CLASSES, 2, FRAMES, SIZE, SIZE, 3, seed=1),
        )


@pytest.mark.parametrize("frames, chunk", [(None, None), (FRAMES, None), (FRAMES, 2)])
def test_gradient_matching(frames, chunk):
    time = () if frames is None else (frames,)
    with wide():
        network, weights = network_and_weights(frames)
        real = tensor(draw(CLASSES, 4, *time, SIZE, SIZE, 3))
        assert_gradient(
            lambda x: gradient.gradient_matching(network, weights, real, x, chunk),
            draw(CLASSES, 2, *time, SIZE, SIZE, 3, seed=1),
        )


def trajectory_case(network):
    """Learned images and soft labels; the loss depends on the inner step too."""

    def inner_loss(weights, data, step):
        logits = models.apply(network, weights, data["images"])
        entropy = -ops.mean(ops.sum(ops.softmax(data["labels"]) * ops.log_softmax(logits), axis=-1))
        return entropy * step["scale"]

    data = {"images": draw(CLASSES, SIZE, SIZE, 3), "labels": draw(CLASSES, CLASSES, seed=1)}
    return inner_loss, {"data": data, "step_size": np.array(0.3)}


def inner_steps(count):
    return [{"scale": tensor(1 + 0.5 * t)} for t in range(count)]


def expert(weights):
    return tensor([numpy(w) + 0.3 * draw(*w.shape, seed=5) for w in weights])


def test_unrolled_trajectory_matching():
    with wide():
        network, start = network_and_weights()
        inner_loss, learned = trajectory_case(network)
        target = expert(start)
        match = trajectory.unrolled(inner_loss)
        assert_gradient(lambda v: match(start, target, v, inner_steps(3)), learned)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_adjoint_trajectory_matching_equals_unrolled(steps):
    with wide():
        network, start = network_and_weights()
        inner_loss, learned = trajectory_case(network)
        target, learned = expert(start), tensor(learned)
        inputs = start, target, learned, inner_steps(steps)
        expected, found = (
            numpy(form(inner_loss)(*inputs)) for form in (trajectory.unrolled, trajectory.adjoint)
        )
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-9)
    pairs = [(g["data"]["images"], g["data"]["labels"], g["step_size"]) for g in (found[1], expected[1])]
    for a, b in zip(*pairs, strict=True):
        assert a.shape == b.shape and np.linalg.norm(b) > 1e-6
        assert np.linalg.norm(a - b) < 1e-8 * np.linalg.norm(b)


def test_ridge_regression(monkeypatch):
    # On JAX the package solves in float32, the widest it may count on; the differences would see that.
    monkeypatch.setattr(ridge, "WIDEST_FLOAT", "float64")
    with wide():
        network, weights = network_and_weights(FRAMES)
        real = tensor(draw(4, FRAMES, SIZE, SIZE, 3, seed=2))
        target = tensor(np.eye(CLASSES)[[0, 1, 2, 0]] - 1 / CLASSES)

        def loss(learned):
            features = models.apply(network, weights, learned["videos"], method="embed")
            real_features = models.apply(network, weights, real, method="embed")
            prediction, _ = ridge.ridge_prediction(features, learned["labels"], real_features, 1e-2)
            return ridge.prediction_loss(prediction, target) + ridge.label_margin_loss(learned["labels"])

        learned = {"videos": draw(CLASSES, FRAMES, SIZE, SIZE, 3), "labels": 0.1 * draw(CLASSES, CLASSES)}
        assert_gradient(value_and_grad(loss), learned)


def test_through_the_integrator_to_stills_motion_and_kernel():
    """DM's gradient to the videos, carried to the memories as the condenser does."""
    with wide():
        network, weights = network_and_weights(FRAMES)
        real = tensor(draw(CLASSES, 2, FRAMES, SIZE, SIZE, 3))
        integrator = Integrator(dtype="float64")
        integrator.build((None, SIZE, SIZE, 3))

        def synthesise(learned):
            stateless, _ = integrator.stateless_call(
                [learned["kernel"], learned["bias"]], [], learned["static"], learned["dynamic"]
            )
            return stateless

        def matched(learned):
            videos = ops.stop_gradient(synthesise(learned))
            by_class = ops.expand_dims(videos, 1)
            loss, to_videos = distribution.distribution_matching(network, weights, real, by_class)
            to_videos = ops.stop_gradient(to_videos[:, 0])
            _, gradients = value_and_grad(lambda v: ops.sum(synthesise(v) * to_videos))(learned)
            return loss, gradients

        values = {
            "static": draw(CLASSES, SIZE, SIZE, 3),
            "dynamic": draw(CLASSES, FRAMES, SIZE, SIZE, 1, seed=1),
            "kernel": 0.3 * draw(3, 3, 3, 4, 3, seed=2),
            "bias": draw(3, seed=3),
        }
        assert_gradient(matched, values)
