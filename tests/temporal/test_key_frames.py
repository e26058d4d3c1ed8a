"""Frames between key frames that lie anywhere: closed forms, and what is no list of their moments."""

import numpy as np
import pytest

from keras_vdd.temporal.key_frames import as_keys, as_moments, between_key_frames, why_no_moments

pytestmark = pytest.mark.once


def shown(moments, frames, values):
    """What a video of key frames of one number each is."""
    matrix = between_key_frames(as_keys(np.array([moments], "float32"), frames))[0]
    whole = np.full(frames, np.nan)
    whole[moments] = values
    used = matrix != 0
    return np.array([row[use] @ whole[use] for row, use in zip(matrix, used, strict=True)])


def test_two_key_frames_are_the_paper_s_example():
    np.testing.assert_allclose(shown([0, 3], 4, [0, 3]), [0, 1, 2, 3], atol=1e-6)
    a, b = 2.0, 5.0
    np.testing.assert_allclose(shown([0, 3], 4, [a, b]), [a, (2 * a + b) / 3, (a + 2 * b) / 3, b], rtol=1e-6)


def test_uneven_key_frames_are_met_and_lines_lie_between_them():
    moments, values = [0, 1, 4, 9], [1.0, -1.0, 5.0, 0.0]
    expected = np.interp(np.arange(10), moments, values)
    found = shown(moments, 10, values)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found[moments], values)


def test_all_frames_and_one_frame_are_themselves():
    for frames in (1, 2, 5):
        matrix = between_key_frames(np.ones((1, frames), "float32"))
        np.testing.assert_array_equal(matrix[0], np.eye(frames))


def test_moments_and_keys_are_each_other_undone():
    keys = np.array([[[1, 0, 1, 0, 1]], [[1, 0, 0, 0, 1]]], "float32")
    moments = as_moments(keys)
    np.testing.assert_array_equal(moments, [[[0, 2, 4]], [[0, 4, -1]]])
    np.testing.assert_array_equal(as_keys(moments, 5), keys)


@pytest.mark.parametrize(
    "moments, reason",
    [
        ([], "has no key frames"),
        ([0, 2, 1, 4], r"key frames at \[0, 2, 1, 4\], which must be in order"),
        ([0, 2, 2, 4], "none twice"),
        ([0, 5], "whole numbers from 0 to 4"),
        ([-1, 4], "whole numbers from 0 to 4"),
        ([0, 1.5, 4], "whole numbers from 0 to 4"),
        ([1, 4], "the first must be 0 and the last 4"),
        ([0, 3], "the first must be 0 and the last 4"),
    ],
)
def test_what_is_no_list_of_key_frames(moments, reason):
    import re

    assert re.search(reason, why_no_moments(np.array(moments), 5))
    assert why_no_moments(np.array([0, 2, 4]), 5) is None
