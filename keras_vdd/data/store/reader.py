"""The decoded store, as read: all frames of one split in one file, and its index.

A store folder holds `frames.u8` (uint8, frames x size x size x 3, video after video in the order of the
listing, memory-mapped) or, for the codec "jpeg", `frames.jpegs` (one JPEG after another) with
`frames.ends` (int64, where each ends); `index.json` (written last: a folder without it is unfinished);
and `failed.csv`.
"""

import csv
import json
import os

import numpy as np

from keras_vdd.data.decoding.jpeg import decode_into
from keras_vdd.errors import VddError

# A reader that does not know a codec must not take its store for a damaged one: each has a format.
FORMAT = 1
FORMATS = {"raw": FORMAT, "jpeg": 2}
FRAMES_FILES = {"raw": "frames.u8", "jpeg": "frames.jpegs"}
ENDS_FILE = "frames.ends"
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
        codec: "raw" or "jpeg".
        middle: None, or (frames, interval) where only that clip in the middle of each video is kept.
        failed: list of (name, reason) of the videos that could not be decoded.
        nbytes: int, bytes of all frames on the disk.
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
        self.codec = index["codec"]
        self.middle = tuple(index["middle"]) if "middle" in index else None
        self.failed = failed
        self._offsets = np.array(index["offsets"], np.int64)
        total = int(self.lengths.sum(dtype=np.int64))
        path = os.path.join(self.folder, FRAMES_FILES[self.codec])
        if self.codec == "raw":
            self._ends = None
            self.nbytes = total * self.size * self.size * 3
            self._frames = self._map(path, np.uint8, (total, self.size, self.size, 3))
        else:
            self._ends = self._map(os.path.join(self.folder, ENDS_FILE), "<i8", (total,))
            self.nbytes = int(self._ends[-1]) if total else 0
            self._frames = self._map(path, np.uint8, (self.nbytes,))

    def __len__(self):
        return len(self.names)

    def __repr__(self):
        content = f"{len(self)} videos, {len(self.class_names)} classes, {self.nbytes:,} bytes"
        return f"Store({self.folder!r}: {content})"

    def frames(self, i):
        """Return all frames of video `i`: read-only uint8 (length, size, size, 3), of a raw store a view."""
        length = int(self.lengths[i])
        if self.codec == "raw":
            start = int(self._offsets[i])
            return np.asarray(self._frames)[start : start + length]
        frames = self.take(i, np.arange(length))
        frames.flags.writeable = False
        return frames

    def take(self, i, rows, out=None):
        """Return some frames of video `i`, copied.

        Args:
            i: int.
            rows: (k,) of int, frames of it, each in 0..length-1.
            out: where to write them, uint8 (k, size, size, 3); None for a new array.
        """
        if out is None:
            out = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        if self.codec == "raw":
            # Into place it is several times as fast as indexing; nothing is out of range to be clipped.
            return np.take(self.frames(i), rows, axis=0, out=out, mode="clip")
        last = None
        for k, row in enumerate(rows):
            if row == last:  # a short video, whose frames are repeated
                out[k] = out[k - 1]
            else:
                self._decode(int(self._offsets[i]) + int(row), out[k])
            last = row
        return out

    def by_class(self):
        """Return, per class, the int64 array of the indices of its videos."""
        return [np.flatnonzero(self.labels == label) for label in range(len(self.class_names))]

    def _decode(self, number, out):
        start, end = int(self._ends[number - 1]) if number else 0, int(self._ends[number])
        try:
            decode_into(np.asarray(self._frames)[start:end].tobytes(), out)
        except (OSError, ValueError, SyntaxError):
            raise self._damaged() from None

    def _map(self, path, dtype, shape):
        nbytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if not os.path.isfile(path) or os.path.getsize(path) != nbytes:
            raise self._damaged()
        # A file of no bytes cannot be mapped.
        return np.memmap(path, dtype, "r", shape=shape) if nbytes else np.empty(shape, dtype)

    def _damaged(self):
        return VddError(f"The store '{self.folder}' is damaged: delete that folder and prepare it again.")


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
        if index.get("format") not in FORMATS.values():
            known = " and ".join(map(str, FORMATS.values()))
            raise VddError(
                f"The store '{folder}' has format {index.get('format')} and this version reads {known}: "
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
