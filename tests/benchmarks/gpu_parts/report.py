"""What a part has found, a JSON line at a time, so that nothing is lost where it is cut off."""

import contextlib
import json
import traceback


class Report:
    """Appends rows to a file.

    Args:
        path: the file; rows of an earlier `Report` stay.
    """

    def __init__(self, path):
        self._path = path

    def row(self, name, **figures):
        """Add a row, or replace the one of that name. Lists and dicts go into the JSON and not into the table."""
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, **figures}) + "\n")

    @contextlib.contextmanager
    def attempt(self, name):
        """A block whose failure is a row of its own, `NAME failed`, and leaves what came before it and comes after."""
        try:
            yield
        except Exception as error:
            traceback.print_exc()
            self.row(f"{name} failed", error=f"{type(error).__name__}: {error}".splitlines()[0][:200])


def read_rows(path):
    """Return the rows of a file, the last of each name, in the order in which the names came first."""
    rows = {}
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
        for line in file:
            # What was being written when the part was ended is no row.
            if line.endswith("\n"):
                row = json.loads(line)
                rows[row["name"]] = row
    return list(rows.values())
