"""An architecture out of a `.keras` file, and files that are none."""

import keras
import numpy as np
import pytest

from keras_vdd import models
from keras_vdd.errors import UsageError
from keras_vdd.models.fresh import draws_of
from keras_vdd.models.portable import portable

CLASSES, FRAMES, SIZE = 3, 4, 16
SHAPE = (FRAMES, SIZE, SIZE, 3)


def small():
    return models.create("mini_c3d", CLASSES, FRAMES, SIZE, width=4, stem=4)


def opened(model, path):
    model.save(path)
    return models.create(str(path), CLASSES, FRAMES, SIZE)


def plain(*layers):
    return keras.Sequential([keras.Input(SHAPE), *layers])


def test_a_saved_classifier_is_its_network_again_to_be_drawn_anew(tmp_path):
    network = small()
    file = portable(network, ("a", "b", "c"), SHAPE, (0.5,) * 3, (0.2,) * 3, (0.1, 0.9), interval=2)
    again = opened(file, tmp_path / "x.keras")
    clips = np.random.default_rng(0).standard_normal((2, *SHAPE)).astype("float32")
    np.testing.assert_allclose(again.predict_on_batch(clips), network.predict_on_batch(clips), atol=1e-5)
    assert models.sample_shape(again) == SHAPE
    # The very draws of the network, in its order.
    drawn, expected = (models.fresh_weights(each, np.random.default_rng(3)) for each in (again, network))
    for one, other in zip(drawn, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_of_a_file_is_kept_as_a_file_again(tmp_path):
    network = opened(plain(keras.layers.Flatten(), keras.layers.Dense(CLASSES)), tmp_path / "x.keras")
    again = portable(network, ("a", "b", "c"), SHAPE, (0.0,) * 3, (1.0,) * 3, (0.0, 1.0), interval=2)
    again.save(tmp_path / "y.keras")
    loaded = keras.models.load_model(tmp_path / "y.keras")
    pixels = np.random.default_rng(0).uniform(0, 255, (2, *SHAPE)).astype("float32")
    logits = network.predict_on_batch(pixels / 255)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(loaded.predict_on_batch(pixels), expected, atol=1e-5)


def test_kernels_biases_and_norms_are_drawn(tmp_path):
    layers = (
        keras.layers.Conv3D(4, 3, strides=2), keras.layers.GroupNormalization(2), keras.layers.ReLU(),
        keras.layers.Flatten(), keras.layers.Dense(CLASSES),
    )  # fmt: skip
    network = opened(plain(*layers), tmp_path / "x.keras")
    names = [v.name for v in network.trainable_variables]
    draws = dict(
        zip(zip(names, map(tuple, (v.shape for v in network.trainable_variables))), draws_of(network))
    )
    assert names == ["kernel", "bias", "gamma", "beta", "kernel", "bias"]
    assert draws["kernel", (3, 3, 3, 3, 4)].bound == draws["bias", (4,)].bound != draws["bias", (3,)].bound
    assert draws["kernel", (3, 3, 3, 3, 4)].bound == pytest.approx(81**-0.5)
    gamma, beta = models.fresh_weights(network, np.random.default_rng(0))[2:4]
    assert (gamma == 1).all() and (beta == 0).all()


@pytest.mark.parametrize(
    "layers, words",
    [
        ([keras.layers.Flatten, lambda: keras.layers.Dense(2)], r"gives \(2,\) a clip, and the set has 3 classes"),
        ([keras.layers.Flatten, lambda: keras.layers.Dense(3, "softmax")], "ends in a softmax or sigmoid"),
        ([keras.layers.Flatten, lambda: keras.layers.Dense(3), keras.layers.Softmax], "ends in a softmax"),
        ([keras.layers.BatchNormalization, keras.layers.Flatten, lambda: keras.layers.Dense(3)], "moving_mean"),
        (
            [lambda: keras.layers.PReLU(shared_axes=(1, 2, 3, 4)), keras.layers.Flatten, lambda: keras.layers.Dense(3)],
            "does not say how the weight 'alpha'",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_from_new_weights_is_one_sentence(layers, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        opened(plain(*[layer() for layer in layers]), tmp_path / "x.keras")


def test_clips_of_another_size_are_named(tmp_path):
    plain(keras.layers.Flatten(), keras.layers.Dense(CLASSES)).save(tmp_path / "x.keras")
    words = "is for clips of 4 x 16 x 16 x 3, and the set's are of 8 x 16 x 16 x 3"
    with pytest.raises(UsageError, match=words):
        models.create(str(tmp_path / "x.keras"), CLASSES, 8, SIZE)
