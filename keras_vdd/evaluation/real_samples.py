"""Random real clips and stills: how many stand against a distilled set, and which."""

from dataclasses import dataclass

import numpy as np

from keras_vdd.data.clips import choose_videos, read_clips, read_stills
from keras_vdd.distilled.budget import real_clip_bytes, real_still_bytes
from keras_vdd.errors import UsageError
from keras_vdd.evaluation.training_sets import FixedVideos
from keras_vdd.text import counted

KINDS = ("clips", "stills")


@dataclass(frozen=True)
class RealSample:
    """How many random real clips or stills stand against a distilled set.

    Attributes:
        kind: `"clips"`, or `"stills"` shown as unmoving videos.
        count: clips or stills in all; 0 cannot be drawn.
        classes: number of classes.
        bytes: of all of them, uint8 as decoded.
        note: what is odd about the number, "" if nothing.
    """

    kind: str
    count: int
    classes: int
    bytes: int
    note: str = ""

    @property
    def per_class(self):
        """Clips or stills of a class, as text: "3", or "3-4" where classes differ."""
        low, more = divmod(self.count, self.classes)
        return f"{low}-{low + 1}" if more else str(low)

    def draw(self, store, frames, interval, mean, std, rng):
        """Choose the videos and cut them, all at random.

        A video gives a second clip or still only when all others of its class have given one. Where the
        classes cannot have equally many, `rng` chooses those that have one more.

        Args:
            store: the training store.
            frames, interval: of a clip.
            mean, std: of the set.
            rng: `numpy.random.Generator`.

        Returns:
            `FixedVideos` of `count` videos.
        """
        counts = spread(self.count, self.classes, rng)
        rows = np.concatenate([choose_videos(of, n, rng) for of, n in zip(store.by_class(), counts)])
        labels = np.asarray(store.labels)[rows]
        if self.kind == "stills":
            stills = read_stills(store, rows, rng, flip=False)
            return FixedVideos(stills[:, None], labels, mean, std, frames=frames)
        return FixedVideos(read_clips(store, rows, frames, interval, rng, flip=False), labels, mean, std)


def at_equal_count(kind, per_class, class_sizes, frames, size):
    """Return the `RealSample` with as many clips or stills of each class as the distilled set has videos.

    Args:
        kind: one of `KINDS`.
        per_class: int, videos of a class.
        class_sizes: real training videos of each class.
        frames, size: of a clip.
    """
    return _sample(kind, per_class * len(class_sizes), class_sizes, frames, size)


def at_equal_bytes(kind, budget, class_sizes, frames, size):
    """Return the `RealSample` with as many clips or stills as fit into `budget` bytes.

    Args:
        kind: one of `KINDS`.
        budget: int, bytes of the distilled set as stored.
        class_sizes: real training videos of each class.
        frames, size: of a clip.

    Returns:
        `RealSample`; of count 0 and with a note that says so where not even one fits.
    """
    return _sample(kind, budget // _item_bytes(kind, frames, size), class_sizes, frames, size)


def spread(count, classes, rng):
    """Return int64 (classes,): `count` spread evenly, what is left over on classes drawn by `rng`."""
    low, more = divmod(count, classes)
    counts = np.full(classes, low, np.int64)
    counts[rng.permutation(classes)[:more]] += 1
    return counts


def _sample(kind, count, class_sizes, frames, size):
    classes, notes, item = len(class_sizes), [], _item_bytes(kind, frames, size)
    if not count:
        notes.append(f"none fits: one takes {item:,} bytes")
    elif count < classes:
        notes.append(
            f"{count} fit for {classes} classes: {counted(classes - count, 'class has', 'classes have')} none"
        )
    if -(-count // classes) > min(class_sizes):
        notes.append("some videos give more than one")
    return RealSample(kind, count, classes, count * item, "; ".join(notes))


def _item_bytes(kind, frames, size):
    if kind not in KINDS:
        raise UsageError(f"Kind {kind!r} of real samples is unknown: choose one of {', '.join(KINDS)}.")
    return real_clip_bytes(frames, size, size) if kind == "clips" else real_still_bytes(size, size)
