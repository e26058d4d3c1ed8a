"""Rounding to int8 and int4: levels and scales, the same to the last bit in numpy and on the backend."""

import math

import numpy as np
import pytest
from derivatives import numpy, tensor
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.storage.rounding import dequantise, quantise, quantised, straight_through
from keras_vdd.storage.storage_types import LEARNED_AS, STORAGE_TYPES

either = pytest.mark.parametrize("dtype", LEARNED_AS)


def items(seed=0, count=40, width=2500):
    rng = np.random.default_rng(seed)
    sizes = 10 ** rng.uniform(-3, 3, (count, 1))
    made = (sizes * rng.standard_normal((count, width))).astype(np.float32).reshape(count, 5, -1)
    made[1] = 0
    # Halves of levels: int8 has the scale 1/127 for this item, whose values are k/254; int4 1 for the next, of k/2.
    made[2].flat[:255] = np.arange(-127, 128, dtype=np.float32) / np.float32(254)
    made[2].flat[255:] = 1
    made[3].flat[:] = np.resize(np.arange(-14, 15, dtype=np.float32) / 2, width)
    # Rows of zeros beside others, and numbers beyond what float16 tells apart.
    made[4].flat[64:128] = 0
    made[5] *= np.float32(1e-9)
    return made


def rows_of(made, dtype):
    """Items with a row for each scale, (n, rows, values), zeros past the end."""
    flat, group = made.reshape(len(made), -1), STORAGE_TYPES[dtype].group or made[0].size
    padded = np.zeros((len(made), math.ceil(flat.shape[1] / group) * group), np.float32)
    padded[:, : flat.shape[1]] = flat
    return padded.reshape(len(made), -1, group)


@either
def test_levels_are_the_nearest_and_the_largest_value_is_the_last_one(dtype):
    made = items()
    levels, scales = quantise(made, dtype)
    rows, top = rows_of(made, dtype), STORAGE_TYPES[dtype].levels
    assert levels.dtype == scales.dtype == np.float32
    assert levels.shape == rows.shape and scales.shape == (*rows.shape[:2], 1)
    np.testing.assert_array_equal(levels, np.rint(levels))
    largest = np.abs(rows).max(axis=2, keepdims=True)
    exact = largest / np.float32(top)
    if dtype == "int8":
        np.testing.assert_array_equal(scales, exact)
    else:
        np.testing.assert_array_equal(scales, scales.astype(np.float16))
        expected = np.where(exact > 0, np.maximum(exact.astype(np.float16), np.float16(2**-14)), 0)
        np.testing.assert_array_equal(scales, expected)
    reached = np.where(exact >= 2**-14, top, 0) if dtype == "int4" else np.where(exact > 0, top, 0)
    assert (np.abs(levels).max(axis=2, keepdims=True) >= reached).all() and np.abs(levels).max() == top
    error = np.abs(levels.astype(np.float64) * scales - rows)
    # A boundary is rounded to float32 itself, at most 127.5 steps from zero.
    assert (error <= 0.5 * scales * (1 + 2e-5)).all()
    assert not levels[1].any() and not scales[1].any()
    np.testing.assert_array_equal(
        dequantise(levels, scales, made.shape[1:]), quantised(made[:, None], dtype)[:, 0]
    )


@either
def test_rounding_twice_changes_nothing(dtype):
    made = items(1)[:, None]
    once = quantised(made, dtype)
    assert once.dtype == np.float32 and once.shape == made.shape
    np.testing.assert_array_equal(quantised(once, dtype), once)


def test_every_scale_survives_a_second_rounding():
    """max / 127 for every float32 of one binary order, which is all of them but for the exponent."""
    largest = np.arange(2**23, 2**24, 5).astype(np.float32)[:, None]
    levels, scales = quantise(largest)
    assert (levels == 127).all()
    np.testing.assert_array_equal(quantise(levels * scales)[1], scales)


def test_scales_of_int4_are_those_of_float16():
    """max / 7 for float32 numbers of every order that float16 has, and ties between two of its numbers."""
    rng = np.random.default_rng(0)
    largest = (2.0 ** rng.uniform(-11, 18, 200_000)).astype(np.float32)[:, None]
    ties = (np.arange(2048, 4096) + 0.5).astype(np.float32)[:, None] * 7
    for made in (largest, ties):
        levels, scales = quantise(made, "int4")
        assert (levels[..., 0] == 7).all() and np.isfinite(scales.astype(np.float16)).all()
        np.testing.assert_array_equal(scales, scales.astype(np.float16))
        assert np.abs(scales / (made[:, None] / 7) - 1).max() <= 2**-11 * 1.001
        np.testing.assert_array_equal(quantise(levels * scales, "int4")[1], scales)


@pytest.mark.parametrize("compiled", [False, True])
@either
def test_the_backend_rounds_as_numpy_does(compiled, dtype):
    def rounded(made):
        return straight_through(made, dtype)

    for seed in range(8):
        made = items(seed, width=2500 if seed % 2 else 2505)
        found = numpy((jit(rounded) if compiled else rounded)(tensor(made, "float32")))
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, quantised(made[:, None], dtype)[:, 0])


@either
def test_the_gradient_passes_straight_through(dtype):
    made = tensor(items()[:6], "float32")
    weight = np.random.default_rng(5).standard_normal(tuple(made.shape)).astype("float32")

    def loss(x):
        return ops.sum(straight_through(x, dtype) * tensor(weight, "float32"))

    _, gradient = jit(value_and_grad(loss))(made)
    np.testing.assert_array_equal(numpy(gradient), weight)


@either
def test_what_diverged_stays_seen(dtype):
    made = items()[:3]
    made[0, 0, 0] = np.nan
    found = numpy(straight_through(ops.convert_to_tensor(made), dtype))
    assert np.isnan(found[0]).any() and np.isfinite(found[1:]).all()


@either
@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    count=st.integers(1, 3),
    size=st.floats(-20, 15),
    seed=st.integers(0, 99),
)
def test_any_shape_is_stored_and_comes_back_as_it_was_rounded(dtype, shape, count, size, seed):
    made = (10**size * np.random.default_rng(seed).standard_normal((count, *shape))).astype(np.float32)
    made[np.abs(made) > 7 * 65504] = 0
    kind = STORAGE_TYPES[dtype]
    values, scales = kind.encode(made, None, None)
    assert values.shape == (count, *kind.shape(shape)) and values.dtype == kind.number
    assert scales.shape == (count, *kind.scale_shape(shape)) and scales.dtype == kind.scale
    assert values.nbytes + scales.nbytes == count * kind.nbytes(shape)
    back = kind.decode(values, scales, tuple(shape), None, None)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, quantised(made[None], dtype)[0])
    np.testing.assert_array_equal(kind.decode(values.ravel(), scales.ravel(), tuple(shape), None, None), back)
