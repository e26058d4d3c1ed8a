"""Clips and stills out of a store, sampled as the method says.

Every draw is made before the first frame is read, so neither the codec of a store nor the number of
threads that read changes what is drawn.
"""

import concurrent.futures

import numpy as np

from keras_vdd.data.sampling import clips_indices
from keras_vdd.machine import processor_count


def read_clips(store, indices, frames, interval, rng=None, flip=False):
    """Read one clip of each of these videos.

    Args:
        store: `Store`, or anything that has its `size`, `lengths` and `frames`.
        indices: (n,) of int, the videos; one may come several times, each with its own draw.
        frames, interval: as `clip_indices`.
        rng: numpy Generator of starts and flips; None takes middle clips, unflipped.
        flip: whether each clip, as a whole, is mirrored left to right with probability 1/2.

    Returns:
        uint8 array (n, frames, size, size, 3).
    """
    indices = np.asarray(indices, np.int64)
    chosen = clips_indices(store.lengths[indices].astype(np.int64), frames, interval, rng)
    mirrored = _flips(len(indices), rng, flip)
    backwards = np.arange(store.size)[::-1]
    clips = np.empty((len(indices), frames, store.size, store.size, 3), np.uint8)

    def read(k):
        if mirrored[k]:
            np.take(_take(store, indices[k], chosen[k]), backwards, axis=2, out=clips[k], mode="clip")
        else:
            _take(store, indices[k], chosen[k], clips[k])

    _each(store, len(indices), read)
    return clips


def read_stills(store, indices, rng=None, flip=False):
    """Read one random frame of each of these videos (the middle frame without `rng`).

    Arguments as `read_clips`. Returns a uint8 array (n, size, size, 3).
    """
    indices = np.asarray(indices, np.int64)
    lengths = store.lengths[indices].astype(np.int64)
    chosen = lengths // 2 if rng is None else rng.integers(0, lengths)
    mirrored = _flips(len(indices), rng, flip)
    stills = np.empty((len(indices), store.size, store.size, 3), np.uint8)
    _each(store, len(indices), lambda k: _take(store, indices[k], chosen[k : k + 1], stills[k : k + 1]))
    stills[mirrored] = stills[mirrored][:, :, ::-1]
    return stills


def choose_videos(rows, count, rng):
    """Draw `count` of these videos, each once before any comes again.

    Args:
        rows: (n,) of int, row numbers of a store.
        count: int.
        rng: `numpy.random.Generator`.

    Returns:
        int64 array (count,).
    """
    rounds = -(-count // max(1, len(rows)))
    drawn = [rng.permutation(rows) for _ in range(rounds)]
    return np.concatenate([np.zeros(0, np.int64), *drawn])[:count].astype(np.int64)


def _flips(count, rng, flip):
    if rng is None or not flip:
        return np.zeros(count, bool)
    return rng.random(count) < 0.5


def _take(store, video, rows, out=None):
    """Read some frames of a video; a `Store` can do that without decoding the others."""
    if hasattr(store, "take"):
        return store.take(video, rows, out)
    return np.take(store.frames(video), rows, axis=0, out=out, mode="clip")


def _each(store, count, read):
    """Call `read(k)` for each k; where that means decoding, on all processors."""
    if getattr(store, "codec", "raw") == "raw" or count < 2:
        for k in range(count):
            read(k)
        return
    with concurrent.futures.ThreadPoolExecutor(processor_count()) as threads:
        # Exhausted, so that an error in a thread comes out here.
        for _ in threads.map(read, range(count)):
            pass
