"""The shim: gradients that nest, never a silent zero, and convolutions with right derivatives."""

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, correlate, numpy, tensor, wide
from keras import ops

from keras_vdd import backend
from keras_vdd.backend import DATA_FORMAT, convolution, jit, native_layout, scan, value_and_grad

BACKEND = keras.config.backend()
VALUES = np.array([0.5, -1.5, 2.0])


def test_constants_are_what_keras_takes():
    assert DATA_FORMAT in ("channels_last", "channels_first")
    assert backend.JIT_COMPILE in (True, False)
    assert numpy(ops.cast(VALUES, backend.WIDEST_FLOAT)).dtype == backend.WIDEST_FLOAT


@pytest.mark.parametrize("compiled", [False, True])
def test_gradient_of_a_tree(compiled):
    def loss(inputs, factor):
        return factor * ops.sum(inputs["a"] ** 2 * inputs["b"][0]) + ops.sum(inputs["b"][1])

    function = value_and_grad(loss)
    function = jit(function) if compiled else function
    inputs = tensor({"a": VALUES, "b": [VALUES + 1, VALUES * 2]}, "float32")
    value, gradients = function(inputs, ops.convert_to_tensor(3.0))
    assert np.isclose(numpy(value), 3 * np.sum(VALUES**2 * (VALUES + 1)) + np.sum(2 * VALUES))
    assert set(gradients) == {"a", "b"} and isinstance(gradients["b"], list)
    np.testing.assert_allclose(numpy(gradients["a"]), 6 * VALUES * (VALUES + 1), rtol=1e-6)
    np.testing.assert_allclose(numpy(gradients["b"][0]), 3 * VALUES**2, rtol=1e-6)
    np.testing.assert_allclose(numpy(gradients["b"][1]), np.ones(3), rtol=1e-6)


def test_has_aux_returns_what_is_not_differentiated():
    def loss(x):
        return ops.sum(x**2), {"double": 2 * x, "count": x.shape[0]}

    (value, aux), gradient = value_and_grad(loss, has_aux=True)(tensor(VALUES, "float32"))
    assert np.isclose(numpy(value), np.sum(VALUES**2))
    np.testing.assert_allclose(numpy(aux["double"]), 2 * VALUES)
    assert aux["count"] == 3
    np.testing.assert_allclose(numpy(gradient), 2 * VALUES)


def test_nests_to_the_third_derivative():
    first = value_and_grad(lambda x: ops.sum(x**4))
    second = value_and_grad(lambda x: ops.sum(first(x)[1] ** 2) / 2)  # 16 x^6 / 2
    third = value_and_grad(lambda x: ops.sum(second(x)[1]))  # 48 x^5
    with wide():
        x = tensor(VALUES)
        np.testing.assert_allclose(numpy(first(x)[1]), 4 * VALUES**3, rtol=1e-12)
        np.testing.assert_allclose(numpy(second(x)[1]), 48 * VALUES**5, rtol=1e-12)
        np.testing.assert_allclose(numpy(jit(third)(x)[1]), 240 * VALUES**4, rtol=1e-12)


def test_inner_gradient_stays_connected_to_the_outer_input():
    """The shape of DC: the inner gradient is to weights, the outer one to the data inside it."""

    def inner(weights, data):
        return ops.sum((weights["w"] * data) ** 2) / 2  # gradient w data^2

    def outer(data, weights):
        _, gradient = value_and_grad(inner)(weights, data)
        return ops.sum(gradient["w"])

    weights = {"w": tensor(np.array([2.0, 3.0, 4.0]), "float32")}
    value, gradient = jit(value_and_grad(outer))(tensor(VALUES, "float32"), weights)
    assert np.isclose(numpy(value), np.sum([2, 3, 4] * VALUES**2))
    np.testing.assert_allclose(numpy(gradient), 2 * np.array([2, 3, 4]) * VALUES, rtol=1e-6)


def test_the_same_tensor_as_two_inputs_has_two_gradients():
    x = tensor(VALUES, "float32")
    _, (a, b) = value_and_grad(lambda pair: ops.sum(pair[0] ** 2 + 3 * pair[1]))((x, x))
    np.testing.assert_allclose(numpy(a), 2 * VALUES)
    np.testing.assert_allclose(numpy(b), np.full(3, 3.0))


