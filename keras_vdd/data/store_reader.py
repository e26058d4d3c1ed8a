"""The decoded store, as read: all frames of one split in one memory-mapped file, and its index.

A store folder holds `frames.u8` (uint8, frames x size x size x 3, video after video in the order of
the listing), `index.json` (written last: a folder without it is unfinished) and `failed.csv`.
"""

import csv
import json
import os

import numpy as np

from keras_vdd.errors import VddError

FORMAT = 1
FRAMES_FILE = "frames.u8"
INDEX_FILE = "index.json"
FAILED_FILE = "failed.csv"


class Store:
    """The decoded videos of one split, read-only; open it with `open_store`.

    Attributes:
        folder: str, where it lies.
        split: "train" or "test".
        class_names: list of str; labels count over it.
        names: list of str, `class/file` of each video.
        labels: int32 (n,).
        lengths: int32 (n,), frames of each video.
        sources: list of str, the hash of each source file.
        size: int, side of the square frames in pixels.
        failed: list of (name, reason) of the videos that could not be decoded.
        nbytes: int, bytes of all frames.
    """

    def __init__(self, folder, index, failed):
        self.folder = os.fspath(folder)
        self.split = index["split"]
        self.class_names = list(index["class_names"])
        self.names = list(index["names"])
        self.labels = np.array(index["labels"], np.int32)
        self.lengths = np.array(index["frames"], np.int32)
        self.sources = list(index["sources"])
        self.size = int(index["size"])
        self.failed = failed
        self._offsets = np.array(index["offsets"], np.int64)
        total = int(self.lengths.sum(dtype=np.int64))
        self.nbytes = total * self.size * self.size * 3
        path = os.path.join(self.folder, FRAMES_FILE)
        if not os.path.isfile(path) or os.path.getsize(path) != self.nbytes:
            raise VddError(f"The store '{self.folder}' is damaged: delete that folder and prepare it again.")
        shape = (total, self.size, self.size, 3)
        # A file of no bytes cannot be mapped.
        self._frames = np.memmap(path, np.uint8, "r", shape=shape) if total else np.empty(shape, np.uint8)

    def __len__(self):
        return len(self.names)

    def __repr__(self):
        content = f"{len(self)} videos, {len(self.class_names)} classes, {self.nbytes} bytes"
        return f"Store({self.folder!r}: {content})"

    def frames(self, i):
        """Return all frames of video `i`: uint8 (length, size, size, 3), a read-only view of the file."""
        start = int(self._offsets[i])
        return np.asarray(self._frames)[start : start + int(self.lengths[i])]

    def by_class(self):
        """Return, per class, the int64 array of the indices of its videos."""
        return [np.flatnonzero(self.labels == label) for label in range(len(self.class_names))]


def open_store(folder):
    """Open the finished store of one split.

    Raises:
        VddError: there is no finished store in `folder`, or its files do not fit together.
    """
    folder = os.fspath(folder)
    path = os.path.join(folder, INDEX_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            index = json.load(file)
        if index.get("format") != FORMAT:
            raise VddError(
                f"The store '{folder}' has format {index.get('format')} and this version reads {FORMAT}: "
                "delete that folder and prepare it again."
            )
        return Store(folder, index, _read_failed(os.path.join(folder, FAILED_FILE)))
    except FileNotFoundError:
        raise VddError(f"'{folder}' holds no finished store: run 'vdd prepare' first.") from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise VddError(f"The store '{folder}' is damaged: delete that folder and prepare it again.") from None


def _read_failed(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return [(row[0], row[1]) for row in rows[1:]]
