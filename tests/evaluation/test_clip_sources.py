"""Clips read from a store for training and for test; no Keras."""

import numpy as np
import pytest

from keras_vdd.errors import VddError
from keras_vdd.evaluation import RealClips, StoreVideos

pytestmark = pytest.mark.once

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


class Store:
    """Video i has 40 frames; every pixel of frame t is 40 * (i % 6) + t."""

    size = 8

    def __init__(self, count):
        self.labels = (np.arange(count) % 4).astype(np.int32)
        self.lengths = np.full(count, 40, np.int32)
        self.reads = 0

    def __len__(self):
        return len(self.labels)

    def frames(self, i):
        self.reads += 1
        values = (40 * (i % 6) + np.arange(40)).astype(np.uint8)
        return np.broadcast_to(values[:, None, None, None], (40, 8, 8, 3))


def pixels(clips):
    return np.rint((clips[:, :, 0, 0, 0] * 0.25 + 0.5) * 255).astype(int)


def test_test_clips_cover_each_video_thrice_and_are_read_once():
    store = Store(150)
    test = RealClips(store, 4, 2, MEAN, STD, seed=5, count=3)
    first = [test.batch(i) for i in range(len(test))]
    assert [len(b) for b in first] == 3 * [50, 50, 50]
    assert store.reads == 450
    videos = np.concatenate([pixels(b)[:, 0] // 40 for b in first])
    assert np.bincount(videos, minlength=6).tolist() == 6 * [75]
    assert np.bincount(test.labels).tolist() == [114, 114, 111, 111]
    assert all((a == test.batch(i)).all() for i, a in enumerate(first))
    assert store.reads == 450


def test_test_clips_are_random_and_do_not_depend_on_the_cache():
    kept = RealClips(Store(30), 4, 2, MEAN, STD, seed=5)
    read_again = RealClips(Store(30), 4, 2, MEAN, STD, seed=5, cache_bytes=0)
    other = RealClips(Store(30), 4, 2, MEAN, STD, seed=6)
    for index in range(3):
        assert (kept.batch(index) == read_again.batch(index)).all()
        assert (read_again.batch(index) == read_again.batch(index)).all()
    starts = [pixels(kept.batch(index)) for index in range(3)]
    assert (starts[0] != starts[1]).any() and (starts[1] != starts[2]).any()
    assert (kept.batch(0) != other.batch(0)).any()
    with pytest.raises(VddError, match="no readable video"):
        RealClips(Store(0), 4, 2, MEAN, STD, seed=0)


def test_store_videos_are_cut_anew_at_each_visit():
    videos = StoreVideos(Store(12), 4, 2, MEAN, STD)
    rng = np.random.default_rng(0)
    one, two = (videos.read(np.array([3, 3, 5]), rng) for _ in range(2))
    assert one.shape == (3, 4, 8, 8, 3) and one.dtype == np.float32
    assert (pixels(one)[:, 0] // 40).tolist() == [3, 3, 5]
    assert (np.diff(pixels(one), axis=1) == 2).all()
    assert (one != two).any() and (one[0] != one[1]).any()
