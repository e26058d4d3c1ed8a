"""Keras sets seeds, saves and loads without importing TensorFlow, unless that is the backend."""

import sys

import keras
import pytest
from keras.src.utils import module_utils

from keras_vdd.backend.without_tensorflow import without_tensorflow
from keras_vdd.models.portable import read_classifier

OTHER = keras.config.backend() != "tensorflow"


def test_seeds_are_set_and_models_saved_and_loaded(tensorflow_is_left_alone, tmp_path):
    path = tmp_path / "x.keras"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    drawn = []
    for _ in range(2):
        with without_tensorflow():
            keras.utils.set_random_seed(3)
        drawn.append(float(keras.random.uniform(())))
    assert drawn[0] == drawn[1]
    with without_tensorflow():
        model.save(path)
    assert read_classifier(path).input_shape == (None, 2)


@pytest.mark.skipif(not OTHER, reason="it is the backend")
def test_afterwards_keras_looks_for_it_as_ever(tensorflow_is_left_alone, monkeypatch):
    with without_tensorflow():
        assert not module_utils.tensorflow.available
    with pytest.raises(pytest.fail.Exception):
        module_utils.tensorflow.available  # noqa: B018
    monkeypatch.setitem(sys.modules, "tensorflow", pytest)
    monkeypatch.setattr(module_utils.tensorflow, "initialize", lambda: None)
    with without_tensorflow():  # whoever imported it has use for it
        assert module_utils.tensorflow.available
