"""Which frames become key frames, on made gradients, and when."""

import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.memory.key_frames.insertion import drawn_instead, new_key_frames, opposed
from keras_vdd.memory.key_frames.settings import KeyFrameSettings
from keras_vdd.recipe.load import load_recipe

pytestmark = pytest.mark.once

ENDS = np.array([[1, 0, 0, 0, 0, 1]], bool)


def cosines(of_frames, of_keys):
    """Cosines of made gradients, (T, values) each, as `KeyFrameMemory.learns_by` gives them."""
    one, other = (np.array(g, float) / np.linalg.norm(g, axis=1, keepdims=True) for g in (of_frames, of_keys))
    return (one @ other.T)[None]


def test_a_frame_that_opposes_both_neighbours_becomes_a_key_frame():
    # Against both, against the first alone, against the last alone, against none.
    frames = [[1, 0], [-1, -1], [-2, 1], [1, -2], [1, 1], [0, 1]]
    made = cosines(frames, frames)
    amounts = opposed(made, ENDS)
    np.testing.assert_allclose(amounts, [[0, 2 / np.sqrt(2), 0, 0, 0, 0]])
    np.testing.assert_array_equal(np.flatnonzero(new_key_frames(made, ENDS, 6)), [1])


def test_at_a_right_angle_it_does_not():
    frames = [[1, 0], [0, -1], [0, -1], [0, -1], [0, -1], [0, 1]]
    assert not new_key_frames(cosines(frames, frames), ENDS, 6).any()


def test_neighbours_are_the_key_frames_beside_a_frame_and_no_others():
    # Frame 1 opposes 0 and 2; frame 4 opposes the ends, and not key frame 2.
    frames = [[1, 0], [-1, 0], [1, 0], [1, 0], [-1, 1], [0, -1]]
    keys = ENDS.copy()
    keys[0, 2] = True
    of_keys = [[1, 0], [0, 1], [1, 0], [0, 1], [0, 1], [1, 0]]
    assert np.flatnonzero(new_key_frames(cosines(frames, of_keys), keys, 6)).tolist() == [1, 4]
    of_keys[2] = [-1, 0]
    assert new_key_frames(cosines(frames, of_keys), keys, 6).sum() == 0


def test_of_a_gap_the_most_opposed_is_taken_and_of_gaps_as_many_as_a_video_may_have():
    frames = [[1, 0], [-1, 4], [-1, 1], [1, 0], [-1, 0], [1, 0]]
    keys = ENDS.copy()
    keys[0, 3] = True
    of_keys = [[1, 0]] * 6
    made = cosines(frames, of_keys)
    assert np.flatnonzero(new_key_frames(made, keys, 6)).tolist() == [2, 4]
    assert np.flatnonzero(new_key_frames(made, keys, 4)).tolist() == [4]
    assert not new_key_frames(made, keys, 3).any() and not new_key_frames(made, keys, 2).any()


def test_random_ones_are_as_many_and_were_no_key_frames():
    keys = np.repeat(ENDS, 40, axis=0)
    chosen = np.zeros_like(keys)
    chosen[:30, 1], chosen[:10, 3] = True, True
    drawn = drawn_instead(chosen, keys, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.sum(axis=1), chosen.sum(axis=1))
    assert not (drawn & keys).any() and drawn[:, 1:-1].any(axis=0).all()


def test_frames_are_inserted_between_warm_up_and_cool_down_alone():
    assert list(KeyFrameSettings().insertion_times(1000)) == [300, 400, 500, 600, 700, 800]
    assert list(KeyFrameSettings(check_every=1).insertion_times(10)) == [3, 4, 5, 6, 7, 8]
    assert list(KeyFrameSettings(check_every=4).insertion_times(20)) == [8, 12, 16]
    assert list(KeyFrameSettings(check_every=1, warm_up=0, cool_down=0).insertion_times(3)) == [1, 2]
    assert not list(KeyFrameSettings(insertion="none").insertion_times(10))


@pytest.mark.parametrize(
    "setting, reason",
    [
        ("memory.insertion=gradiant", "did you mean gradient"),
        ("memory.warmup=0.1", "did you mean memory.warm_up"),
        ("memory.warm_up=0.8", "memory.warm_up=0.8 and memory.cool_down=0.2 leave no iterations"),
        ("memory.cool_down=1", "memory.cool_down"),
        ("memory.check_every=0", "memory.check_every"),
        ("memory.most_frames=1", "memory.most_frames"),
        ("memory.most_frames=9", "memory.most_frames=9 is above data.frames=8"),
        ("dynamic.real_frames=4", "dynamic.real_frames=4 matches stored frames, and memory.kind=key-frames"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(setting, reason):
    with pytest.raises(UsageError, match=reason) as caught:
        load_recipe("keyframes-shapes", [setting])
    assert "\n" not in str(caught.value)
