"""Reading a store: the decoded frames of one split in one file, and its index.

A store folder holds `frames.u8` (uint8, frames x size x size x 3, video after video in the order of the
listing, memory-mapped) or, for the codec "jpeg", `frames.jpegs` (one JPEG after another) with
`frames.ends` (int64, where each ends); `frames.crc32` (uint32, the checksum of each frame as it is stored);
`index.json` (written last: a folder without it is unfinished); and, for people, `failed.csv`.
"""

import csv
import os
import zlib
from collections.abc import Sequence

import numpy as np

from keras_vdd.data.decoding.jpeg import decode_into
from keras_vdd.errors import VddError
from keras_vdd.files import check_is_file, no_file_there
from keras_vdd.sealed import read_json
from keras_vdd.tensors import File
from keras_vdd.text import counted

# The number in `index.json`, one for each codec: a version that does not know a codec refuses its store for the
# number, and does not call it damaged.
FORMAT = 1
FORMATS = {"raw": FORMAT, "jpeg": 2}
FRAMES_FILES = {"raw": "frames.u8", "jpeg": "frames.jpegs"}
ENDS_FILE, SUMS_FILE = "frames.ends", "frames.crc32"
INDEX_FILE = "index.json"
FAILED_FILE = "failed.csv"


class Store:
    """The decoded videos of one split, read-only; open it with `open_store`.

    Each frame is compared with its checksum when it is first read. `VddError` is raised where it differs.

    Attributes:
        folder: str, where it lies.
        split: "train" or "test".
        class_names: list of str; labels count over it.
        names: list of str, `class/file` of each video.
        labels: int32 (n,).
        lengths: int32 (n,), frames of each video.
        sources: list of str, the checksum of each source file.
        size: int, side of the square frames in pixels.
        codec: "raw" or "jpeg".
        middle: None, or (frames, interval) where only that clip in the middle of each video is kept.
        failed: list of (name, reason) of the videos that could not be decoded.
        nbytes: int, bytes of all frames on the disk.
        has_checksums: bool; False for a store of an older version, which kept none.
    """

    def __init__(self, folder: File, index: dict, failed: list[tuple[str, str]]) -> None:
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
        self._sums = None
        if "sums" in index:
            self._sums = self._map(os.path.join(self.folder, SUMS_FILE), "<u4", (total,))
        # By frame, whether it was compared with its checksum.
        self._checked = np.zeros(total, bool)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        classes = counted(len(self.class_names), "class", "classes")
        return f"Store({self.folder!r}: {counted(len(self), 'video')}, {classes}, {self.nbytes:,} bytes)"

    @property
    def has_checksums(self) -> bool:
        return self._sums is not None

    def frames(self, i: int) -> np.ndarray:
        """Return all frames of video `i`: read-only uint8 (length, size, size, 3); of a raw store, not copied."""
        rows = np.arange(self.lengths[i])
        if self.codec == "raw":
            self._check(i, rows)
            return self._view(i)
        frames = self.take(i, rows)
        frames.flags.writeable = False
        return frames

    def take(self, i: int, rows: np.ndarray | Sequence[int], out: np.ndarray | None = None) -> np.ndarray:
        """Return some frames of video `i`, copied: uint8 (k, size, size, 3).

        Args:
            i: number of the video.
            rows: (k,) of int, its frames, each in 0..length-1, in any order.
            out: the array to write them to, uint8 (k, size, size, 3); None for a new one.
        """
        if out is None:
            out = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        self._check(i, rows)
        if self.codec == "raw":
            # In the mode "raise" NumPy would buffer `out`, which is several times as slow. No row is out of range, so
            # nothing is clipped.
            return np.take(self._view(i), rows, axis=0, out=out, mode="clip")
        last = None
        for k, row in enumerate(rows):
            if row == last:  # a short video, whose frames are repeated
                out[k] = out[k - 1]
            else:
                self._decode(int(self._offsets[i]) + int(row), out[k])
            last = row
        return out

    def by_class(self) -> list[np.ndarray]:
        """Return, per class, the int64 array of the indices of its videos."""
        return [np.flatnonzero(self.labels == label) for label in range(len(self.class_names))]

    def _view(self, i):
        start = int(self._offsets[i])
        return np.asarray(self._frames)[start : start + int(self.lengths[i])]

    def _check(self, i, rows):
        """Compare frames of video `i` with their checksums, each once."""
        if self._sums is None:
            return
        numbers = int(self._offsets[i]) + np.asarray(rows, np.int64)
        for number in numbers[~self._checked[numbers]].tolist():
            if zlib.crc32(self._stored(number)) != self._sums[number]:
                raise self._damaged(f" (a frame of '{self.names[i]}' is not as it was decoded)")
            self._checked[number] = True

    def _stored(self, number):
        """The bytes of a frame as they are stored."""
        if self.codec == "raw":
            return np.asarray(self._frames)[number]
        start, end = int(self._ends[number - 1]) if number else 0, int(self._ends[number])
        return np.asarray(self._frames)[start:end]

    def _decode(self, number, out):
        try:
            decode_into(self._stored(number).tobytes(), out)
        except (OSError, ValueError, SyntaxError):
            raise self._damaged() from None

    def _map(self, path, dtype, shape):
        """A file as an array, memory-mapped; its bytes must be just those of the array."""
        nbytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        try:
            check_is_file(path)
            whole = os.path.getsize(path) == nbytes
        except OSError as error:
            if not no_file_there(error):
                raise
            whole = False
        if not whole:
            raise self._damaged()
        # A file of no bytes cannot be mapped.
        return np.memmap(path, dtype, "r", shape=shape) if nbytes else np.empty(shape, dtype)

    def _damaged(self, why=""):
        return VddError(
            f"The store '{self.folder}' is damaged{why}: delete that folder and prepare it again."
        )


def is_finished(folder: File) -> bool:
    """Tell whether `folder` holds a finished store of a split."""
    return os.path.exists(os.path.join(folder, INDEX_FILE))


def open_store(folder: File) -> Store:
    """Open the finished store of one split, the folder `train` or `test`.

    Raises:
        VddError: there is no finished store in `folder`, or its files do not fit together.
    """
    folder = os.fspath(folder)
    path = os.path.join(folder, INDEX_FILE)
    try:
        index = read_json(path)
        if index.get("format") not in FORMATS.values():
            known = " and ".join(map(str, FORMATS.values()))
            raise VddError(
                f"The store '{folder}' has format {index.get('format')} and this version reads {known}: "
                "delete that folder and prepare it again."
            )
        # Where a store has checksums, the failures are in the index too; before that they were in the table alone.
        failed = index["failed"] if "sums" in index else _read_failed(os.path.join(folder, FAILED_FILE))
        return Store(folder, index, [tuple(row) for row in failed])
    except FileNotFoundError:
        raise VddError(f"'{folder}' holds no finished store: run 'vdd prepare' first.") from None
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        raise VddError(f"The store '{folder}' is damaged: delete that folder and prepare it again.") from None


def _read_failed(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return [(row[0], row[1]) for row in rows[1:]]
