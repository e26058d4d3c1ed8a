"""Layers, networks and losses reproduce the paper's own implementation on the active backend."""

import numpy as np
import pytest
from derivatives import numpy
from keras import ops
from reference import GEOMETRY, GOLDEN, assert_golden, channels_last, golden_input, kernel

from keras_vdd import models
from keras_vdd.backend import jit, native_layout, value_and_grad
from keras_vdd.layers import Integrator
from keras_vdd.matching import distribution, gradient, ridge, trajectory
from keras_vdd.models.functional import apply

CLASSES, FRAMES, SIZE, WIDTH = (GEOMETRY[k] for k in ("classes", "frames", "size", "width"))
LOSS, GRADIENT, MTT_DYNAMIC = 1e-5, 1e-3, 5e-3


def network_weights(prefix, names):
    return [
        ops.convert_to_tensor(kernel(golden_input(f"{prefix}{name}.{part}")))
        for name in names
        for part in ("weight", "bias")
    ]


MINI_C3D_LAYERS = ("features.0", "features.3", "features.6", "logit")


def mini_c3d():
    stem = GOLDEN["inputs"]["minic3d/features.0.weight"]["shape"][0]
    return models.MiniC3D(CLASSES, FRAMES, SIZE, WIDTH, stem=stem)


def convnet_weights(network):
    blocks = [f"features.{4 * i}" for i in range(4)]
    norms = [f"features.{4 * i + 1}" for i in range(4)]
    weights = network_weights("convnetd4/", blocks + norms)
    # The reference flattens features as (C, H, W), this project as (H, W, C).
    classifier = golden_input("convnetd4/classifier.weight")
    side = SIZE // 16
    classifier = classifier.reshape(CLASSES, WIDTH, side, side).transpose(2, 3, 1, 0)
    classifier = classifier.reshape(1, 1, side * side * WIDTH, CLASSES)
    bias = golden_input("convnetd4/classifier.bias")
    return weights + [ops.convert_to_tensor(classifier), ops.convert_to_tensor(bias)]


@pytest.fixture(scope="module")
def integrator():
    return Integrator(name="integrator")


@pytest.fixture(scope="module")
def memory():
    return {
        "dynamic": ops.convert_to_tensor(channels_last(golden_input("dynamic"))),
        "kernel": ops.convert_to_tensor(kernel(golden_input("integrator/encoder.weight"))),
        "bias": ops.convert_to_tensor(golden_input("integrator/encoder.bias")),
    }


@pytest.fixture(scope="module")
def synthesise(integrator):
    static = ops.convert_to_tensor(channels_last(golden_input("static")))
    integrator.build(static.shape)

    def videos(values):
        import keras

        mapping = [(integrator.kernel, values["kernel"]), (integrator.bias, values["bias"])]
        with keras.StatelessScope(state_mapping=mapping):
            return integrator(static, values["dynamic"])

    return videos


@pytest.fixture(scope="module")
def video(synthesise, memory):
    return jit(synthesise)(memory)


@pytest.fixture(scope="module")
def through_memory(synthesise, memory):
    """Gradients of the memory from the gradient of the videos that it makes."""
    project = jit(value_and_grad(lambda values, gradient: ops.sum(synthesise(values) * gradient)))
    return lambda video_gradient: project(memory, video_gradient)[1]


def check_memory_gradients(method, gradients, dynamic_tolerance=GRADIENT):
    dynamic = np.moveaxis(numpy(gradients["dynamic"]), -1, -3)
    assert_golden(f"{method}/grad_dynamic", dynamic, dynamic_tolerance)
    weight = np.moveaxis(numpy(gradients["kernel"]), (-1, -2), (0, 1))
    assert_golden(f"{method}/grad_integrator_weight", weight, GRADIENT)
    if f"{method}/grad_integrator_bias" in GOLDEN["outputs"]:
        assert_golden(f"{method}/grad_integrator_bias", numpy(gradients["bias"]), GRADIENT)


def logits_and_features(network, weights, x):
    """Both in one compiled function, which JAX compiles once."""
    return numpy(jit(lambda w, x: [apply(network, w, x, method=m) for m in ("call", "embed")])(weights, x))


def test_integrator(video):
    assert_golden("integrator/video", np.moveaxis(numpy(video), -1, -3), LOSS)


def test_mini_c3d(video):
    network = mini_c3d()
    weights = network_weights("minic3d/", MINI_C3D_LAYERS)
    logits, features = logits_and_features(network, weights, video)
    assert_golden("minic3d/logits", logits, LOSS)
    features = features.reshape(CLASSES, *network.feature_shape).transpose(0, 4, 1, 2, 3)
    assert_golden("minic3d/embed", features.reshape(CLASSES, -1), LOSS)


def test_convnet_d4():
    network = models.ConvNetD4(CLASSES, SIZE, WIDTH)
    weights = convnet_weights(network)
    images = ops.convert_to_tensor(channels_last(golden_input("dc/syn")))
    logits, features = logits_and_features(network, weights, images)
    assert_golden("convnetd4/logits", logits, LOSS)
    side = SIZE // 16
    features = features.reshape(-1, side, side, WIDTH).transpose(0, 3, 1, 2).reshape(len(images), -1)
    assert_golden("convnetd4/embed", features, LOSS)


