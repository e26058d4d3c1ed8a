"""The paper's networks: sizes, weights drawn afresh, calls with other weights, dropout."""

import keras
import numpy as np
import pytest
from derivatives import numpy
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from keras import ops
from network_cases import CLASSES, FRAMES, SIZE, WIDTH, inputs, small

from keras_vdd import models
from keras_vdd.backend import jit, value_and_grad
from keras_vdd.errors import UsageError


def test_parameter_counts():
    assert models.create("mini_c3d", 50, 16, 112, 128).count_params() == 3_647_666
    # 3 blocks of 3x3 to width, their norms, and a classifier of (112 / 2^3)^2 * width features.
    width = 5
    blocks = (27 + 1) * width + 2 * (9 * width + 1) * width + 3 * 2 * width
    assert models.create("convnet_d3", 7, 16, 112, width).count_params() == blocks + (14 * 14 * width + 1) * 7
    blocks += (9 * width + 1) * width + 2 * width
    assert models.create("convnet_d4", 7, 16, 112, width).count_params() == blocks + (7 * 7 * width + 1) * 7


@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.integers(1, 5), st.integers(1, 9), st.integers(8, 40), st.integers(1, 3))
def test_mini_c3d_takes_any_size(classes, frames, size, width):
    """Traced, not computed."""
    network = models.create("mini_c3d", classes, frames, size, width, stem=2)
    x = keras.KerasTensor((2, frames, size, size, 3))
    assert network.compute_output_spec(x).shape == (2, classes)
    features = keras.layers.Lambda(lambda x: network.embed(x)).compute_output_spec(x)
    assert features.shape == (2, np.prod(network.feature_shape))


@pytest.mark.parametrize("frames, size", [(1, 8), (5, 73)])
def test_mini_c3d_computes_at_odd_sizes(frames, size):
    network = models.create("mini_c3d", 2, frames, size, 2, stem=2)
    logits, features = jit(lambda x: (network.call(x), network.embed(x)))(inputs(network))
    assert numpy(logits).shape == (2, 2) and np.isfinite(numpy(logits)).all()
    assert numpy(features).shape == (2, np.prod(network.feature_shape))


@pytest.mark.parametrize("architecture, size", [("convnet_d3", 8), ("convnet_d3", 13), ("convnet_d4", 35)])
def test_convnets_compute_at_odd_sizes(architecture, size):
    network = small(architecture, size=size)
    logits, features = jit(lambda x: (network.call(x), network.embed(x)))(inputs(network))
    side = size // (8 if architecture == "convnet_d3" else 16)
    assert numpy(logits).shape == (2, CLASSES) and numpy(features).shape == (2, side * side * WIDTH)


def test_wrong_requests_are_refused():
    with pytest.raises(
        UsageError, match="network 'c3d' is unknown.*: choose one of convnet_d3, convnet_d4, .*, mini_c3d"
    ):
        models.create("c3d", 2, 4, 16)
    with pytest.raises(UsageError, match="16 pixels or more, got 15"):
        models.create("convnet_d4", 2, 4, 15)


@pytest.mark.parametrize("architecture", ["mini_c3d", "convnet_d3", "convnet_d4", "convnet_mean"])
def test_fresh_weights_have_the_references_distribution(architecture):
    network = models.create(architecture, CLASSES, FRAMES, SIZE, 32, stem=16)
    drawn = models.fresh_weights(network, np.random.default_rng(1))
    bound = None
    for variable, value in zip(network.trainable_variables, drawn, strict=True):
        assert value.shape == variable.shape and value.dtype == np.float32
        if variable.name in ("scale", "offset"):
            assert (value == (variable.name == "scale")).all()
            continue
        if variable.name == "kernel":  # A bias follows its kernel and has the same fan-in.
            bound = 1 / np.sqrt(np.prod(value.shape[:-1]))
        assert np.abs(value).max() <= bound
        if value.size > 1000:
            assert np.abs(value).max() > 0.98 * bound
            assert abs(value.std() - bound / np.sqrt(3)) < 0.05 * bound
    names = {v.name for v in network.trainable_variables}
    norms = set() if architecture == "mini_c3d" else {"scale", "offset"}
    assert names == {"kernel", "bias"} | norms


