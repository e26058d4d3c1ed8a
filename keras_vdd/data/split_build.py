"""Build the store of one split: parallel, and resumable at any moment.

Workers decode into `parts/`, in any order. This process appends the parts to `frames.u8` in the order
of the listing and writes one line of `journal.jsonl` for each, so the finished bytes do not depend on
who was fast. After a kill the journal says what is in, parts with an answer are taken as they are, and
only videos that were under way are decoded again. `index.json` comes last and closes the store.
"""

import csv
import io
import json
import os
import shutil

from keras_vdd.data.store_reader import FAILED_FILE, FORMAT, FRAMES_FILE, INDEX_FILE

JOURNAL_FILE = "journal.jsonl"
PARTS_FOLDER = "parts"


class DiskFull(Exception):
    """The disk filled up while frames were written; what is finished stays."""


def is_finished(folder):
    """Tell whether `folder` holds a finished store."""
    return os.path.exists(os.path.join(folder, INDEX_FILE))


def bytes_written(folder):
    """Return how many bytes of frames an unfinished store holds already."""
    path = os.path.join(folder, FRAMES_FILE)
    return os.path.getsize(path) if os.path.exists(path) else 0


def build_split(folder, split, videos, class_names, size, pool, update):
    """Decode `videos` into `folder`, going on from where an earlier run was stopped.

    Args:
        folder: the store's folder.
        split: "train" or "test", for the index.
        videos: list of `Video`, in the order that the store keeps.
        class_names: list of str.
        size: side of the square frames.
        pool: an open `Pool`.
        update: called as `update(done, failed=n)` after each video.

    Raises:
        DiskFull: the same call goes on once there is room.
    """
    parts = os.path.join(folder, PARTS_FOLDER)
    if not is_finished(folder):
        os.makedirs(parts, exist_ok=True)
        records = _resume(folder, size)
        failed = sum("failed" in record for record in records)
        update(len(records), failed=failed)
        with (
            open(os.path.join(folder, FRAMES_FILE), "ab") as frames,
            open(os.path.join(folder, JOURNAL_FILE), "a", encoding="utf-8") as journal,
        ):
            for number, answer in _answers(videos, len(records), parts, size, pool):
                if "disk_full" in answer:
                    raise DiskFull
                _append(frames, journal, answer, _part(parts, number))
                records.append(answer)
                failed += "failed" in answer
                update(len(records), failed=failed)
            frames.flush()
            os.fsync(frames.fileno())
        _close(folder, split, videos, class_names, size, records)
    # Outside the branch: a kill between the index and this clearing leaves nothing behind for ever.
    shutil.rmtree(parts, ignore_errors=True)
    if os.path.exists(os.path.join(folder, JOURNAL_FILE)):
        os.remove(os.path.join(folder, JOURNAL_FILE))


def _resume(folder, size):
    """Read the journal; cut it and the frames file back to the videos that are wholly in both."""
    journal, frames = os.path.join(folder, JOURNAL_FILE), os.path.join(folder, FRAMES_FILE)
    written = bytes_written(folder)
    records, lines, end = [], [], 0
    if os.path.exists(journal):
        with open(journal, encoding="utf-8") as file:
            for line in file:
                if not line.endswith("\n"):
                    break
                record = json.loads(line)
                after = end + record.get("frames", 0) * size * size * 3
                if after > written:
                    break
                records.append(record)
                lines.append(line)
                end = after
    _write(journal, "".join(lines))
    if written > end:
        os.truncate(frames, end)
    return records


def _answers(videos, start, parts, size, pool):
    """Yield (number, answer) for each video from `start`; finished parts are not decoded again."""
    ready = {}

    def jobs():
        for number in range(start, len(videos)):
            answer = _finished(_part(parts, number))
            if answer is None:
                yield {
                    "path": os.path.abspath(videos[number].path),
                    "size": size,
                    "part": _part(parts, number),
                }
            else:
                ready[number] = answer

    fresh = pool.ordered(jobs())
    number = start
    for answer in fresh:
        # The jobs run ahead of the answers, so every part before this answer has been looked at.
        while number in ready:
            yield number, ready.pop(number)
            number += 1
        yield number, answer
        number += 1
    while number in ready:
        yield number, ready.pop(number)
        number += 1


def _part(parts, number):
    return os.path.abspath(os.path.join(parts, f"{number:07d}.u8"))


def _finished(part):
    try:
        with open(f"{part}.json", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def _append(frames, journal, answer, part):
    if "failed" not in answer:
        with open(part, "rb") as file:
            shutil.copyfileobj(file, frames, 1 << 20)
        frames.flush()
    journal.write(json.dumps(answer) + "\n")
    journal.flush()
    for path in (part, f"{part}.json"):
        if os.path.exists(path):
            os.remove(path)


def _close(folder, split, videos, class_names, size, records):
    index = {"format": FORMAT, "codec": "raw", "split": split, "size": size, "class_names": list(class_names)}
    index.update(names=[], labels=[], frames=[], offsets=[], sources=[])
    failed, offset = [], 0
    for video, record in zip(videos, records, strict=True):
        if "failed" in record:
            failed.append((video.name, record["failed"]))
            continue
        index["names"].append(video.name)
        index["labels"].append(video.label)
        index["frames"].append(record["frames"])
        index["offsets"].append(offset)
        index["sources"].append(record["source"])
        offset += record["frames"]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("video", "reason"))
    writer.writerows(failed)
    _write(os.path.join(folder, FAILED_FILE), table.getvalue())
    _write(os.path.join(folder, INDEX_FILE), json.dumps(index))


def _write(path, text):
    unfinished = f"{path}.unfinished"
    with open(unfinished, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.replace(unfinished, path)
