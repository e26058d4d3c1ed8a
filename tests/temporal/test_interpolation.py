"""Interpolation along time against closed forms."""

import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.temporal import INTERPOLATIONS, interpolation_matrix

pytestmark = pytest.mark.once


def test_the_examples_of_the_paper():
    f = np.array([3.0, 6.0])
    np.testing.assert_allclose(interpolation_matrix("duplicate", 2, 4) @ f, [3, 3, 6, 6])
    np.testing.assert_allclose(interpolation_matrix("linear", 2, 4) @ f, [3, 4, 5, 6], rtol=1e-6)
    np.testing.assert_allclose(interpolation_matrix("half-pixel", 2, 4) @ f, [3, 3.75, 5.25, 6], rtol=1e-6)


@pytest.mark.parametrize("rule", INTERPOLATIONS)
@pytest.mark.parametrize("stored, shown", [(1, 1), (1, 5), (2, 3), (3, 8), (4, 16), (7, 16), (16, 16)])
def test_every_rule_keeps_constants_and_order(rule, stored, shown):
    matrix = interpolation_matrix(rule, stored, shown)
    assert matrix.shape == (shown, stored) and matrix.dtype == np.float32
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-6)
    ramp = matrix @ np.arange(stored)
    assert (np.diff(ramp) >= -1e-6).all() and ramp[0] == 0 and ramp[-1] == stored - 1
    if stored == shown:
        np.testing.assert_array_equal(matrix, np.eye(shown))


@pytest.mark.parametrize("stored, shown", [(2, 5), (3, 9), (5, 16)])
def test_the_linear_rule_is_pinned_and_straight(stored, shown):
    expected = np.interp(np.linspace(0, stored - 1, shown), np.arange(stored), np.arange(stored) ** 2)
    np.testing.assert_allclose(
        interpolation_matrix("linear", stored, shown) @ (np.arange(stored) ** 2.0), expected, rtol=1e-5
    )


@pytest.mark.parametrize("stored, shown", [(2, 4), (2, 16), (4, 16), (3, 8)])
def test_duplicates_are_shown_for_even_shares(stored, shown):
    counts = interpolation_matrix("duplicate", stored, shown).sum(axis=0)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("stored", [0, 5, 1.5, True])
def test_numbers_of_frames_that_cannot_be(stored):
    with pytest.raises(UsageError, match="store between 1 and 4"):
        interpolation_matrix("linear", stored, 4)


def test_an_unknown_rule_is_named():
    with pytest.raises(UsageError, match="Interpolation 'cubic' is unknown: choose one of duplicate, linear"):
        interpolation_matrix("cubic", 2, 4)
