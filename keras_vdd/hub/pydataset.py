"""A distilled set as batches for `model.fit`."""

import keras
import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.registry import must_be_one_of
from keras_vdd.seeds import stream

PAIRINGS = ("all", "first", "sample")
KEPT_BYTES = 2**30
"""Sets whose videos fit in this are reconstructed once; larger ones anew for each batch."""


class PairBatches(keras.utils.PyDataset):
    """Batches (videos, labels) of a `DistilledSet`; the arguments are those of `LoadedSet.as_pydataset`.

    The order of an epoch depends on the seed and the epoch's number alone.
    """

    def __init__(self, distilled, batch_size=32, shuffle=False, seed=0, soft=False, pairing="all", **workers):
        super().__init__(**workers)
        if int(batch_size) != batch_size or batch_size < 1:
            raise UsageError(f"batch_size={batch_size!r} must be a whole number of at least 1.")
        if pairing not in PAIRINGS:
            raise UsageError(f"pairing={pairing!r} {must_be_one_of(pairing, PAIRINGS)}.")
        self.distilled = distilled
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.seed = seed
        self.soft = soft
        self.pairing = pairing
        self.epoch = 0
        self._every = distilled.pairs()
        self._kept = None
        self._start_epoch()

    def __len__(self):
        return -(-len(self._order) // self.batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"There is no batch {index}: the epoch has {len(self)}.")
        places = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        pairs = self._every[places]
        labels = self.distilled.soft_labels_of(pairs) if self.soft else self.distilled.labels_of(pairs)
        return self._videos(places), labels

    def on_epoch_end(self):
        """Draw the order, and the pairs if they are sampled, of the next epoch."""
        self.epoch += 1
        self._start_epoch()

    def _start_epoch(self):
        self._order = np.arange(len(self._every))
        if self.pairing == "first":
            slots = self.distilled.slots_of(self._every)
            _, first = np.unique(np.stack([self._every[:, 0], slots]), axis=1, return_index=True)
            self._order = np.sort(first)
        if self.pairing == "sample":
            drawn = self.distilled.sample_pairs(stream(self.seed, "loaded", "pairs", self.epoch))
            place_of = {tuple(pair): place for place, pair in enumerate(self._every.tolist())}
            self._order = np.array([place_of[tuple(pair)] for pair in drawn.tolist()])
        if self.shuffle:
            self._order = stream(self.seed, "loaded", "order", self.epoch).permutation(self._order)

    def _videos(self, places):
        height, width = self.distilled.size
        if len(self._every) * self.distilled.frames * height * width * 3 * 4 > KEPT_BYTES:
            return self.distilled.reconstruct(self._every[places])
        if self._kept is None:
            self._kept = self.distilled.reconstruct(self._every)
        return self._kept[places]
