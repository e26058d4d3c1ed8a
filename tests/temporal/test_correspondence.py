"""Orderedness and uniformity of matched frames, and segments: figure 2 of the paper and closed forms."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_vdd.errors import UsageError
from keras_vdd.temporal import is_ordered, is_uniform, segments, why_not_ordered, why_not_uniform

pytestmark = pytest.mark.once

# Figure 2: (a) obeys both preconditions; in (b) the two pairs on the right are in the wrong order; in (c) the pairs on
# the left have more synthetic frames for their real ones than those on the right.
FIGURE_2 = {
    "a": ([([0, 1], [0]), ([2, 3], [1]), ([4, 5], [2])], True, True),
    "b": ([([0, 1], [0]), ([2, 3], [2]), ([4, 5], [1])], False, True),
    "c": ([([0, 1], [0, 1]), ([2, 3, 4, 5], [2])], True, False),
}


@pytest.mark.parametrize("panel", FIGURE_2)
def test_figure_2(panel):
    pairs, ordered, uniform = FIGURE_2[panel]
    assert is_ordered(pairs) is ordered
    assert is_uniform(pairs) is uniform
    # The order in which pairs are listed says nothing.
    assert is_ordered(pairs[::-1]) is ordered


def test_the_reason_names_the_pairs_and_frames():
    assert why_not_ordered(FIGURE_2["b"][0]) == (
        "pairs 2 and 3 are in no order in time: synthetic frame 2 of pair 2 comes after synthetic frame 1 of pair 3"
    )
    assert why_not_ordered([([0, 1], [0]), ([1, 2], [1])]) == "pairs 1 and 2 share real frame 1"
    assert why_not_uniform([([0, 1, 2], [0]), ([3], [1])]) == "pair 2 has 1 real frame and pair 1 has 3"


def test_a_complete_bipartite_match_obeys_both():
    pairs = [(range(16), range(8))]
    assert is_ordered(pairs) and is_uniform(pairs)


@given(st.lists(st.tuples(*[st.lists(st.integers(0, 9), min_size=1, max_size=3)] * 2), max_size=5))
def test_orderedness_is_what_the_definition_says_of_every_two_pairs(pairs):
    def earlier(one, other):
        return all(a < b for k in (0, 1) for a in one[k] for b in other[k])

    every = all(
        earlier(pairs[i], pairs[j]) or earlier(pairs[j], pairs[i])
        for i in range(len(pairs))
        for j in range(i)
    )
    assert is_ordered(pairs) is every


@pytest.mark.parametrize(
    "pairs, sentence",
    [
        ([([], [0])], "Pair 1 has no real frames."),
        ([([0], [0]), ([1], [-1])], "The synthetic frames of pair 2 are [-1]: give whole numbers from 0."),
        ([([0.5], [0])], "The real frames of pair 1 are [0.5]: give whole numbers from 0."),
    ],
)
def test_what_is_no_frame_is_refused(pairs, sentence):
    for check in (is_ordered, is_uniform):
        with pytest.raises(UsageError) as refused:
            check(pairs)
        assert str(refused.value) == sentence


@hypothesis.settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5))
def test_segments_are_ordered_uniform_and_cover_every_frame(count, of_real, of_synthetic):
    pairs = segments(count * of_real, count * of_synthetic, count)
    assert len(pairs) == count and is_ordered(pairs) and is_uniform(pairs)
    for kind, frames in enumerate((count * of_real, count * of_synthetic)):
        np.testing.assert_array_equal(np.concatenate([pair[kind] for pair in pairs]), np.arange(frames))


@pytest.mark.parametrize(
    "numbers, sentence",
    [
        ((16, 5, 2), "pair 2 has 2 synthetic frames and pair 1 has 3"),
        ((9, 4, 4), "pair 2 has 2 real frames and pair 1 has 3"),
        ((16, 1, 2), "1 synthetic frame cannot be cut into 2 segments: choose 1 to 1."),
        ((16, 4, 0), "16 real frames cannot be cut into 0 segments: choose 1 to 16."),
    ],
)
def test_segments_that_would_bend_time_are_refused_with_the_reason(numbers, sentence):
    with pytest.raises(UsageError, match=sentence):
        segments(*numbers)
