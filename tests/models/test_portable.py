"""A saved classifier: Keras' own layers alone, the network's numbers, alike on every backend without this package."""

import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from keras_vdd import models
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import UsageError, VddError
from keras_vdd.installed import BACKENDS, installed
from keras_vdd.models.portable import (
    class_names_of,
    clip_shape,
    gives_probabilities,
    interval_of,
    portable,
    read_classifier,
)

# One is no name of a layer, one no name of a file, one is a number, and they are in no order.
NAMES = ("wave", "put [a thing] on/under é", "a.b", "007", "Clap")
SHAPE = (4, 16, 16, 3)
MEAN, STD, STATISTICS = (0.4, 0.5, 0.45), (0.25, 0.2, 0.3), (-0.3, 0.8)


@pytest.fixture(scope="module")
def network():
    network = models.create("mini_c3d", len(NAMES), SHAPE[0], SHAPE[1], width=8, stem=4)
    for variable, value in zip(
        network.trainable_variables, models.fresh_weights(network, np.random.default_rng(7))
    ):
        variable.assign(3 * value)
    return network


@pytest.fixture(scope="module")
def model(network):
    return portable(network, NAMES, SHAPE, MEAN, STD, STATISTICS, interval=3)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (6, *SHAPE), dtype=np.uint8)


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "x.keras"
    model.save(path)
    return path


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_it_is_the_network_behind_fixed_numbers(network, model, pixels):
    centre, deviation = STATISTICS
    logits = network.predict_on_batch((normalise(pixels, MEAN, STD) - centre) / deviation)
    found = model.predict_on_batch(pixels.astype("float32"))
    assert np.ptp(logits) > 0.5
    np.testing.assert_allclose(found, softmax(logits), rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
    np.testing.assert_array_equal(model.predict(pixels, verbose=0), model.predict(pixels * 1.0, verbose=0))


def test_a_prediction_does_not_depend_on_the_others_of_its_batch(model, pixels):
    whole = model.predict_on_batch(pixels.astype("float32"))
    alone = model.predict_on_batch(pixels[2:3].astype("float32"))
    with_noise = model.predict_on_batch(np.concatenate([pixels[2:3], 0 * pixels, 255 + 0 * pixels]) * 1.0)
    np.testing.assert_allclose(alone[0], whole[2], rtol=0, atol=1e-6)
    np.testing.assert_allclose(with_noise[0], whole[2], rtol=0, atol=1e-6)


def test_names_and_interval_are_said_and_outlive_another_saving(file, tmp_path):
    model = read_classifier(file)
    for _ in range(2):
        assert class_names_of(model) == NAMES == tuple(model.get_layer("class_names").output)
        assert (interval_of(model), clip_shape(model), gives_probabilities(model)) == (3, SHAPE, True)
        model.save(tmp_path / "again.keras")
        model = read_classifier(tmp_path / "again.keras")


def test_the_file_names_nothing_of_this_package(file):
    with zipfile.ZipFile(file) as archive:
        text = archive.read("config.json").decode()
    json.loads(text)
    assert "keras_vdd" not in text and 'registered_name": "keras' not in text


def test_weights_alone_are_saved_and_read(model, network, pixels, tmp_path):
    model.save_weights(tmp_path / "x.weights.h5")
    other = models.create("mini_c3d", len(NAMES), SHAPE[0], SHAPE[1], width=8, stem=4)
    again = portable(other, NAMES, SHAPE, MEAN, STD, STATISTICS, interval=3)
    before = again.predict_on_batch(pixels * 1.0)
    again.load_weights(tmp_path / "x.weights.h5")
    expected = model.predict_on_batch(pixels * 1.0)
    assert not np.allclose(before, expected, atol=1e-3)
    np.testing.assert_allclose(again.predict_on_batch(pixels * 1.0), expected, atol=1e-6)


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Keras exports a SavedModel from tensorflow"
)
def test_a_saved_model_is_exported_and_serves_alike(file, pixels, tmp_path):
    import tensorflow as tf

    plain = keras.models.load_model(file)
    plain.export(tmp_path / "served", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "served")
    served = loaded.serve(pixels.astype("float32"))
    expected = plain.predict_on_batch(pixels.astype("float32"))
    np.testing.assert_allclose(np.asarray(served), expected, rtol=0, atol=1e-5)


def test_what_was_learned_by_regression_gives_scores(network, pixels):
    model = portable(network, NAMES, SHAPE, MEAN, STD, STATISTICS, interval=3, probabilities=False)
    centre, deviation = STATISTICS
    logits = network.predict_on_batch((normalise(pixels, MEAN, STD) - centre) / deviation)
    np.testing.assert_allclose(model.predict_on_batch(pixels * 1.0), logits, rtol=1e-4, atol=1e-5)
    assert not gives_probabilities(model)


# In a process that has Keras, this backend and neither this package nor another backend.
ELSEWHERE = """
import sys
OTHERS = {"keras_vdd", "torch", "tensorflow", "jax"} - {sys.argv[1]}
class Finder:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, *more):
        return None if name in OTHERS else self.finder.find_spec(name, *more)
    def __getattr__(self, name):
        return getattr(self.finder, name)
sys.meta_path[:] = map(Finder, sys.meta_path)
import keras, numpy as np
assert keras.config.backend() == sys.argv[1]
model = keras.models.load_model("x.keras")
np.save(sys.argv[1] + ".npy", model.predict(np.load("pixels.npy"), verbose=0))
assert not OTHERS & sys.modules.keys()
print(list(model.get_layer("class_names").output))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_it_predicts_alike_on_every_backend_with_plain_keras(backend, file, model, pixels, tmp_path):
    if not installed(backend):
        pytest.skip(f"{backend} is not installed")
    (tmp_path / "x.keras").write_bytes(file.read_bytes())
    np.save(tmp_path / "pixels.npy", pixels)
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", ELSEWHERE, backend],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(list(NAMES))
    found = np.load(tmp_path / f"{backend}.npy")
    np.testing.assert_allclose(found, model.predict_on_batch(pixels * 1.0), rtol=0, atol=1e-4)


class Own(keras.layers.Layer):
    def call(self, x):
        return x


class Foreign(keras.Model):
    """A network without a stock form, or with one that is none."""

    def __init__(self, layer=None):
        super().__init__(name="foreign")
        if layer is not None:
            flat, dense = keras.layers.Flatten(), keras.layers.Dense(len(NAMES))
            self.as_stock = lambda x: dense(flat(layer(x)))


@pytest.mark.parametrize(
    "network, words",
    [
        (Foreign(), "The network 'foreign' has no form in Keras' own layers"),
        (
            Foreign(Own()),
            "as_stock of the network 'foreign' gives a layer 'Own', which is none of Keras' own",
        ),
    ],
)
def test_a_network_without_a_stock_form_is_refused(network, words):
    with pytest.raises(UsageError, match=words):
        portable(network, NAMES, SHAPE, MEAN, STD, STATISTICS, interval=3)


def test_what_is_no_classifier_is_one_sentence(tmp_path):
    plain = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(UsageError, match="does not say its classes"):
        class_names_of(plain)
    with pytest.raises(UsageError, match=r"looks at \(4, 4, 3\): it must look at one clip"):
        clip_shape(plain)
    for name, words in (("a.h5", "ends in .keras"), ("a.keras", "does not exist")):
        with pytest.raises(UsageError, match=words):
            read_classifier(tmp_path / name)
    (tmp_path / "b.keras").write_bytes(b"no archive")
    with pytest.raises(VddError, match="is damaged, or no .keras file"):
        read_classifier(tmp_path / "b.keras")