@pytest.mark.parametrize("nested", [False, True])
def test_an_unconnected_input_is_an_error_not_a_zero(nested):
    unconnected = value_and_grad(lambda pair: ops.sum(pair[0] ** 2))
    function = unconnected
    if nested:
        function = value_and_grad(lambda pair: ops.sum(unconnected(pair)[1][0]))
    pair = [tensor(VALUES, "float32"), tensor(VALUES, "float32")]
    if BACKEND == "jax":  # As documented: JAX cannot tell.
        np.testing.assert_array_equal(numpy(function(pair)[1][1]), np.zeros(3))
    else:
        with pytest.raises(ValueError, match="does not depend on every input"):
            function(pair)


@pytest.mark.skipif(BACKEND != "torch", reason="only torch keeps gradients on tensors")
def test_torch_tensors_and_variables_are_left_as_they_were():
    import torch

    x, other = torch.ones(3), torch.ones(3)
    variable = keras.Variable(np.ones(3, "float32"))
    second = value_and_grad(lambda v: ops.sum(value_and_grad(lambda u: ops.sum(u**3 * other))(v)[1] ** 2))
    for inputs in (x, variable.value):
        value, gradient = second(inputs)
        assert not value.requires_grad and not gradient.requires_grad
    assert not x.requires_grad and x.grad is None
    assert not other.requires_grad and other.grad is None
    assert variable.value.grad is None
    _, gradient = value_and_grad(lambda values: ops.sum(values[0] ** 2))([x])
    assert not gradient[0].requires_grad
    with torch.no_grad():  # Keras runs prediction so: gradients are still wanted where they are asked for.
        assert value_and_grad(lambda u: ops.sum(u**2))(x)[1].tolist() == [2, 2, 2]


CONVOLUTIONS = [
    ((7, 6), (3, 3), (1, 1), (1, 1)),
    ((9, 7), (3, 2), (2, 3), (0, 1)),
    ((8, 5), (5, 1), (2, 1), (2, 0)),
    ((4, 5, 6), (3, 3, 3), (1, 1, 1), (1, 1, 1)),
    ((3, 9, 7), (3, 7, 7), (1, 2, 2), (1, 3, 3)),
    ((5, 8, 11), (2, 3, 4), (2, 2, 3), (0, 1, 2)),
    ((4, 7, 7), (1, 1, 1), (1, 2, 2), (0, 0, 0)),
    ((1, 1, 1), (3, 7, 7), (1, 2, 2), (1, 3, 3)),
]


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("space, window, strides, padding", CONVOLUTIONS)
def test_convolution_and_its_derivatives(space, window, strides, padding, layout):
    """A convolution is bilinear, so the derivatives of half its square are convolutions themselves."""
    rng = np.random.default_rng(len(space) + sum(window))
    x, u, y = rng.standard_normal((3, 2, *space, 3))
    k, q = rng.standard_normal((2, *window, 3, 4))

    def conv(x, k):
        nothing = ops.zeros(4, k.dtype)
        if layout == "channels_first":
            return ops.moveaxis(
                convolution(ops.moveaxis(x, -1, 1), k, nothing, strides, padding, layout), 1, -1
            )
        return convolution(x, k, nothing, strides, padding, layout)

    def half_square(pair):
        return ops.sum(ops.square(conv(*pair))) / 2

    def along(pair, direction):  # sum(conv(x, k) * conv(u, k)): the first derivative to x, along u
        return ops.sum(value_and_grad(half_square)(pair)[1][0] * direction)

    def found(x, k, u):
        return conv(x, k), value_and_grad(half_square)((x, k))[1], value_and_grad(along)((x, k), u)

    with wide():
        if layout == "channels_first" and BACKEND != "torch":
            with pytest.raises(ValueError, match="channels last only"):
                found(tensor(x), tensor(k), tensor(u))
            return
        value, first, (slope, second) = numpy(jit(found)(tensor(x), tensor(k), tensor(u)))
    pairs = (x, k), (u, k), (y, k), (x, q), (u, q)
    xk, uk, yk, xq, uq = (correlate(a, b, strides, padding) for a, b in pairs)
    np.testing.assert_allclose(value, xk, rtol=1e-10, atol=1e-10)
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(np.sum(first[0] * y), np.sum(xk * yk), **close)
    np.testing.assert_allclose(np.sum(first[1] * q), np.sum(xk * xq), **close)
    np.testing.assert_allclose(slope, np.sum(xk * uk), **close)
    np.testing.assert_allclose(np.sum(second[0] * y), np.sum(yk * uk), **close)
    np.testing.assert_allclose(np.sum(second[1] * q), np.sum(xq * uk + xk * uq), **close)


