"""The table of results, as aligned text, as Markdown and as plain cells.

A row is a dict, as `results.json` holds them: `method`, `videos_per_class` (number or text), `bytes`,
`top1`, `top5` and `pairs` (`{"mean", "std", "values"}` in percent, or None), `diverged` (a count), `seeds`
(list) and `note`. What a row lacks is shown as "-"; a column that no row has is left out.
"""

import textwrap
from dataclasses import dataclass

_NARROWEST = 72


@dataclass(frozen=True)
class Table:
    """A title, column heads and cells, all text.

    Attributes:
        title: names the evaluator and its protocol.
        header: list of column heads.
        rows: list of lists of cells.
    """

    title: str
    header: list
    rows: list

    def text(self):
        """Return the table as aligned lines for a terminal or a log, without a last line end."""
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows)]
        lines = [self._line(cells, widths) for cells in (self.header, *self.rows)]
        rule = "  ".join("-" * w for w in widths)
        title = textwrap.wrap(self.title, max(_NARROWEST, len(rule)))
        return "\n".join([*title, "", lines[0], rule, *lines[1:]])

    def markdown(self):
        """Return the table as GitHub Markdown, the title above it."""
        marks = ["---" if self._left(head) else "---:" for head in self.header]
        lines = [[_escaped(cell) for cell in cells] for cells in (self.header, *self.rows)]
        table = ["| " + " | ".join(cells) + " |" for cells in (lines[0], marks, *lines[1:])]
        return "\n".join([self.title, "", *table])

    def _line(self, cells, widths):
        padded = [c.ljust(w) if self._left(h) else c.rjust(w) for c, w, h in zip(cells, widths, self.header)]
        return "  ".join(padded).rstrip()

    @staticmethod
    def _left(head):
        return head in ("method", "note")


def results_table(rows, title):
    """Return the `Table` of result rows under a title such as `Protocol.describe()`.

    Accuracies are mean and standard deviation in percent. Networks that diverged are never in a mean:
    a column says how many there were, and a row of which all diverged says so in place of its accuracy.
    """
    columns = [
        ("method", lambda row: str(row["method"])),
        ("videos per class", lambda row: _plain(row.get("videos_per_class"))),
        ("bytes", lambda row: _count(row.get("bytes"))),
        ("top-1 %", lambda row: _accuracy(row, "top1")),
        ("top-5 %", lambda row: _accuracy(row, "top5")),
        ("pairs %", lambda row: _accuracy(row, "pairs")),
        ("diverged", _diverged),
        ("note", lambda row: row.get("note") or ""),
    ]
    optional = {
        "pairs %": any(row.get("pairs") for row in rows),
        "diverged": any(row.get("diverged") for row in rows),
        "note": any(row.get("note") for row in rows),
    }
    columns = [(head, cell) for head, cell in columns if optional.get(head, True)]
    return Table(title, [head for head, _ in columns], [[cell(row) for _, cell in columns] for row in rows])


def _accuracy(row, name):
    figure = row.get(name)
    if figure is None or figure["mean"] is None:
        return "diverged" if name == "top1" and row.get("diverged") else "-"
    return f"{figure['mean']:.1f} ±{figure['std']:.1f}"


def _diverged(row):
    seeds = row.get("seeds")
    return f"{row.get('diverged', 0)} of {len(seeds)}" if seeds else str(row.get("diverged", 0))


def _count(value):
    return "-" if value is None else f"{value:,}"


def _plain(value):
    return "-" if value is None else str(value)


def _escaped(cell):
    return cell.replace("\\", "\\\\").replace("|", "\\|")
