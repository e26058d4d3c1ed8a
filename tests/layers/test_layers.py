"""The project's own layers: values, first and second derivatives, serialisation, mixed precision."""

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, correlate, numpy, tensor, wide
from keras import ops

from keras_vdd.backend import DATA_FORMAT, jit, value_and_grad
from keras_vdd.layers import Conv2D, Conv3D, InstanceNorm, Integrator, MaxPool3D
from keras_vdd.layers.convolution import live_taps

LAYOUTS = ["channels_last"] if DATA_FORMAT == "channels_last" else ["channels_last", "channels_first"]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def in_layout(layer, x):
    """Call a layer on channels-last data, whatever its layout."""
    if layer.data_format == "channels_last":
        return layer(x)
    return ops.moveaxis(layer(ops.moveaxis(x, -1, 1)), 1, -1)


def build(layer, x):
    """Build a layer for channels-last data and fill its weights, which must not be ones and zeros."""
    shape = x.shape if layer.data_format == "channels_last" else (x.shape[0], x.shape[-1], *x.shape[1:-1])
    layer.build(shape)
    for index, variable in enumerate(layer.trainable_variables):
        variable.assign(1 + 0.5 * draw(*variable.shape, seed=index))
    return layer


CONVOLUTIONS = [
    (Conv2D, (2, 7, 6, 3), {"kernel_size": (3, 3), "padding": (1, 1)}),
    (Conv2D, (2, 7, 8, 3), {"kernel_size": (3, 2), "strides": (2, 3), "padding": (1, 0)}),
    (Conv3D, (2, 3, 7, 6, 2), {"kernel_size": (3, 7, 7), "strides": (1, 2, 2), "padding": (1, 3, 3)}),
    (Conv3D, (2, 3, 4, 4, 2), {"kernel_size": (1, 1, 1)}),
    # Smaller than the kernel: part of it, or all but one number, meets only padding.
    (Conv3D, (2, 3, 2, 2, 2), {"kernel_size": (3, 7, 7), "strides": (1, 2, 2), "padding": (1, 3, 3)}),
    (Conv3D, (2, 1, 1, 1, 2), {"kernel_size": (3, 7, 7), "strides": (1, 2, 2), "padding": (1, 3, 3)}),
    (Conv2D, (2, 2, 9, 3), {"kernel_size": (7, 3), "padding": (3, 0)}),
    (Conv2D, (2, 1, 2, 3), {"kernel_size": (5, 6), "strides": (3, 4), "padding": (4, 5)}),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind, shape, options", CONVOLUTIONS)
def test_convolution_values(kind, shape, options, layout):
    x = draw(*shape)
    with wide():
        layer = build(kind(4, **options, data_format=layout, dtype="float64"), x)
        found = numpy(in_layout(layer, tensor(x)))
        expected = correlate(x, numpy(layer.kernel), layer.strides, layer.padding) + numpy(layer.bias)
        assert numpy(layer.kernel).shape == (*layer.kernel_size, shape[-1], 4)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    place = shape if layout == "channels_last" else (shape[0], shape[-1], *shape[1:-1])
    computed = layer.compute_output_shape(place)
    assert sorted(computed) == sorted(found.shape) and computed[0] == shape[0]


def test_live_taps_are_those_that_meet_the_input():
    window, strides, padding = (3, 7, 7), (1, 2, 2), (1, 3, 3)
    assert live_taps((1, 1, 1), window, strides, padding) == (
        (slice(1, 2), slice(3, 4), slice(3, 4)),
        (0, 0, 0),
    )
    assert live_taps((8, 2, 2), window, strides, padding) == (
        (slice(0, 3), slice(3, 5), slice(3, 5)),
        (1, 0, 0),
    )
    # Six of seven taps each way: more than half of the kernel, which is then kept whole.
    assert live_taps((4, 4, 4), window, strides, padding) == (None, padding)
    assert live_taps((None, None, None), window, strides, padding) == (None, padding)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize(
    "window, stride, padding", [(7, 2, 3), (5, 1, 2), (6, 4, 5), (5, 3, 4), (4, 3, 0), (9, 1, 8)]
)
def test_live_taps_leave_out_none_that_counts(window, stride, padding, size):
    if size + 2 * padding < window:
        return
    x, kernel = np.ones((1, size, 1)), np.arange(1.0, window + 1)[:, None, None]
    taps, inner = live_taps((size,), (window,), (stride,), (padding,))
    whole = correlate(x, kernel, (stride,), (padding,))
    np.testing.assert_array_equal(correlate(x, kernel[taps or slice(None)], (stride,), inner), whole)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_pixel_a_side_has_right_gradients_in_bfloat16(layout):
    """Trap: torch on CPU leaves the gradient unwritten of taps that meet nothing but padding."""
    x = draw(4, 4, 1, 1, 32).astype("float32")
    layer = build(Conv3D(32, (3, 7, 7), (1, 2, 2), (1, 3, 3), data_format=layout, dtype="mixed_bfloat16"), x)

    def loss(weights):
        with keras.StatelessScope(state_mapping=list(zip(layer.trainable_variables, weights))):
            return ops.sum(ops.square(ops.cast(in_layout(layer, ops.cast(x, "bfloat16")), "float32")))

    _, (kernel, _) = value_and_grad(loss)([ops.convert_to_tensor(v) for v in layer.trainable_variables])
    gradient = numpy(kernel)
    assert np.abs(gradient[:, 3, 3]).min() > 0
    gradient[:, 3, 3] = 0
    np.testing.assert_array_equal(gradient, 0)


def test_convolution_starts_from_the_references_bounds():
    keras.utils.set_random_seed(0)  # of 64 numbers, all are small once in a thousand times
    layer = Conv3D(64, (3, 7, 7))
    layer.build((None, 4, 9, 9, 3))
    bound = 1 / np.sqrt(3 * 3 * 7 * 7)
    for weight in numpy([layer.kernel.value, layer.bias.value]):
        assert np.abs(weight).max() <= bound and np.abs(weight).max() > 0.9 * bound
    kernel = numpy(layer.kernel)
    assert abs(kernel.std() - bound / np.sqrt(3)) < 0.02 * bound and abs(kernel.mean()) < 0.02 * bound


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("space", [(5, 4), (3, 4, 5)])
def test_instance_norm_values(space, layout):
    x = 3 + 2 * draw(2, *space, 3)
    with wide():
        layer = build(InstanceNorm(data_format=layout, dtype="float64"), x)
        found = numpy(in_layout(layer, tensor(x)))
        scale, offset = numpy(layer.scale), numpy(layer.offset)
    axes = tuple(range(1, x.ndim - 1))
    normal = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    np.testing.assert_allclose(found, normal * scale + offset, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "pool, space", [((1, 2, 2), (3, 4, 4)), ((2, 2, 2), (5, 7, 6)), ((2, 3, 2), (4, 6, 5))]
)
def test_max_pool_values_drop_incomplete_windows(pool, space, layout):
    x = draw(2, *space, 3)
    layer = MaxPool3D(pool, data_format=layout)
    found = numpy(in_layout(layer, tensor(x, "float32")))
    t, h, w = (n // p for n, p in zip(space, pool))
    windows = x[:, : t * pool[0], : h * pool[1], : w * pool[2]]
    windows = windows.reshape(2, t, pool[0], h, pool[1], w, pool[2], 3)
    np.testing.assert_allclose(found, windows.max((2, 4, 6)), rtol=1e-6)
    assert MaxPool3D(pool).compute_output_shape(x.shape) == found.shape


@pytest.mark.parametrize(
    "space, pooled", [((1, 6, 6), (1, 3, 3)), ((4, 1, 1), (2, 1, 1)), ((1, 1, 3), (1, 1, 1))]
)
def test_max_pool_windows_never_exceed_their_input(space, pooled):
    x = draw(2, *space, 3)
    found = numpy(MaxPool3D((2, 2, 2))(tensor(x, "float32")))
    assert found.shape == (2, *pooled, 3) == MaxPool3D((2, 2, 2)).compute_output_shape(x.shape)
    assert np.isin(found, x.astype("float32")).all()


def test_max_pool_time_is_one_or_two():
    with pytest.raises(ValueError, match="time 1 or 2"):
        MaxPool3D((3, 2, 2))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("gap", [1e-6, 3e-6, 9e-6])
@pytest.mark.parametrize("compiled", [False, True])
def test_max_pool_near_ties_give_the_gradient_to_one_input(gap, compiled, layout):
    """Trap: TensorFlow's own 3-D max pooling gives it to the runner-up as well, outside of a graph."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 0.5, (8, 4, 8, 8, 4)).astype("float32")
    view = x.reshape(8, 2, 2, 4, 2, 4, 2, 4).transpose(0, 1, 3, 5, 7, 2, 4, 6)  # a copy: windows last
    windows = view.reshape(*view.shape[:5], 8).copy()
    first, second = rng.permuted(np.tile(np.arange(8), (windows[..., 0].size, 1)), axis=1)[:, :2].T
    flat = windows.reshape(-1, 8)
    rows = np.arange(len(flat))
    flat[rows, first], flat[rows, second] = 1.0, np.float32(1 - gap)
    weight = rng.uniform(1, 2, len(flat)).astype("float32").reshape(windows.shape[:5])
    ordered = flat.reshape(view.shape).transpose(0, 1, 5, 2, 6, 3, 7, 4).reshape(x.shape)
    pool = MaxPool3D((2, 2, 2), data_format=layout)
    share = tensor(weight, "float32")
    function = value_and_grad(lambda v: ops.sum(in_layout(pool, v) * share))
    _, gradient = (jit(function) if compiled else function)(tensor(ordered, "float32"))
    gradient = numpy(gradient).reshape(8, 2, 2, 4, 2, 4, 2, 4)
    gradient = gradient.transpose(0, 1, 3, 5, 7, 2, 4, 6).reshape(-1, 8)
    expected = np.zeros_like(gradient)
    expected[rows, first] = weight.ravel()
    np.testing.assert_array_equal(gradient, expected)


def test_integrator_values():
    static, dynamic = draw(2, 5, 4, 3), draw(2, 3, 5, 4, 1, seed=1)
    with wide():
        layer = Integrator(dtype="float64")
        found = numpy(layer(tensor(static), tensor(dynamic)))
        kernel, bias = numpy(layer.kernel), numpy(layer.bias)
    joined = np.concatenate([np.repeat(static[:, None], 3, axis=1), dynamic], axis=-1)
    np.testing.assert_allclose(found, correlate(joined, kernel, (1, 1, 1), (1, 1, 1)) + bias, atol=1e-9)
    assert kernel.size + bias.size == 327
    assert layer.compute_output_shape(static.shape, dynamic.shape) == found.shape


LAYERS = {
    "conv2d": (lambda: Conv2D(3, (3, 3), padding=(1, 1), dtype="float64"), (2, 5, 4, 2)),
    "conv3d": (
        lambda: Conv3D(3, (3, 3, 3), strides=(1, 2, 2), padding=(1, 1, 1), dtype="float64"),
        (2, 2, 5, 4, 2),
    ),
    "conv3d small": (
        lambda: Conv3D(3, (3, 7, 7), strides=(1, 2, 2), padding=(1, 3, 3), dtype="float64"),
        (2, 2, 2, 1, 2),
    ),
    "norm": (lambda: InstanceNorm(dtype="float64"), (2, 4, 3, 2)),
    "norm3d": (lambda: InstanceNorm(dtype="float64"), (2, 2, 3, 4, 2)),
    "pool": (lambda: MaxPool3D((2, 2, 2), dtype="float64"), (2, 4, 5, 4, 2)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", LAYERS)
def test_second_derivatives_against_central_differences(name, layout):
    """The gradient of a weighted squared gradient norm, as DC takes it: to the data and to the weights."""
    make, shape = LAYERS[name]
    with wide():
        layer = make()
        layer.data_format = layout
        build(layer, draw(*shape))
        weights = [numpy(v) / 2 for v in layer.trainable_variables]
        shares = [tensor(1 + draw(*v.shape, seed=9) ** 2) for v in (draw(*shape), *weights)]
        target = tensor(draw(*numpy(in_layout(layer, tensor(draw(*shape)))).shape, seed=5))

        def loss(inputs):
            with keras.StatelessScope(state_mapping=list(zip(layer.trainable_variables, inputs["weights"]))):
                return ops.sum(ops.tanh(in_layout(layer, inputs["x"])) * target)

        def norm(inputs):
            # Unequal shares: a normalised input's gradient sums to zero, which would hide a wrong mean.
            gradients = value_and_grad(loss)(inputs)[1]
            gradients = [gradients["x"], *gradients["weights"]]
            return sum(ops.sum(s * ops.square(g)) for s, g in zip(shares, gradients, strict=True))

        assert_gradient(value_and_grad(norm), {"x": draw(*shape), "weights": weights})


def all_layers(layout):
    return [
        Conv3D(4, (3, 3, 3), strides=(1, 2, 2), padding=(1, 1, 1), data_format=layout, name="conv"),
        InstanceNorm(epsilon=1e-3, data_format=layout, name="norm"),
        MaxPool3D((2, 2, 2), data_format=layout, name="pool"),
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layers_survive_a_keras_file(tmp_path, layout):
    shape = (4, 8, 8, 3) if layout == "channels_last" else (3, 4, 8, 8)
    model = keras.Sequential([keras.Input(shape), *all_layers(layout)])
    x = draw(2, *shape).astype("float32")
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(numpy(again(x)), numpy(model(x)))
    for before, after in zip(model.layers, again.layers):
        assert type(after) is type(before) and after.get_config() == before.get_config()


def test_layers_and_the_integrator_come_back_from_their_configuration():
    for layer in [*all_layers("channels_last"), Conv2D(2, (3, 3), strides=(2, 1)), Integrator(name="h")]:
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config() and again.name == layer.name


def test_a_wrong_number_of_dimensions_is_refused():
    with pytest.raises(ValueError, match="3 numbers each"):
        Conv3D(4, (3, 3))


def test_mixed_precision_computes_narrow_and_keeps_weights_wide():
    x = draw(2, 4, 8, 8, 3).astype("float32")
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        narrow = all_layers("channels_last")
    finally:
        keras.config.set_dtype_policy(policy)
    out = x
    for layer in narrow:
        out = layer(out)
    assert keras.backend.standardize_dtype(out.dtype) == "bfloat16"
    assert {v.dtype for layer in narrow for v in layer.weights} == {"float32"}
    wide_out = x
    for layer, reference in zip(narrow, all_layers("channels_last")):
        reference.build(wide_out.shape)
        reference.set_weights(layer.get_weights())
        wide_out = reference(wide_out)
    out, wide_out = numpy(ops.cast(out, "float32")), numpy(wide_out)
    assert np.linalg.norm(out - wide_out) < 0.03 * np.linalg.norm(wide_out)
