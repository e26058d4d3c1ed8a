"""Files of one JSON value a line, to which a run adds as it goes on."""

import contextlib
import json
import pathlib
from typing import Any

from keras_vdd.files import write_atomically


class Log:
    """One JSON line for each iteration, without times, so that equal runs have equal logs."""

    def __init__(self, path: Any) -> None:
        self.path = pathlib.Path(path)

    def append(self, **record: Any) -> None:
        """Add a line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def records(self) -> list[dict[str, Any]]:
        """All whole lines; one cut off by a kill is left out."""
        if not self.path.exists():
            return []
        records = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                records.append(json.loads(line))
        return records

    def cut(self, stage: str, iteration: int) -> None:
        """Drop the lines of `stage` after `iteration`: a resumed stage writes them again."""
        kept = [r for r in self.records() if r["stage"] != stage or r["iteration"] <= iteration]
        write_atomically(self.path, "".join(json.dumps(r) + "\n" for r in kept))
