"""Build the store of one split: parallel, and resumable at any moment.

Workers decode into `parts/`, in any order. This process appends the parts to the frames file in the order
of the listing and writes one line of `journal.jsonl` for each, so the finished bytes do not depend on
who was fast. After a kill the journal says what is in, parts with an answer are taken as they are, and
only videos that were under way are decoded again. `index.json` comes last and closes the store.
"""

import contextlib
import dataclasses
import os
import shutil

import numpy as np

from keras_vdd.data.store.known import PARTS_FOLDER, finished_part
from keras_vdd.data.store.reader import ENDS_FILE, FRAMES_FILES, SUMS_FILE, is_finished
from keras_vdd.data.store.records import JOURNAL_FILE, Records, journal
from keras_vdd.files import open_to_append
from keras_vdd.sealed import seal

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
        taken: int, videos that other stores had decoded.
        allowed: int, how many videos of all splits may be unreadable; None for any number.
        reasons: list of str, why those that are unreadable are, whenever it was found.
    """

    videos: int = 0
    frames: int = 0
    taken: int = 0
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


def bytes_written(folder, codec="raw"):
    """Return how many bytes of frames an unfinished store holds already."""
    return _size(os.path.join(folder, FRAMES_FILES[codec]))


def videos_written(folder):
    """Return how many videos of the listing an unfinished store is done with."""
    path = os.path.join(folder, JOURNAL_FILE)
    if not os.path.isfile(path):
        return 0
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def build_split(folder, split, videos, class_names, cut, pool, update, work, taken, there, threads=1):
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
        taken: function (number of a video, path of a part) that writes the part from what another store has decoded,
            and returns the answer to it; None where no store has it.
        there: list of bool, whether each video could be read when the set was listed.
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
            for number, answer in _answers(videos, len(records), parts, cut, pool, taken, there, threads):
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
                if answer.get("taken"):
                    work.taken += 1
                else:
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
        with contextlib.ExitStack() as stack:
            names = FRAMES_FILES[codec], SUMS_FILE, JOURNAL_FILE, *(() if codec == "raw" else (ENDS_FILE,))
            opened = [stack.enter_context(open_to_append(os.path.join(folder, name))) for name in names]
            self._opened = stack.pop_all()
        self.frames, self.sums, self.journal, self.ends = (*opened, None)[:4]
        self.end = end

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._opened.close()

    def sync(self):
        """Wait until the frames are on the disk."""
        for file in filter(None, (self.frames, self.ends, self.sums)):
            file.flush()
            os.fsync(file.fileno())


def _resume(folder, cut):
    """Read the journal; cut it and the other files back to the videos that are wholly in all of them."""
    path = os.path.join(folder, JOURNAL_FILE)
    frames, ends = os.path.join(folder, FRAMES_FILES[cut.codec]), os.path.join(folder, ENDS_FILE)
    sums = os.path.join(folder, SUMS_FILE)
    written, known = _size(frames), _size(sums) // 4
    if cut.codec != "raw":
        known = min(known, _size(ends) // 8)
    records, whole = Records(cut), 0
    for record, length in journal(path):
        after, total = records.after(record)
        if after > written or total > known:
            break
        records.add(record)
        whole += length
    ends_of = (frames, records.bytes), (ends, 8 * records.total), (sums, 4 * records.total)
    for grown, end in ((path, whole), *ends_of):
        if _size(grown) > end:
            os.truncate(grown, end)
    return records


def _answers(videos, start, parts, cut, pool, taken, there, threads):
    """Yield (number, answer) for each video from `start`; what is decoded somewhere is not decoded again."""

    def answer(number):
        part = _part(parts, number)
        if (finished := finished_part(part, cut)) is not None:
            return finished
        if (answer := taken(number, part)) is not None:
            return {**answer, "taken": True}
        job = {**dataclasses.asdict(cut), "path": os.path.abspath(videos[number].path)}
        return pool.ask({**job, "part": part, "threads": threads, "there": there[number]})

    yield from enumerate(pool.ordered(range(start, len(videos)), answer), start)


def _part(parts, number):
    return os.path.abspath(os.path.join(parts, f"{number:07d}.u8"))


def _append(files, answer, part):
    """Move a finished part into the store; return its line of the journal."""
    sizes = answer.get("sizes")
    record = {key: value for key, value in answer.items() if key not in ("sizes", "sums", "taken")}
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
    files.journal.write(f"{seal(record)}\n".encode())
    files.journal.flush()
    for path in (part, f"{part}.json"):
        if os.path.exists(path):
            os.remove(path)
    return record


def _size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0
