"""Build the store of one split: parallel, and resumable at any moment.

Workers decode into `parts/`, in any order. This process appends the parts to the frames file in the order
of the listing and writes one line of `journal.jsonl` for each, so the finished bytes do not depend on
who was fast. After a kill the journal says what is in, parts with an answer are taken as they are, and
only videos that were under way are decoded again. `index.json` comes last and closes the store.
"""

import dataclasses
import os
import shutil
import zlib

import numpy as np

from keras_vdd.data.store.reader import ENDS_FILE, FRAMES_FILES, INDEX_FILE, SUMS_FILE
from keras_vdd.data.store.records import Records
from keras_vdd.sealed import read_json, seal, unseal

JOURNAL_FILE = "journal.jsonl"
PARTS_FOLDER = "parts"


# So many videos in a row that the machine could not read: the rest would fare no better.
GIVING_UP = 20


class DiskFull(Exception):
    """The disk filled up while frames were written; what is finished stays."""


class Passing(Exception):
    """The machine could not read some videos; what is finished stays, and the next call tries those again.

    Attributes:
        reasons: dict of the name of a video to what failed.
    """

    def __init__(self, reasons):
        super().__init__()
        self.reasons = reasons


class TooManyFailed(Exception):
    """More of the videos are unreadable than may be; what is finished stays.

    Attributes:
        reasons: list of str, why each failed.
    """

    def __init__(self, reasons):
        super().__init__()
        self.reasons = reasons


@dataclasses.dataclass
class Work:
    """What was decoded by one call, not counting what was there before: videos, and frames of them.

    Attributes:
        allowed: int, how many videos of all splits may be unreadable; None for any number.
        reasons: list of str, why those that are unreadable are, whenever it was found.
    """

    videos: int = 0
    frames: int = 0
    allowed: int | None = None
    reasons: list[str] = dataclasses.field(default_factory=list)

    def note_failed(self, reasons):
        """Count unreadable videos.

        Raises:
            TooManyFailed: there are more than may be.
        """
        self.reasons += reasons
        if self.allowed is not None and len(self.reasons) > self.allowed:
            raise TooManyFailed(self.reasons)


def is_finished(folder):
    """Tell whether `folder` holds a finished store."""
    return os.path.exists(os.path.join(folder, INDEX_FILE))


def bytes_written(folder, codec="raw"):
    """Return how many bytes of frames an unfinished store holds already."""
    return _size(os.path.join(folder, FRAMES_FILES[codec]))


def videos_written(folder):
    """Return how many videos of the listing an unfinished store is done with."""
    path = os.path.join(folder, JOURNAL_FILE)
    if not os.path.exists(path):
        return 0
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def build_split(folder, split, videos, class_names, cut, pool, update, work, threads=1):
    """Decode `videos` into `folder`, going on from where an earlier run was stopped.

    Args:
        folder: the store's folder.
        split: "train" or "test", for the index.
        videos: list of `Video`, in the order that the store keeps.
        class_names: list of str.
        cut: `Cut`.
        pool: an open `Pool`.
        update: called as `update(done, failed=n, frames=n)` after each video.
        work: `Work` that counts what is decoded.
        threads: decoding threads of each worker.

    Raises:
        DiskFull: the same call goes on once there is room.
        Passing: the same call goes on once the machine reads all files.
        TooManyFailed: more videos than `work` allows are unreadable.
    """
    parts = os.path.join(folder, PARTS_FOLDER)
    if not is_finished(folder):
        os.makedirs(parts, exist_ok=True)
        records = _resume(folder, cut)
        update(len(records), failed=len(records.failed), frames=records.total)
        work.note_failed(records.failed.values())
        passing, in_a_row = {}, 0
        with _Files(folder, cut.codec, records.bytes) as files:
            for number, answer in _answers(videos, len(records), parts, cut, pool, threads):
                if "disk_full" in answer:
                    raise DiskFull
                if "passing" in answer:
                    passing[videos[number].name] = answer["passing"]
                in_a_row = in_a_row + 1 if "passing" in answer else 0
                if in_a_row == GIVING_UP:
                    break
                if passing:
                    # The parts of those behind it wait on the disk for it.
                    continue
                record = _append(files, answer, _part(parts, number))
                records.add(record)
                work.videos += 1
                work.frames += record.get("frames", 0)
                update(len(records), failed=len(records.failed), frames=records.total)
                if "failed" in record:
                    work.note_failed([record["failed"]])
            files.sync()
        if passing:
            raise Passing(passing)
        records.close(folder, split, videos, class_names, cut)
    # Outside the branch: a kill between the index and this clearing leaves nothing behind for ever.
    shutil.rmtree(parts, ignore_errors=True)
    if os.path.exists(os.path.join(folder, JOURNAL_FILE)):
        os.remove(os.path.join(folder, JOURNAL_FILE))


