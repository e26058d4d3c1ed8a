"""Linear enlargement against closed forms and the definition written out sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_vdd.errors import UsageError
from keras_vdd.temporal import interpolation_matrix
from keras_vdd.temporal.upsampling import axis_matrices, upsample


def axis_matrix(small, large):
    return interpolation_matrix("half-pixel", small, large)


def interpolated(samples, large):
    """The definition: the value of the broken line through the samples at each new sample's centre."""
    small = len(samples)
    centres = (np.arange(large) + 0.5) * small / large
    return np.interp(centres, np.arange(small) + 0.5, samples)


@given(st.integers(1, 9), st.integers(0, 20), st.integers(0, 2**32))
def test_an_axis_is_the_broken_line_through_its_samples(small, more, seed):
    samples = np.random.default_rng(seed).standard_normal(small)
    matrix = axis_matrix(small, small + more)
    assert matrix.dtype == np.float32 and matrix.shape == (small + more, small)
    np.testing.assert_allclose(matrix @ samples, interpolated(samples, small + more), rtol=0, atol=2e-6)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=0, atol=1e-6)


def test_known_matrices():
    assert axis_matrix(2, 4).tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    assert axis_matrix(1, 3).tolist() == [[1], [1], [1]]
    assert axis_matrix(3, 3).tolist() == np.eye(3).tolist()


def test_each_axis_has_its_own_matrix():
    clips = np.random.default_rng(0).standard_normal((2, 2, 3, 4)).astype(np.float32)
    for shape in ((4, 6, 8), (5, 3, 4), (2, 7, 4), (2, 3, 9)):
        expected = clips.astype(np.float64)
        for axis, large in enumerate(shape, start=1):
            expected = np.apply_along_axis(interpolated, axis, expected, large)
        found = upsample(clips, axis_matrices(clips.shape[1:], shape))
        assert found.dtype == np.float32 and found.shape == (2, *shape)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_equal_sizes_change_nothing():
    clips = np.random.default_rng(0).standard_normal((2, 2, 3, 4)).astype(np.float32)
    assert axis_matrices((2, 3, 4), (2, 3, 4)) == [None, None, None]
    assert upsample(clips, [None, None, None]) is clips


@pytest.mark.parametrize(("small", "large"), [(0, 4), (5, 4), (1.5, 4), (-1, 4), (True, 4)])
def test_sizes_that_cannot_be_enlarged_are_one_clear_sentence(small, large):
    with pytest.raises(UsageError, match="store between 1 and 4") as caught:
        axis_matrix(small, large)
    assert str(caught.value).count("\n") == 0


def test_it_is_what_torch_calls_trilinear():
    torch = pytest.importorskip("torch")
    clips = np.random.default_rng(1).standard_normal((3, 3, 4, 5)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(clips)[:, None], size=(8, 10, 11), mode="trilinear", align_corners=False
    )[:, 0].numpy()
    found = upsample(clips, axis_matrices((3, 4, 5), (8, 10, 11)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
