"""Recurrent layers against PyTorch's modules, to the second derivative, and a weighted sum over frames."""

import json

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, numpy, tensor, wide
from golden import recurrent as golden
from keras import ops
from reference import relative_error

from keras_vdd import layers
from keras_vdd.backend import jit, value_and_grad
from keras_vdd.models.fresh import draws_of

STORED = json.loads(golden.PATH.read_text(encoding="utf-8"))
KINDS = {"gru": layers.GRU, "lstm": layers.LSTM, "rnn": layers.RNN}


def turned(arrays):
    """PyTorch's arrays as ours: matrices have their outputs last; what has a time is left alone."""
    return {name: np.transpose(a) if np.ndim(a) == 2 else np.asarray(a) for name, a in arrays.items()}


def built(kind, dtype="float64"):
    layer = KINDS[kind](golden.UNITS, dtype=dtype)
    layer.build((None, golden.TIME, golden.INPUTS))
    return layer


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_and_two_derivatives_are_those_of_pytorch(kind):
    expected = STORED["layers"][kind]
    arrays = turned(golden.layer_inputs(kind))
    along = turned(
        {name: golden.direction(kind, name, a.shape) for name, a in golden.layer_inputs(kind).items()}
    )
    with wide():
        layer, target, along = built(kind), tensor(golden.layer_target()), tensor(along)
        names = [v.name for v in layer.trainable_variables]

        def loss(inputs):
            with keras.StatelessScope(state_mapping=[(v, inputs[v.name]) for v in layer.trainable_variables]):
                outputs = layer(inputs["x"])
            return ops.sum(outputs * target), outputs

        def projected(inputs):
            (_, outputs), gradient = value_and_grad(loss, has_aux=True)(inputs)
            return sum(ops.sum(gradient[n] * along[n]) for n in sorted(gradient)), (outputs, gradient)

        (_, (outputs, gradient)), second = numpy(jit(value_and_grad(projected, has_aux=True))(tensor(arrays)))
    assert sorted([*names, "x"]) == sorted(arrays) and outputs.dtype == np.float64
    assert relative_error(outputs, expected["outputs"]) < 1e-12
    for name in arrays:
        for found, stored in ((gradient, "gradient"), (second, "second")):
            wanted = turned(expected[stored])[name]
            assert found[name].shape == wanted.shape and found[name].dtype == np.float64
            assert relative_error(found[name], wanted) < 1e-11, f"{stored} of {name}"


@pytest.mark.skipif(keras.config.backend() != "torch", reason="PyTorch makes the values")
def test_the_stored_values_are_what_pytorch_gives():
    for kind in KINDS:
        again = golden.layer_values(kind)
        assert relative_error(again["outputs"], STORED["layers"][kind]["outputs"]) < 1e-12
        for part in ("gradient", "second"):
            for name, value in again[part].items():
                assert relative_error(value, STORED["layers"][kind][part][name]) < 1e-11


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_starts_as_in_pytorch(kind):
    layer = KINDS[kind](16)
    layer.build((None, 2, 300))
    assert {draw.bound for draw in draws_of(layer)} == {0.25}  # 1 / sqrt(units), the inputs' matrix too
    for weight in numpy([v.value for v in layer.trainable_variables]):
        assert np.abs(weight).max() <= 0.25
        # Of sixteen numbers, as a bias of the simplest kind has, all may be small.
        assert np.abs(weight).max() > 0.2 or weight.size == 16


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_depends_on_frames_up_to_its_own(kind):
    layer, rng = built(kind, "float32"), np.random.default_rng(0)
    x = rng.standard_normal((2, golden.TIME, golden.INPUTS)).astype("float32")
    other = x.copy()
    other[:, 2] += 1
    before, after = (numpy(layer(tensor(v, "float32"))) for v in (x, other))
    np.testing.assert_allclose(before[:, :2], after[:, :2], rtol=1e-6)
    assert np.abs(before[:, 2:] - after[:, 2:]).max(axis=(0, 2)).min() > 1e-4
    assert layer.compute_output_shape(x.shape) == before.shape
    assert KINDS[kind].from_config(layer.get_config()).units == golden.UNITS


def test_frame_weights_weigh_each_feature_and_frame():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 4)), rng.standard_normal(4)
    with wide():
        layer = layers.FrameWeights(dtype="float64")
        layer.build(x.shape)
        layer.set_weights([kernel, bias])
        found = numpy(layer(tensor(x)))
        assert layer.compute_output_shape(x.shape) == found.shape

        def norm(values):
            def loss(values):
                with keras.StatelessScope(state_mapping=list(zip(layer.trainable_variables, values[1:]))):
                    return ops.sum(ops.tanh(layer(values[0])))

            return sum(ops.sum(ops.square(g)) for g in value_and_grad(loss)(values)[1])

        assert_gradient(value_and_grad(norm), [x, kernel, bias])
    np.testing.assert_allclose(found, np.einsum("ntf,tf->nf", x, kernel) + bias, rtol=1e-12)


def test_frame_weights_are_drawn_from_a_normal_distribution():
    layer = layers.FrameWeights()
    layer.build((None, 16, 500))
    kernel, bias = (
        d(tuple(v.shape), np.random.default_rng(0)) for d, v in zip(draws_of(layer), layer.weights)
    )
    assert kernel.dtype == np.float32 and bias.shape == (500,)
    assert abs(kernel.std() - 1) < 0.02 and abs(kernel.mean()) < 0.03 and np.abs(kernel).max() > 3
