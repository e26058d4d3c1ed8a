import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_vdd.data.clips import read_clips, read_stills
from keras_vdd.data.sampling import clip_indices

lengths, frame_counts, intervals = st.integers(1, 200), st.integers(1, 20), st.integers(1, 8)


@given(lengths, frame_counts, intervals, st.integers(0, 2**32) | st.none())
def test_clip_indices_follow_the_method(length, frames, interval, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    chosen = clip_indices(length, frames, interval, rng)
    assert chosen.shape == (frames,)
    assert chosen.min() >= 0 and chosen.max() < length
    steps = np.diff(chosen)
    if length >= frames * interval:
        assert (steps == interval).all()
    elif length >= frames:
        assert (steps == length // frames).all()
    else:
        assert (steps >= 0).all() and set(chosen) == set(range(length))
        assert np.ptp(np.bincount(chosen)) <= 1


@given(frame_counts, intervals, st.integers(0, 60))
def test_every_start_that_fits_is_drawn(frames, interval, spare):
    length = frames * interval + spare
    starts = length - (frames - 1) * interval
    rng = np.random.default_rng(0)
    drawn = {int(clip_indices(length, frames, interval, rng)[0]) for _ in range(40 * starts)}
    assert min(drawn) == 0 and max(drawn) == starts - 1


def test_the_centred_clip_has_equal_margins():
    assert clip_indices(20, 4, 4).tolist() == [3, 7, 11, 15]
    assert clip_indices(21, 4, 4).tolist() == [4, 8, 12, 16]


def test_known_cases():
    assert clip_indices(3, 8, 4, np.random.default_rng(0)).tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert clip_indices(1, 3, 4).tolist() == [0, 0, 0]
    assert clip_indices(16, 16, 4, np.random.default_rng(0)).tolist() == list(range(16))


class MemoryStore:
    """Three videos in memory whose pixels tell video, frame and column."""

    size = 4
    lengths = np.array([40, 9, 2], np.int32)

    def frames(self, i):
        video = np.zeros((self.lengths[i], 4, 4, 3), np.uint8)
        video[..., 0] = i
        video[..., 1] = np.arange(self.lengths[i])[:, None, None]
        video[..., 2] = np.arange(4)
        return video


def test_read_clips_takes_the_right_frames_and_flips_whole_clips():
    indices = np.tile([0, 1, 2], 200)
    clips = read_clips(MemoryStore(), indices, 4, 3, np.random.default_rng(0), flip=True)
    assert clips.shape == (600, 4, 4, 4, 3) and clips.dtype == np.uint8
    assert (clips[..., 0] == indices[:, None, None, None]).all()
    times = clips[:, :, 0, 0, 1].astype(int)
    assert (np.diff(times[indices == 0]) == 3).all() and (np.diff(times[indices == 1]) == 2).all()
    assert (times[indices == 2] == [0, 0, 1, 1]).all()
    assert set(times[indices == 0][:, 0]) <= set(range(31)) and len(set(times[indices == 0][:, 0])) > 25
    columns = clips[..., 2]
    flipped = (columns == [3, 2, 1, 0]).all((1, 2, 3))
    assert (flipped | (columns == [0, 1, 2, 3]).all((1, 2, 3))).all()
    assert 0.4 < flipped.mean() < 0.6


def test_reading_is_repeatable_and_draws_anew_at_each_visit():
    store, indices = MemoryStore(), [0, 0, 0, 0, 0, 0]
    first = read_clips(store, indices, 4, 3, np.random.default_rng(7), flip=True)
    assert np.array_equal(first, read_clips(store, indices, 4, 3, np.random.default_rng(7), flip=True))
    assert not np.array_equal(first, read_clips(store, indices, 4, 3, np.random.default_rng(8), flip=True))
    assert len({clip.tobytes() for clip in first}) > 1


def test_without_a_generator_clips_are_centred_and_unflipped():
    clips = read_clips(MemoryStore(), [0], 4, 3, None, flip=True)
    assert clips[0, :, 0, 0, 1].tolist() == [15, 18, 21, 24]
    assert clips[0, 0, 0, :, 2].tolist() == [0, 1, 2, 3]


def test_read_stills_draws_any_frame():
    stills = read_stills(MemoryStore(), [0] * 500 + [2] * 50, np.random.default_rng(0), flip=True)
    assert stills.shape == (550, 4, 4, 3)
    assert set(stills[:500, 0, 0, 1]) == set(range(40)) and set(stills[500:, 0, 0, 1]) == {0, 1}
    assert set(stills[:, 0, 0, 2]) == {0, 3}
    assert read_stills(MemoryStore(), [0])[0, 0, 0, 1] == 20


def test_no_clips_are_an_empty_array():
    assert read_clips(MemoryStore(), [], 4, 3).shape == (0, 4, 4, 4, 3)
    assert read_stills(MemoryStore(), []).shape == (0, 4, 4, 3)


def test_a_frame_out_of_range_is_impossible_even_for_odd_settings():
    store = types.SimpleNamespace(size=4, lengths=np.array([5], np.int32), frames=MemoryStore().frames)
    assert read_clips(store, [0], 5, 1000).shape == (1, 5, 4, 4, 3)
    with pytest.raises(IndexError):
        read_clips(store, [1], 5, 1)
