"""Two numbers that stand for those of every batch, where a classifier must not look at batches."""

import numpy as np

from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.seeds import stream

CLIPS = 1024
_AT_ONCE = 64


def mean_and_deviation(store, frames, interval, mean, std, seed):
    """Measure normalised clips of training videos: what `BatchStandardise` would find in one large batch of them.

    Args:
        store: the training store.
        frames, interval: of a clip.
        mean, std: of the set.
        seed: int, the run's; it chooses the videos where there are more than `CLIPS`, and the clip of each.

    Returns:
        (mean, deviation), two floats over all values of one clip of each video.
    """
    rng = stream(seed, "statistics")
    rows = np.sort(rng.permutation(len(store))[:CLIPS])
    count, total, squares = 0, 0.0, 0.0
    for start in range(0, len(rows), _AT_ONCE):
        clips = read_clips(store, rows[start : start + _AT_ONCE], frames, interval, rng)
        values = normalise(clips, mean, std).astype(np.float64)
        count, total, squares = count + values.size, total + values.sum(), squares + np.square(values).sum()
    centre = total / count
    return centre, max(float(np.sqrt(max(squares / count - centre**2, 0.0))), 1e-6)
