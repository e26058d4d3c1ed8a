"""What holds for every network: shapes, draws of all weights, second derivatives, precision, files."""

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, numpy, tensor, wide
from keras import ops
from network_cases import CLASSES, FRAMES, NAMES, SIZE, STEM, WIDTH, inputs, small

from keras_vdd import models
from keras_vdd.backend import jit, native_layout, value_and_grad
from keras_vdd.layers import Uniform
from keras_vdd.models.fresh import draws_of

pytestmark = pytest.mark.parametrize("name", NAMES)


def test_logits_and_features_have_the_shapes_it_says(name):
    network = small(name)
    record = models.NETWORKS.get(name)
    assert (record.name, hasattr(network, "frames")) == (name, record.input == "clips")
    logits, features = jit(lambda x: (network.call(x), network.embed(x)))(inputs(network))
    assert numpy(logits).shape == (2, CLASSES) and np.isfinite(numpy(logits)).all()
    assert numpy(features).shape == (2, np.prod(network.feature_shape))


def test_width_is_that_of_the_widest_layers(name):
    narrow, wide_ = (models.create(name, CLASSES, FRAMES, SIZE, width, stem=2) for width in (2, 6))
    assert 3 * narrow.feature_shape[-1] == wide_.feature_shape[-1]
    assert 6 in {layer.filters for layer in wide_._flatten_layers() if hasattr(layer, "filters")}


def test_every_weight_is_drawn_as_its_layer_says(name):
    network = models.create(name, CLASSES, FRAMES, SIZE, 32, 16)
    drawn = models.fresh_weights(network, np.random.default_rng(1))
    again = models.fresh_weights(small_with(network, name), np.random.default_rng(1))
    for variable, draw, value, other in zip(
        network.trainable_variables, draws_of(network), drawn, again, strict=True
    ):
        assert value.shape == variable.shape and value.dtype == np.float32
        np.testing.assert_array_equal(value, other)
        if isinstance(draw, Uniform):
            assert np.abs(value).max() <= draw.bound
            if value.size > 1000:
                assert abs(value.std() - draw.bound / np.sqrt(3)) < 0.05 * draw.bound


def small_with(network, name):
    """The same network, built again."""
    again = models.create(name, CLASSES, FRAMES, SIZE, 32, 16)
    again.set_weights([w + 1 for w in network.get_weights()])
    return again


def test_gradients_of_weight_gradients_are_right(name):
    with wide():
        network = in_float64(small(name))
        rng = np.random.default_rng(0)
        weights = models.fresh_weights(network, rng)
        directions = tensor([rng.standard_normal(w.shape) for w in weights])
        weights = tensor(weights)
        # TensorFlow has no average pool of clips in float64: there features are looked at, and not the logits.
        method = "embed" if hasattr(network, "frames") and keras.config.backend() == "tensorflow" else "call"

        def projected(x):
            def loss(weights):
                squares = sum(ops.sum(w**2) for w in weights)
                return ops.mean(models.apply(network, weights, x, method) ** 2) + squares

            _, gradients = value_and_grad(loss)(weights)
            return sum(ops.sum(g * d) for g, d in zip(gradients, directions))

        assert_gradient(value_and_grad(projected), rng.standard_normal((2, *models.sample_shape(network))))


def test_bfloat16_is_for_computing_only(name):
    policy = keras.config.dtype_policy().name
    narrow, exact = small(name, "bfloat16"), small(name)
    assert keras.config.dtype_policy().name == policy
    assert {v.dtype for v in narrow.weights if v.trainable} == {"float32"}
    narrow.set_weights(exact.get_weights())
    x = inputs(narrow)
    weights = native_layout([v.value for v in narrow.trainable_variables])

    def loss(weights, x):
        logits = models.apply(narrow, weights, x)
        return ops.mean(logits**2), (logits, exact.call(x))

    (_, (logits, reference)), gradients = jit(value_and_grad(loss, has_aux=True))(weights, x)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    logits, reference = numpy([logits, reference])
    assert 0 < np.linalg.norm(logits - reference) < 0.05 * np.linalg.norm(reference)
    assert {keras.backend.standardize_dtype(g.dtype) for g in gradients} == {"float32"}


def test_a_keras_file_brings_the_same_network_back(name, tmp_path):
    network = models.create(name, CLASSES, FRAMES, SIZE, WIDTH, STEM)
    network.save(tmp_path / "n.keras")
    again = keras.models.load_model(tmp_path / "n.keras")
    assert type(again) is type(network) and again.get_config() == network.get_config()
    for before, after in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    x = inputs(network)
    logits = jit(lambda x: (network.call(x), again.call(x)))(x)
    np.testing.assert_allclose(*numpy(logits), rtol=1e-6)


def test_keras_own_layers_give_the_same_logits(name):
    network = small(name)
    for variable in network.trainable_variables:
        variable.assign(variable + 0.1)
    clips = keras.Input(models.sample_shape(network))
    stock = keras.Model(clips, network.as_stock(clips))
    assert {type(layer).__module__.split(".")[0] for layer in stock.layers} == {"keras"}
    x = inputs(network)
    logits = jit(lambda x: (network.call(x), stock(x)))(x)
    np.testing.assert_allclose(*numpy(logits), rtol=1e-4, atol=1e-5)