@pytest.mark.parametrize("space, strides", [((5, 4), (1, 2)), ((3, 4, 4), (1, 1, 1)), ((3, 6, 4), (1, 2, 2))])
def test_convolution_adds_its_bias_and_differentiates_to_it_twice(space, strides):
    rng = np.random.default_rng(0)
    x, k = rng.standard_normal((2, *space, 3)), rng.standard_normal((*[3] * len(space), 3, 4))
    b = VALUES[:1] + np.arange(4)
    padding = (1,) * len(space)

    def half_square(b, x, k):
        return ops.sum(ops.square(convolution(x, k, b, strides, padding, "channels_last"))) / 2

    def half_norm(k, b, x):
        return ops.sum(ops.square(value_and_grad(half_square)(b, x, k)[1])) / 2

    with wide():
        b_, x_, k_ = tensor(b), tensor(x), tensor(k)
        _, to_bias = numpy(jit(value_and_grad(half_square))(b_, x_, k_))
        _, (mixed, twice) = numpy(jit(value_and_grad(lambda both: half_norm(both[0], both[1], x_)))((k_, b_)))
    y = correlate(x, k, strides, padding) + b
    sums = y.reshape(-1, 4).sum(0)
    np.testing.assert_allclose(to_bias, sums, rtol=1e-9)
    np.testing.assert_allclose(twice, len(y.reshape(-1, 4)) * sums, rtol=1e-9)
    probe = rng.standard_normal(k.shape)
    slope = correlate(x, probe, strides, padding).reshape(-1, 4).sum(0) @ sums
    np.testing.assert_allclose(np.sum(mixed * probe), slope, rtol=1e-9)


def test_convolution_takes_bfloat16():
    rng = np.random.default_rng(0)
    x, k, b = rng.standard_normal((2, 4, 9, 9, 3)), rng.standard_normal((3, 7, 7, 3, 4)) / 20, np.arange(4.0)
    narrow = [ops.convert_to_tensor(a, "bfloat16") for a in (x, k, b)]
    found = convolution(*narrow, (1, 2, 2), (1, 3, 3), "channels_last")
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    expected = correlate(x, k, (1, 2, 2), (1, 3, 3)) + b
    found = numpy(ops.cast(found, "float32"))
    assert np.linalg.norm(found - expected) < 0.02 * np.linalg.norm(expected)


def test_native_layout_changes_no_value():
    rng = np.random.default_rng(0)
    shapes = [(3, 3, 2, 4), (2, 3, 3, 2, 4), (4,), (5, 2)]
    weights = [rng.standard_normal(shape).astype("float32") for shape in shapes]
    once = native_layout([ops.convert_to_tensor(w) for w in weights])
    for before, after, again in zip(weights, once, native_layout(once)):
        np.testing.assert_array_equal(numpy(after), before)
        np.testing.assert_array_equal(numpy(again), before)


def test_jit_knows_every_shape():
    sizes = jit(lambda x: ops.reshape(x, (x.shape[0] * x.shape[1],)))
    for shape in ((3, 2), (1, 2), (4, 5)):
        assert numpy(sizes(tensor(np.ones(shape), "float32"))).shape == (np.prod(shape),)


def test_scan_carries_its_state_and_has_two_derivatives():
    xs = np.random.default_rng(0).standard_normal((4, 3))

    def loss(xs):
        zeros = ops.zeros_like(xs[0])

        def step(state, x):
            total, last = state
            return (total + x * last, ops.tanh(x)), total

        return ops.sum(scan(step, (zeros, zeros + 1), xs) ** 2)

    total, last, outputs = np.zeros(3), np.ones(3), []
    for x in xs:
        outputs.append(total)
        total, last = total + x * last, np.tanh(x)
    with wide():
        value, _ = jit(value_and_grad(loss))(tensor(xs))
        np.testing.assert_allclose(numpy(value), np.sum(np.square(outputs)), rtol=1e-12)

        def norm(xs):
            return ops.sum(value_and_grad(loss)(xs)[1] ** 2)

        assert_gradient(value_and_grad(norm), xs)
