"""Rounding to int8: levels and scales, the same to the last bit in numpy and on the backend."""

import numpy as np
import pytest
from derivatives import numpy, tensor
from keras import ops

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.errors import UsageError
from keras_vdd.memory import MEMORIES
from keras_vdd.memory.precision import (
    DTYPES,
    check_dtype,
    quantise,
    quantised,
    straight_through,
    value_bytes,
)


def items(seed=0, count=40, width=2500):
    rng = np.random.default_rng(seed)
    sizes = 10 ** rng.uniform(-3, 3, (count, 1))
    made = (sizes * rng.standard_normal((count, width))).astype(np.float32).reshape(count, 5, -1)
    made[1] = 0
    # Halves of levels: the scale of this item is 1/127 and its values are k/254.
    made[2].flat[:255] = np.arange(-127, 128, dtype=np.float32) / np.float32(254)
    made[2].flat[255:] = 1
    return made


def test_levels_are_the_nearest_and_the_largest_value_is_the_last_one():
    made = items()
    levels, scales = quantise(made)
    assert levels.dtype == scales.dtype == np.float32 and scales.shape == (len(made), 1, 1)
    np.testing.assert_array_equal(levels, np.rint(levels))
    largest = np.abs(made).max(axis=(1, 2), keepdims=True)
    np.testing.assert_array_equal(scales, largest / np.float32(127))
    np.testing.assert_array_equal(np.abs(levels).max(axis=(1, 2)), np.where(largest.ravel() > 0, 127, 0))
    error = np.abs(levels.astype(np.float64) * scales - made)
    # A boundary is rounded to float32 itself, at most 127.5 steps from zero.
    assert (error <= 0.5 * scales * (1 + 2e-5)).all()
    assert not levels[1].any() and not scales[1].any()


def test_rounding_twice_changes_nothing():
    made = items(1)[:, None]
    once = quantised(made)
    assert once.dtype == np.float32 and once.shape == made.shape
    np.testing.assert_array_equal(quantised(once), once)
    for one, other in zip(quantise(once[:, 0]), quantise(made[:, 0]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_scale_survives_a_second_rounding():
    """max / 127 for every float32 of one binary order, which is all of them but for the exponent."""
    largest = np.arange(2**23, 2**24, 5).astype(np.float32)[:, None]
    levels, scales = quantise(largest)
    assert (levels == 127).all()
    np.testing.assert_array_equal(quantise(levels * scales)[1], scales)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_backend_rounds_as_numpy_does(compiled):
    rounded = jit(straight_through) if compiled else straight_through
    for seed in range(8):
        made = items(seed)
        expected = quantised(made[:, None])[:, 0]
        found = numpy(rounded(tensor(made, "float32")))
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


def test_the_gradient_passes_straight_through():
    made = tensor(items()[:3], "float32")
    weight = np.random.default_rng(5).standard_normal(tuple(made.shape)).astype("float32")

    def loss(x):
        return ops.sum(straight_through(x) * tensor(weight, "float32"))

    _, gradient = jit(value_and_grad(loss))(made)
    np.testing.assert_array_equal(numpy(gradient), weight)


def test_what_diverged_stays_seen():
    made = items()[:3]
    made[0, 0, 0] = np.nan
    found = numpy(straight_through(ops.convert_to_tensor(made)))
    assert np.isnan(found[0]).any() and np.isfinite(found[1:]).all()


def test_storage_types_and_their_bytes():
    assert DTYPES == ("float32", "float16", "int8", "uint8")
    assert [value_bytes(dtype, 100, 3) for dtype in DTYPES] == [400, 200, 112, 100]
    assert (
        check_dtype("uint8", MEMORIES.get("still"))
        == check_dtype("uint8", MEMORIES.get("full-video"))
        == "uint8"
    )
    assert check_dtype("int8", MEMORIES.get("static-dynamic")) == "int8"
    with pytest.raises(UsageError, match="choose float32, float16 or int8"):
        check_dtype("uint8", MEMORIES.get("static-dynamic"))
    with pytest.raises(UsageError, match="'bfloat16' is unknown"):
        check_dtype("bfloat16")