class _Files:
    """The files that grow while a store is built."""

    def __init__(self, folder, codec, end):
        self.frames = open(os.path.join(folder, FRAMES_FILES[codec]), "ab")
        self.ends = open(os.path.join(folder, ENDS_FILE), "ab") if codec != "raw" else None
        self.sums = open(os.path.join(folder, SUMS_FILE), "ab")
        self.journal = open(os.path.join(folder, JOURNAL_FILE), "a", encoding="utf-8")
        self.end = end

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for file in filter(None, (self.frames, self.ends, self.sums, self.journal)):
            file.close()

    def sync(self):
        """Wait until the frames are on the disk."""
        for file in filter(None, (self.frames, self.ends, self.sums)):
            file.flush()
            os.fsync(file.fileno())


def _resume(folder, cut):
    """Read the journal; cut it and the other files back to the videos that are wholly in all of them."""
    journal = os.path.join(folder, JOURNAL_FILE)
    frames, ends = os.path.join(folder, FRAMES_FILES[cut.codec]), os.path.join(folder, ENDS_FILE)
    sums = os.path.join(folder, SUMS_FILE)
    written, known = _size(frames), _size(sums) // 4
    if cut.codec != "raw":
        known = min(known, _size(ends) // 8)
    records, whole = Records(cut), 0
    if os.path.exists(journal):
        with open(journal, "rb") as file:
            for line in file:
                if not line.endswith(b"\n") or (record := _record(line)) is None:
                    break
                after, total = records.after(record)
                if after > written or total > known:
                    break
                records.add(record)
                whole += len(line)
    ends_of = (frames, records.bytes), (ends, 8 * records.total), (sums, 4 * records.total)
    for path, end in ((journal, whole), *ends_of):
        if _size(path) > end:
            os.truncate(path, end)
    return records


def _record(line):
    """The record of a line of the journal; None for one that is damaged."""
    try:
        return unseal(line.decode().rstrip("\n"))
    except ValueError:
        return None


def _answers(videos, start, parts, cut, pool, threads):
    """Yield (number, answer) for each video from `start`; finished parts are not decoded again."""

    def answer(number):
        part = _part(parts, number)
        if (finished := _finished(part, cut)) is not None:
            return finished
        job = {**dataclasses.asdict(cut), "path": os.path.abspath(videos[number].path)}
        return pool.ask({**job, "part": part, "threads": threads})

    yield from enumerate(pool.ordered(range(start, len(videos)), answer), start)


def _part(parts, number):
    return os.path.abspath(os.path.join(parts, f"{number:07d}.u8"))


def _finished(part, cut):
    """The answer to a part that is wholly there; it may lack bytes after a power cut."""
    try:
        answer = read_json(f"{part}.json")
        if "failed" in answer:
            return answer
        sizes = answer.get("sizes") or [cut.frame_bytes()] * answer["frames"]
        if os.path.getsize(part) != sum(sizes):
            return None
        with open(part, "rb") as file:
            return answer if [zlib.crc32(file.read(size)) for size in sizes] == answer["sums"] else None
    except (OSError, ValueError, KeyError):
        return None


def _append(files, answer, part):
    """Move a finished part into the store; return its line of the journal."""
    sizes = answer.get("sizes")
    record = {key: value for key, value in answer.items() if key not in ("sizes", "sums")}
    if "failed" not in answer:
        with open(part, "rb") as file:
            shutil.copyfileobj(file, files.frames, 1 << 20)
        files.frames.flush()
        files.sums.write(np.array(answer["sums"], "<u4").tobytes())
        files.sums.flush()
        if sizes is not None:
            ends = files.end + np.cumsum(sizes, dtype=np.int64)
            files.ends.write(ends.astype("<i8").tobytes())
            files.ends.flush()
            files.end = int(ends[-1])
            record["bytes"] = sum(sizes)
    files.journal.write(seal(record) + "\n")
    files.journal.flush()
    for path in (part, f"{part}.json"):
        if os.path.exists(path):
            os.remove(path)
    return record


def _size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0
