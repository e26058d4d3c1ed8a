"""Videos that other stores of the same cut have decoded already: found by their content, and taken from there."""

import os
import shutil
import threading
import zlib
from typing import Any

import numpy as np

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.decoding.source_checksum import checksum_if_there
from keras_vdd.data.folders.listing import Video
from keras_vdd.data.store.reader import ENDS_FILE, FRAMES_FILES, INDEX_FILE, SUMS_FILE
from keras_vdd.data.store.records import JOURNAL_FILE, journal
from keras_vdd.data.store.source_files import tells_apart
from keras_vdd.files import check_is_file, replacing
from keras_vdd.sealed import read_json

SPLITS = ("train", "test")
PARTS_FOLDER = "parts"


class KnownVideos:
    """The decoded videos of stores, finished or under way.

    Args:
        cut: what is to be kept of each video; stores that keep anything else are passed over.

    Attributes:
        used: set of the folders that videos were taken from.
    """

    def __init__(self, cut: Cut) -> None:
        self.used: set[str] = set()
        self._cut = cut
        # By the checksum of the source file: where its frames lie, as `_finished` and `_under_way` say.
        self._places: dict[str, tuple[Any, ...]] = {}
        # By name and fingerprint: that checksum, so that a file which is the same need not be read.
        self._sources: dict[tuple[Any, ...], str] = {}
        # Sizes of the source files: one of another size is of other content. Earlier versions did not keep them.
        self._sizes: set[int] = set()
        self._any_size, self._lock = False, threading.Lock()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, folder: str, files: dict[str, Any] | None = None) -> None:
        """Add what the splits of a store have, if it keeps the same of each video.

        Args:
            folder: of the splits.
            files: what `read_source_files` gives of it; None where it says nothing, as of earlier versions.
        """
        if files is not None and not same_cut(files, self._cut):
            return
        for split in SPLITS:
            place = os.path.join(folder, split)
            found = _finished(place, self._cut) or _under_way(place, files and files.get(split), self._cut)
            if not found:
                continue
            self._any_size = self._any_size or files is None
            prints = {name: tuple(found_as) for name, _, *found_as in (files or {}).get(split, ())}
            for name, source, *where in found:
                self._places.setdefault(source, (place, *where))
                if name in prints:
                    self._sizes.add(prints[name][0])
                    self._sources.setdefault((name, *prints[name]), source)

    def lay(self, video: Video, found: list[Any], part: str) -> dict[str, Any] | None:
        """Write the frames of a video to the file `part`, if some store has them.

        Args:
            video: `Video`.
            found: its `fingerprint`.
            part: path of the file to write.

        Returns:
            dict of `frames`, `source`, `sums` and, of frames that differ in size, `sizes`; None where no store has it,
            or what it has is damaged.
        """
        source = self._source(video, found)
        if source not in self._places:
            return None
        place, *where = self._places[source]
        try:
            answer = _laid(place, where, part, self._cut)
        except (OSError, ValueError, IndexError):
            return None
        if answer is None:
            return None
        with self._lock:
            self.used.add(os.path.dirname(place))
        return {**answer, "source": source}

    def _source(self, video, found):
        """The checksum of a video; None where no store can have it."""
        key = (video.name, *found)
        if key in self._sources and tells_apart(found):
            return self._sources[key]
        if not self._places or not (self._any_size or found[0] in self._sizes):
            return None
        return checksum_if_there(video.path)


def same_cut(files: dict[str, Any], cut: Cut) -> bool:
    """Whether a store that says this of its files keeps the same of each video as `cut`."""
    return all(files.get(key) == value for key, value in head_of(cut).items())


def head_of(cut: Cut) -> dict[str, Any]:
    """Return what `files.json` says of the cut of a store."""
    return {
        "size": cut.size,
        "codec": cut.codec,
        "middle": None if cut.middle is None else list(cut.middle),
    }


def _finished(place, cut):
    """Return [(name, source, first frame, frames)] of a finished split of this cut; None of another."""
    try:
        index = read_json(os.path.join(place, INDEX_FILE))
        if "sums" not in index or not same_cut({"middle": None, **index}, cut):
            return None
        columns = (index[key] for key in ("names", "sources", "offsets", "frames"))
        return list(zip(*columns, strict=True))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _under_way(place, rows, cut):
    """Return the same of one under way; the file of a part in place of the first frame where it has that alone."""
    if not rows:
        return None
    found, first, records = [], 0, journal(os.path.join(place, JOURNAL_FILE))
    for row, (record, _) in zip(rows, records, strict=False):
        if "failed" not in record:
            found.append((row[0], record["source"], first, record["frames"]))
            first += record["frames"]
    parts = os.path.join(place, PARTS_FOLDER)
    try:
        names = os.listdir(parts)
    except OSError:  # none yet, or none any more: the process that finishes the store removes it
        names = []
    for name in names:
        if name.endswith(".u8.json") and name[:7].isdigit() and int(name[:7]) < len(rows):
            part = os.path.join(parts, name.removesuffix(".json"))
            if (answer := finished_part(part, cut)) is not None and "failed" not in answer:
                found.append((rows[int(name[:7])][0], answer["source"], part, answer["frames"]))
    return found


def finished_part(part: str, cut: Cut) -> dict[str, Any] | None:
    """Return the answer to a part that is wholly there; None of another, which may lack bytes after a power cut."""
    try:
        answer = read_json(f"{part}.json")
        if "failed" in answer:
            return answer
        sizes = answer.get("sizes") or [cut.frame_bytes()] * answer["frames"]
        check_is_file(part)
        if os.path.getsize(part) != sum(sizes):
            return None
        with open(part, "rb") as file:
            return answer if [zlib.crc32(file.read(size)) for size in sizes] == answer["sums"] else None
    except (OSError, ValueError, KeyError):
        return None


def _laid(place, where, part, cut):
    """Write to `part` the frames that lie where `_finished` or `_under_way` says; return the answer to it.

    Raises:
        OSError, ValueError, IndexError: a file of that store is damaged.
    """
    first, count = where
    if isinstance(first, str):
        answer = finished_part(first, cut)
        if answer is not None:
            with replacing(part, sync=False) as unfinished:
                shutil.copyfile(first, unfinished)
        return answer
    sums = _numbers(os.path.join(place, SUMS_FILE), "<u4", first, count)
    if cut.codec == "raw":
        start, sizes = first * cut.frame_bytes(), [cut.frame_bytes()] * count
    else:
        before = int(_numbers(os.path.join(place, ENDS_FILE), "<i8", first - 1, 1)[0]) if first else 0
        ends = _numbers(os.path.join(place, ENDS_FILE), "<i8", first, count)
        start, sizes = before, np.diff(ends, prepend=before).tolist()
    frames = os.path.join(place, FRAMES_FILES[cut.codec])
    check_is_file(frames)
    with (
        open(frames, "rb") as file,
        replacing(part, sync=False) as unfinished,
        open(unfinished, "wb") as into,
    ):
        file.seek(start)
        for size, expected in zip(sizes, sums.tolist(), strict=True):
            frame = file.read(size)
            if zlib.crc32(frame) != expected:
                raise ValueError(place)
            into.write(frame)
    answer = {"frames": count, "sums": sums.tolist()}
    return answer if cut.codec == "raw" else {**answer, "sizes": sizes}


def _numbers(path, dtype, first, count):
    check_is_file(path)
    with open(path, "rb") as file:
        return np.fromfile(file, dtype, count, offset=first * np.dtype(dtype).itemsize)
