"""How long a run took, and when: kept apart from its results, so that equal runs have equal results."""

import contextlib
import datetime
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

from keras_vdd.files import append_line


class Times:
    """`times.jsonl` of a run folder: a line for each piece of work that ended, in the order of their ends.

    A line has `step`, what tells the piece from others, `ended` (UTC, ISO 8601) and `seconds` of wall time. A
    step that was interrupted and gone on with has a line for each part of it that was not killed.

    Args:
        path: of the file; None keeps nothing.
    """

    def __init__(self, path: Any = None) -> None:
        self._path = None if path is None else pathlib.Path(path)

    @contextlib.contextmanager
    def of(self, step: str, **which: Any) -> Iterator[None]:
        """Time what is done inside; it is kept also where an error or an interrupt ends it."""
        started = time.monotonic()
        try:
            yield
        finally:
            if self._path is not None:
                seconds = round(time.monotonic() - started, 3)
                ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
                record = {"step": step, **which, "ended": ended, "seconds": seconds}
                append_line(self._path, json.dumps(record))