@pytest.mark.parametrize("architecture", ["mini_c3d", "convnet_d3"])
def test_apply_computes_with_other_weights_and_leaves_the_network(architecture):
    network, other = small(architecture), small(architecture)
    weights = models.fresh_weights(network, np.random.default_rng(0))
    other.set_weights(weights)
    before, x = network.get_weights(), inputs(network)
    tensors = models.as_weights(network, weights)

    def loss(weights, x):
        logits, features = (models.apply(network, weights, x, method=m) for m in ("call", "embed"))
        return ops.sum(logits**2), (logits, features, other.call(x), other.embed(x))

    (_, found), gradients = jit(value_and_grad(loss, has_aux=True))(tensors, x)
    logits, features, other_logits, other_features = numpy(found)
    np.testing.assert_allclose(logits, other_logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(features, other_features, rtol=1e-5, atol=1e-6)
    assert [tuple(g.shape) for g in gradients] == [w.shape for w in weights]
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_embed_then_classify_is_the_call():
    """With one position of space and time features are the head's input, in the same order everywhere."""
    network = models.create("mini_c3d", CLASSES, FRAMES, 8, WIDTH, stem=4)
    assert network.feature_shape == (1, 1, 1, WIDTH)
    x = inputs(network)
    logits, features = numpy(jit(lambda x: (network.call(x), network.embed(x)))(x))
    kernel, bias = numpy([network.head.kernel.value, network.head.bias.value])
    np.testing.assert_allclose(logits, features @ kernel.reshape(WIDTH, CLASSES) + bias, rtol=1e-5, atol=1e-6)


def test_dropout_draws_anew_with_each_state_of_its_generator():
    network = small()
    # Of the few features of so small a network, some weights leave none that dropout could change.
    network.set_weights(models.fresh_weights(network, np.random.default_rng(0)))
    x = inputs(network, n=8)
    generator = network.dropout.seed_generator
    assert generator is not None, "without a seed of its own torch draws the mask globally"

    def steps(x, state):
        def dropped(state):
            with keras.StatelessScope(state_mapping=[(generator.state, state)]) as scope:
                logits = network.classify(features, training=True)
            return logits, scope.get_current_value(generator.state)

        features = network._features(x)
        first, after = dropped(state)
        return first, after, dropped(state)[0], dropped(after)[0], network.classify(features), network.call(x)

    state = ops.convert_to_tensor(numpy(generator.state))
    first, after, again, second, kept, called = jit(steps)(x, state)
    assert not np.array_equal(numpy(after), numpy(state)), "the draw does not advance the state"
    np.testing.assert_array_equal(numpy(first), numpy(again))
    assert np.abs(numpy(first) - numpy(second)).max() > 1e-6
    assert np.abs(numpy(first) - numpy(kept)).max() > 1e-6
    np.testing.assert_allclose(numpy(kept), numpy(called), rtol=1e-6)


def test_a_dropout_mask_is_a_function_of_the_seed_given():
    network = small()
    weights = models.as_weights(network, models.fresh_weights(network, np.random.default_rng(0)))
    before, x = numpy(network.dropout.seed_generator.state.value), inputs(network, n=16)

    def logits(seed, training=True):
        return models.apply(network, weights, x, training=training, seed=seed)

    compiled = jit(logits)
    first, second = np.random.default_rng(1).integers(2**32, size=(2, 2), dtype=np.uint32)
    large = np.array([2**32 - 1, 2**31], np.uint32)
    found = [numpy(compiled(ops.convert_to_tensor(seed))) for seed in (first, first, second, large, large)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[3], found[4])
    assert min(np.abs(found[0] - found[k]).max() for k in (2, 3)) > 1e-6
    np.testing.assert_allclose(numpy(logits(first)), found[0], rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(numpy(network.dropout.seed_generator.state.value), before)
    still = [numpy(logits(seed, training=False)) for seed in (first, second, None)]
    np.testing.assert_array_equal(still[0], still[1])
    np.testing.assert_array_equal(still[0], still[2])
    assert np.abs(still[0] - found[0]).max() > 1e-6


def test_two_dropouts_of_a_network_draw_two_masks():
    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = (keras.layers.Dropout(0.5, seed=0) for _ in range(2))
            self.built = True

        def call(self, x, training=False):
            return ops.stack([self.first(x, training=training), self.second(x, training=training)])

    network, x = Twice(), ops.ones((1, 64))
    seed = np.array([2**32 - 1, 5], np.uint32)
    a, b = numpy(jit(lambda x: models.apply(network, [], x, training=True, seed=seed))(x))
    assert 10 < (a != b).sum() < 54
