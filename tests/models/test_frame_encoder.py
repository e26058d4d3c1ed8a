"""ConvNet on frames with a head over time, against the same networks of PyTorch's modules."""

import json

import numpy as np
import pytest
from derivatives import in_float64, numpy, tensor, wide
from golden import recurrent as golden
from reference import relative_error

from keras_vdd import models
from keras_vdd.backend import jit
from keras_vdd.errors import UsageError
from keras_vdd.matching.gradient import gradient_matching

STORED = json.loads(golden.PATH.read_text(encoding="utf-8"))["networks"]
SIDE = golden.CROP // 8
# The networks whose features are those of frames, flattened from (height, width, channels) and not channels first.
PER_FEATURE = ("mlp", "mean")


def features_last(x):
    """The last axis, PyTorch's features of a frame, in our order."""
    shape = np.shape(x)
    x = np.reshape(x, (*shape[:-1], golden.WIDTH, SIDE, SIDE))
    return np.moveaxis(x, -3, -1).reshape(shape)


def our_weights(network, kind):
    """The golden weights in our layouts and in the order of the network's."""
    given = golden.network_weights(kind)

    def of(variable):
        layer, name = variable.path.split("/")[-2:]
        part = {"kernel": "weight", "scale": "weight", "bias": "bias", "offset": "bias"}.get(name)
        if layer.startswith("conv"):
            value = given[f"features.{4 * int(layer[4:])}.{part}"]
            return value if value.ndim == 1 else value.transpose(2, 3, 1, 0)
        if layer.startswith("norm"):
            return given[f"features.{4 * int(layer[4:]) + 1}.{part}"]
        if layer == "classifier":
            value = given[f"classifier.{part}"]
            value = features_last(value) if kind in PER_FEATURE and value.ndim == 2 else value
            return value if value.ndim == 1 else value.T[None, None]
        if layer == "frame_weights":
            return features_last(given[f"temporal.{part}"].T)
        value = given[f"temporal.{name}_l0"]
        value = features_last(value) if name == "weight_ih" else value
        return value if value.ndim == 1 else value.T

    return [np.ascontiguousarray(of(v)) for v in network.trainable_variables]


def made(kind):
    return models.create(f"convnet_{kind}", golden.CLASSES, golden.FRAMES, golden.SIZE, golden.WIDTH)


@pytest.mark.parametrize("kind", golden.HEADS)
def test_features_logits_and_gradient_matching_are_those_of_pytorch(kind):
    expected = STORED[kind]
    real, synthetic = golden.clips("real", 2), golden.clips("synthetic", 1)
    with wide():
        network = in_float64(made(kind))
        weights = tensor(our_weights(network, kind))

        def look(weights, x):
            return [models.apply(network, weights, x, method=method) for method in ("embed", "call")]

        features, logits = numpy(jit(look)(weights, tensor(real[:, 0])))
        match = jit(lambda *arrays: gradient_matching(network, *arrays))
        loss, gradient = numpy(match(weights, tensor(real), tensor(synthetic)))
    if kind in PER_FEATURE:
        features = (
            features.reshape(-1, SIDE, SIDE, golden.WIDTH).transpose(0, 3, 1, 2).reshape(features.shape)
        )
    if len(expected["features"]) == golden.CLASSES and np.ndim(expected["features"]) == 1:
        features = golden.probes(features)
    assert logits.dtype == gradient.dtype == np.float64
    assert relative_error(features, expected["features"]) < 1e-10
    assert relative_error(logits, expected["logits"]) < 1e-10
    assert relative_error(loss, expected["dc_loss"]) < 1e-8
    assert relative_error(golden.probes(gradient), expected["dc_gradient"]) < 1e-7
    outside = np.ones((golden.SIZE, golden.SIZE), bool)
    start = (golden.SIZE - golden.CROP) // 2
    outside[start : start + golden.CROP, start : start + golden.CROP] = False
    assert not gradient[:, :, :, outside].any(), "what is cropped off has a gradient"


@pytest.mark.parametrize(
    "kind, size, width, hidden",
    [
        ("gru", 112, 128, 1024),
        ("rnn", 64, 128, 1024),
        ("lstm", 32, 8, 128),
        ("gru", 23, 8, 4),
        ("rnn", 8, 4, 1),
    ],
)
def test_hidden_sizes_follow_the_features_of_a_frame(kind, size, width, hidden):
    network = models.create(f"convnet_{kind}", 2, 3, size, width)
    assert network.feature_shape == (hidden,)
    side = min(size, 64) // 8
    assert network.temporal.weight_ih.shape[0] == side * side * width


def test_parameters_of_the_papers_gru_network():
    features, hidden = 8 * 8 * 128, 1024
    blocks = (27 + 1) * 128 + 2 * (9 * 128 + 1) * 128 + 3 * 2 * 128
    gru = 3 * hidden * (features + hidden + 2)
    assert models.create("convnet_gru", 50, 16, 112).count_params() == blocks + gru + (hidden + 1) * 50


def test_frames_of_less_than_eight_pixels_are_refused():
    with pytest.raises(UsageError, match="8 pixels or more, got 7"):
        models.create("convnet_gru", 2, 4, 7)


@pytest.mark.parametrize(
    "kind, ordered", [("gru", True), ("lstm", True), ("rnn", True), ("mlp", True), ("mean", False)]
)
def test_only_a_mean_does_not_tell_the_order_of_frames(kind, ordered):
    network = models.create(f"convnet_{kind}", 2, 4, 16, 4)
    weights = models.as_weights(network, models.fresh_weights(network, np.random.default_rng(0)))
    x = np.random.default_rng(1).standard_normal((2, 4, 16, 16, 3)).astype("float32")
    look = jit(lambda x: models.features(network, weights, x))
    forward, backward = (numpy(look(tensor(v, "float32"))) for v in (x, x[:, ::-1]))
    assert (np.abs(forward - backward).max() > 1e-4) == ordered
