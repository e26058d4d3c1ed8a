"""Files of one JSON value a line, to which a run adds as it goes on."""

import errno
import json
import logging
import pathlib
from collections.abc import Sequence
from typing import Any

from keras_vdd.files import NO_FILE, append_line, read_whole, write_atomically

_LOG = logging.getLogger(__name__)


class Log:
    """One JSON line for each iteration, without times, so that equal runs have equal logs.

    What a stage has reached is also kept with its checkpoints and its result, which have checksums: lines that are
    damaged or gone come back from there.
    """

    def __init__(self, path: Any) -> None:
        self.path = pathlib.Path(path)

    def append(self, **record: Any) -> None:
        """Add a line."""
        append_line(self.path, json.dumps(record))

    def records(self, stage: str | None = None) -> list[dict[str, Any]]:
        """All whole lines, or those of one stage; one that was cut off by a kill or is damaged is left out."""
        records = [record for record in map(_record, self._lines()) if record is not None]
        return records if stage is None else [record for record in records if record["stage"] == stage]

    def cut(self, stage: str, iteration: int) -> None:
        """Drop the lines of `stage` after `iteration`: a resumed stage writes them again."""
        kept = [r for r in self.records() if r["stage"] != stage or r["iteration"] <= iteration]
        write_atomically(self.path, _text(kept))

    def in_order(self, stages: Sequence[str]) -> None:
        """See to it that lines of the first of `stages` come first, and so on."""
        found = self.records()
        records = sorted(found, key=lambda record: (*stages, record["stage"]).index(record["stage"]))
        if records != found:
            write_atomically(self.path, _text(records))

    def restore(self, stage: str, records: list[dict[str, Any]] | None, done: bool = False) -> None:
        """See to it that the lines of a stage are `records`, which were kept elsewhere; None leaves them as they are.

        Lines of later iterations stay, unless the stage is `done`. A line that is not as it was is a warning, and
        written again.
        """
        found = self.records()
        last = records[-1]["iteration"] if records else 0
        own = [r for r in found if r["stage"] == stage and (done or r["iteration"] <= last)]
        if records is None or _text(own) == _text(records):
            return
        _LOG.warning("'%s' was damaged: its lines of stage %s are written again.", self.path, stage)
        first = next((i for i, record in enumerate(found) if record["stage"] == stage), len(found))
        # A stage that has no folder is a name that was damaged.
        stages = {path.name for path in self.path.parent.iterdir() if path.is_dir()} - {stage}
        before, after = ([r for r in part if r["stage"] in stages] for part in (found[:first], found[first:]))
        write_atomically(self.path, _text([*before, *records, *after]))

    def _lines(self) -> list[str]:
        try:
            return read_whole(self.path).decode(errors="replace").splitlines()
        except OSError as error:
            # What is no file has no lines: they come back from checkpoints and results.
            if error.errno not in {*NO_FILE, errno.ENOENT}:
                raise
            return []


def _record(line: str) -> dict[str, Any] | None:
    """The record of a line; None where it is none."""
    try:
        record = json.loads(line)
        whole = isinstance(record["stage"], str) and isinstance(record["iteration"], int)
        return record if whole and isinstance(record["loss"], int | float) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _text(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)
