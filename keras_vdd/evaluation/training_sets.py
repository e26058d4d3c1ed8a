"""What a classifier is trained on: videos that stay, or a store whose clips are cut anew at each visit.

A training set has `labels` (int32 (n,), or float32 (n, classes) where they were learned), `loss`, which of
`LOSSES` its labels are for, `len()` and `read(indices, rng) -> float32 (len(indices), frames, height, width,
3)`, normalised. Anything else with these four, such as a set that reconstructs its videos on demand, can be
evaluated as well.
"""

import numpy as np

from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import UsageError, VddError

# By `DistilledSet.label_kind`. Whatever evaluator trains, labels are trained on as they were learned.
LOSSES = {None: "sparse cross-entropy", "probabilities": "cross-entropy", "regression": "squared error"}
# Above this size raw frames are normalised batch by batch, not once.
_IN_MEMORY_BYTES = 2**29


class FixedVideos:
    """Videos held in memory: a distilled set's, or chosen real clips and stills.

    Args:
        videos: float32 (n, T, H, W, 3), normalised; or uint8 (n, T, H, W, 3), normalised when read.
        labels: int (n,), or float (n, classes).
        mean, std: three numbers each, for uint8 videos.
        frames: int or None; a video of one frame is repeated to this many (a still, unmoving).
        label_kind: what (n, classes) labels are, "probabilities" or "regression"; None for (n,).
    """

    def __init__(self, videos, labels, mean=None, std=None, frames=None, label_kind=None):
        if len(videos) != len(labels) or not len(videos):
            found = f"{len(labels)} and {len(videos)}"
            raise VddError(f"A training set needs as many labels as videos, above 0: found {found}.")
        self.videos, self.labels, self.frames = videos, _as_labels(labels), frames
        self.loss = _loss_of(self.labels, label_kind)
        self._mean, self._std = mean, std
        if videos.dtype == np.uint8 and 4 * videos.size <= _IN_MEMORY_BYTES:
            self.videos = normalise(videos, mean, std)

    def __len__(self):
        return len(self.videos)

    def read(self, indices, rng=None):
        """Return the videos of `indices`; nothing is random here."""
        whole = len(indices) == len(self) and np.array_equal(indices, np.arange(len(self)))
        videos = self.videos if whole else self.videos[indices]
        if videos.dtype == np.uint8:
            videos = normalise(videos, self._mean, self._std)
        if self.frames is not None and videos.shape[1] == 1:
            videos = np.repeat(videos, self.frames, axis=1)
        return videos


class StoreVideos:
    """All videos of a store: every visit of a video reads a clip from a new random start, not flipped."""

    loss = LOSSES[None]

    def __init__(self, store, frames, interval, mean, std):
        self.labels = _as_labels(store.labels)
        self._store, self._cut, self._scale = store, (frames, interval), (mean, std)

    def __len__(self):
        return len(self.labels)

    def read(self, indices, rng):
        """Return one clip of each video of `indices`, cut by `rng`."""
        return normalise(read_clips(self._store, indices, *self._cut, rng, flip=False), *self._scale)


def _as_labels(labels):
    labels = np.asarray(labels)
    return labels.astype(np.float32 if labels.ndim == 2 else np.int32)


def _loss_of(labels, kind):
    if kind not in LOSSES or (kind is None) != (labels.ndim == 1):
        raise UsageError(
            f"Labels of shape {labels.shape} and label_kind={kind!r} do not fit: give class numbers (n,) and "
            "None, or learned labels (n, classes) and probabilities or regression."
        )
    return LOSSES[kind]
