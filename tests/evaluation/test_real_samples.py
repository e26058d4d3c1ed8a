import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.evaluation import real_samples

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


class Store:
    """Ten videos in each of three classes; the frames of video i all have value i."""

    size = 8
    labels = np.repeat(np.arange(3), 10).astype(np.int32)
    lengths = np.full(30, 20, np.int32)

    def __len__(self):
        return 30

    def by_class(self):
        return [np.arange(10 * c, 10 * c + 10) for c in range(3)]

    def frames(self, i):
        return np.full((20, 8, 8, 3), i, np.uint8)


def test_equal_bytes_fill_the_budget():
    sizes = [10, 10, 10]
    still = 8 * 8 * 3
    found = real_samples.at_equal_bytes("stills", 7 * still + 5, sizes, frames=4, size=8)
    assert (found.count, found.bytes, found.per_class, found.note) == (7, 7 * still, "2-3", "")
    assert real_samples.at_equal_bytes("clips", 7 * still + 5, sizes, frames=4, size=8).count == 1
    none = real_samples.at_equal_bytes("clips", 4 * still - 1, sizes, frames=4, size=8)
    assert (none.count, none.bytes, none.note) == (0, 0, "none fits: one takes 768 bytes")
    with pytest.raises(UsageError):
        real_samples.at_equal_bytes("frames", still, sizes, frames=4, size=8)


def test_equal_count_and_notes():
    found = real_samples.at_equal_count("clips", 2, [10, 10, 10], frames=4, size=8)
    assert (found.count, found.bytes, found.per_class, found.note) == (6, 6 * 4 * 192, "2", "")
    assert "more than one" in real_samples.at_equal_count("clips", 11, [20, 10, 20], frames=4, size=8).note
    few = real_samples.at_equal_bytes("stills", 2 * 192, [10, 10, 10], frames=4, size=8)
    assert few.note == "2 fit for 3 classes: 1 class has none"


def test_spread_is_even_and_random():
    counts = [real_samples.spread(8, 3, np.random.default_rng(s)) for s in range(20)]
    assert all(sorted(c) == [2, 3, 3] for c in counts)
    assert len({tuple(c) for c in counts}) == 3


@pytest.mark.parametrize("kind", real_samples.KINDS)
def test_draw_takes_each_video_once_and_anew_with_each_generator(kind):
    baseline = real_samples.at_equal_count(kind, 4, [10, 10, 10], frames=4, size=8)
    drawn = [baseline.draw(Store(), 4, 2, MEAN, STD, np.random.default_rng(s)) for s in (0, 0, 1)]
    values = []
    for videos in drawn:
        clips = videos.read(np.arange(len(videos)))
        assert clips.shape == (12, 4, 8, 8, 3) and clips.dtype == np.float32
        assert np.bincount(videos.labels).tolist() == [4, 4, 4] and videos.labels.dtype == np.int32
        values.append(np.round((clips[:, 0, 0, 0, 0] * 0.25 + 0.5) * 255).astype(int))
        assert len(set(values[-1])) == 12
        assert (values[-1] // 10 == videos.labels).all()
        assert np.ptp(clips.reshape(12, -1), axis=1).max() == 0
    assert (values[0] == values[1]).all() and (values[0] != values[2]).any()


def test_more_than_the_videos_there_are():
    baseline = real_samples.at_equal_count("stills", 25, [10, 10, 10], frames=4, size=8)
    videos = baseline.draw(Store(), 4, 2, MEAN, STD, np.random.default_rng(0))
    assert np.bincount(videos.labels).tolist() == [25, 25, 25]
    values = np.round((videos.videos[:25, 0, 0, 0, 0] * 0.25 + 0.5) * 255).astype(int)
    assert np.bincount(values, minlength=10).min() == 2
