"""Random clips of the test videos, the same for every method and network of a run."""

import numpy as np

from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import VddError
from keras_vdd.seeds import stream

# A batch is standardised as a whole, so its size is part of the protocol; 64 is the released code's.
BATCH = 64


class RealClips:
    """`count` clips of every test video, in batches of about `BATCH` in one shuffled order.

    The order is shuffled because a batch of one class, standardised by its own mean, would show the
    network something else than the mixed batches that it was trained on. Each of the `count` passes
    visits every video once.

    Args:
        store: the test store.
        frames, interval: of a clip.
        mean, std: of the set.
        seed: int, the run's.
        count: clips of a video.
        cache_bytes: uint8 clips are kept in memory up to this size and read again above it.
    """

    def __init__(self, store, frames, interval, mean, std, seed, count=3, cache_bytes=2**30):
        if not len(store):
            raise VddError("The test split has no readable video: add videos to it, or choose another split.")
        self._store, self._cut, self._scale, self._seed = store, (frames, interval), (mean, std), seed
        order = stream(seed, "test", "order").permutation(len(store))
        self._batches = count * in_batches(order)
        self.labels = np.asarray(store.labels)[np.concatenate(self._batches)].astype(np.int32)
        keep = count * len(store) * frames * store.size * store.size * 3 <= cache_bytes
        self._cache = {} if keep else None

    def __len__(self):
        return len(self._batches)

    @property
    def sizes(self):
        """How many clips each batch has, a list of int."""
        return [len(rows) for rows in self._batches]

    def batch(self, index):
        """Return batch `index`, float32 (clips, frames, height, width, 3), normalised."""
        return normalise(self.pixels(index), *self._scale)

    def pixels(self, index):
        """Return batch `index` as it was read, uint8 (clips, frames, height, width, 3)."""
        if self._cache is None:
            return self._read(index)
        if index not in self._cache:
            self._cache[index] = self._read(index)
        return self._cache[index]

    def _read(self, index):
        rng = stream(self._seed, "test", "clips", index)
        return read_clips(self._store, self._batches[index], *self._cut, rng, flip=False)


def in_batches(order):
    """Split a shuffled order of row numbers into batches of about `BATCH`: a list of int arrays."""
    # Sorted inside a batch: the order of reading, not the company, is free to be the disk's.
    return [np.sort(rows) for rows in np.array_split(order, -(-len(order) // BATCH))]
