"""What became of each video of a store under way, in a few bytes a video, and the index made of it."""

import array
import contextlib
import csv
import io
import os
from collections.abc import Iterator
from typing import Any

from keras_vdd.data.store.reader import FAILED_FILE, FORMATS, INDEX_FILE
from keras_vdd.files import write_atomically
from keras_vdd.sealed import sealed, unseal, with_lists
from keras_vdd.text import printable

JOURNAL_FILE = "journal.jsonl"


class Records:
    """One record a video, in the order of the listing; sets of many videos must fit.

    Attributes:
        failed: dict of number to reason.
        total: int, frames of all videos.
        bytes: int, bytes of those frames in the store.
    """

    def __init__(self, cut):
        self.failed, self.total, self.bytes = {}, 0, 0
        self._cut = cut
        self._frames = array.array("q")
        self._sources = bytearray()

    def __len__(self):
        return len(self._frames)

    def after(self, record):
        """Return (bytes, frames) of the store once this record is added."""
        count = record.get("frames", 0)
        size = record.get("bytes", 0) if self._cut.codec != "raw" else count * self._cut.frame_bytes()
        return self.bytes + size, self.total + count

    def add(self, record):
        """Add a line of the journal: `frames`, `source` and, unless raw, `bytes`; or `failed` and perhaps `source`."""
        self.bytes, self.total = self.after(record)
        if "failed" in record:
            self.failed[len(self)] = record["failed"]
        self._frames.append(record.get("frames", 0))
        self._sources += bytes.fromhex(record.get("source", "00" * 16))

    def _source_of(self, number):
        """The checksum of a source file; "" where it could not be read."""
        source = self._sources[16 * number : 16 * number + 16]
        return source.hex() if any(source) else ""

    def close(self, folder, split, videos, class_names, cut):
        """Write the table of failures and, last, the index."""
        numbers = [number for number in range(len(videos)) if number not in self.failed]

        def offsets():
            offset = 0
            for number in numbers:
                yield offset
                offset += self._frames[number]

        head = {
            "format": FORMATS[cut.codec],
            "codec": cut.codec,
            "split": split,
            "size": cut.size,
            "class_names": list(class_names),
        }
        if cut.middle is not None:
            head["middle"] = list(cut.middle)
        head["sums"] = "crc32"
        rows = [(videos[number].name, reason) for number, reason in sorted(self.failed.items())]
        columns = {
            "names": (videos[number].name for number in numbers),
            "labels": (videos[number].label for number in numbers),
            "frames": (self._frames[number] for number in numbers),
            "offsets": offsets(),
            "sources": (self._source_of(number) for number in numbers),
            "failed": rows,
            "failed_sources": (self._source_of(number) for number in sorted(self.failed)),
        }
        _write(os.path.join(folder, FAILED_FILE), lambda file: _write_table(file, rows))
        _write(
            os.path.join(folder, INDEX_FILE), lambda file: file.writelines(sealed(with_lists(head, columns)))
        )


def journal(path: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each whole line of a journal as a record, and the bytes of the line; up to the first that is damaged.

    Of a journal that is not there, or not any more, or no file, nothing.
    """
    if not os.path.isfile(path):
        return
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        for line in file:
            try:
                record = unseal(line.decode().rstrip("\n")) if line.endswith(b"\n") else None
            except ValueError:
                record = None
            if record is None:
                return
            yield record, len(line)


def _write_table(file, rows):
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("video", "reason"))
    writer.writerows(map(printable, row) for row in rows)


def _write(path, fill):
    def write(file):
        text = io.TextIOWrapper(file, "utf-8", newline="")
        fill(text)
        text.detach()

    write_atomically(path, write)