def test_gradient_matching():
    network = models.ConvNetD4(CLASSES, SIZE, WIDTH)
    real = ops.convert_to_tensor(channels_last(golden_input("dc/real")))
    synthetic = ops.convert_to_tensor(channels_last(golden_input("dc/syn"))[:, None])
    weights = native_layout(convnet_weights(network))
    match = jit(lambda *arrays: gradient.gradient_matching(network, *arrays))
    loss, gradients = match(weights, real, synthetic)
    assert_golden("dc/loss", numpy(loss), LOSS)
    assert_golden("dc/grad_syn", np.moveaxis(numpy(gradients)[:, 0], -1, -3), GRADIENT)


@pytest.mark.parametrize("chunk", [None, 1])
def test_distribution_matching(video, through_memory, chunk):
    network = mini_c3d()
    real = ops.convert_to_tensor(channels_last(golden_input("dm/real")))
    weights = native_layout(network_weights("minic3d/", MINI_C3D_LAYERS))
    match = jit(lambda *arrays: distribution.distribution_matching(network, *arrays, chunk=chunk))
    loss, video_gradient = match(weights, real, ops.expand_dims(video, 1))
    assert_golden("dm/loss", numpy(loss), LOSS)
    check_memory_gradients("dm", through_memory(video_gradient[:, 0]))


@pytest.mark.parametrize("form", [trajectory.unrolled, trajectory.adjoint])
def test_trajectory_matching(video, through_memory, form):
    network = mini_c3d()
    start = network_weights("mtt/start/", MINI_C3D_LAYERS)
    change = network_weights("mtt/target_minus_start/", MINI_C3D_LAYERS)
    target = [a + b for a, b in zip(start, change)]
    labels = ops.one_hot(ops.arange(CLASSES), CLASSES)

    def inner_loss(weights, videos, step):
        logits = apply(network, weights, videos)
        return -ops.mean(ops.sum(labels * ops.log_softmax(logits), axis=-1))

    learned = {"data": video, "step_size": ops.convert_to_tensor(np.float32(GOLDEN["inner_lr"]))}
    steps = GOLDEN["syn_steps"]
    loss, gradients = form(inner_loss)(start, target, learned, [()] * steps)
    if form is trajectory.adjoint:
        weights, losses, descend = start, [], jit(value_and_grad(inner_loss))
        for _ in range(steps):
            value, gradient = descend(weights, learned["data"], ())
            weights = [w - learned["step_size"] * g for w, g in zip(weights, gradient)]
            losses.append(value)
        change = [w - s for w, s in zip(weights, start)]
        for t, value in enumerate(losses):
            assert_golden(f"mtt/inner_loss_{t}", numpy(value), LOSS)
        parts = [w if w.ndim < 2 else np.moveaxis(w, (-1, -2), (0, 1)) for w in map(numpy, change)]
        assert_golden("mtt/final_theta_minus_start", np.concatenate([w.ravel() for w in parts]), GRADIENT)
    assert_golden("mtt/loss", numpy(loss), LOSS)
    assert_golden("mtt/grad_lr", numpy(gradients["step_size"]), GRADIENT)
    check_memory_gradients("mtt", through_memory(gradients["data"]), MTT_DYNAMIC)


def test_ridge_regression(video, through_memory):
    network = mini_c3d()
    weights = native_layout(network_weights("minic3d/", MINI_C3D_LAYERS))
    noise = golden_input("frepo/label_noise")
    centred = np.eye(CLASSES, dtype="float32") - 1 / CLASSES
    labels = ops.convert_to_tensor((centred / np.sqrt(CLASSES / 10) + noise).astype("float32"))
    real = ops.convert_to_tensor(channels_last(golden_input("frepo/target")))
    target = ops.convert_to_tensor(centred[np.arange(len(real)) % CLASSES].astype("float32"))

    def parts(learned, weights, real):
        real_features = apply(network, weights, real, method="embed")
        features = apply(network, weights, learned["videos"], method="embed")
        prediction, _ = ridge.ridge_prediction(
            features, learned["labels"], real_features, GOLDEN["frepo_reg"]
        )
        losses = ridge.prediction_loss(prediction, target), ridge.label_margin_loss(learned["labels"])
        return losses[0] + losses[1], (prediction, *losses)

    learned = {"videos": video, "labels": labels}
    (loss, aux), gradients = jit(value_and_grad(parts, has_aux=True))(learned, weights, real)
    assert_golden("frepo/prediction", numpy(aux[0]), GRADIENT)
    assert_golden("frepo/prediction_loss", numpy(aux[1]), LOSS)
    assert_golden("frepo/label_margin_loss", numpy(aux[2]), LOSS)
    assert_golden("frepo/loss", numpy(loss), LOSS)
    assert_golden("frepo/grad_labels", numpy(gradients["labels"]), GRADIENT)
    check_memory_gradients("frepo", through_memory(gradients["videos"]))
