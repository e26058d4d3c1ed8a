"""The table of results, as plain cells and as aligned text; `page` has it as HTML."""

import textwrap
from dataclasses import dataclass

from keras_vdd.text import printable

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
        cells = [[printable(cell) for cell in row] for row in (self.header, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells)]
        lines = [self._line(row, widths) for row in cells]
        rule = "  ".join("-" * w for w in widths)
        title = textwrap.wrap(printable(self.title), max(_NARROWEST, len(rule)))
        return "\n".join([*title, "", lines[0], rule, *lines[1:]])

    @staticmethod
    def is_words(head):
        """Whether the column under a head holds words, which begin at its left side; figures end at its right."""
        return head in ("method", "note")

    def _line(self, cells, widths):
        padded = [
            c.ljust(w) if self.is_words(h) else c.rjust(w) for c, w, h in zip(cells, widths, self.header)
        ]
        return "  ".join(padded).rstrip()


def results_table(rows, title):
    """Return the `Table` of result rows under a title such as `Protocol.describe()`.

    Accuracies are mean and standard deviation in percent. Networks that diverged are never in a mean:
    a column says how many there were, and a row of which all diverged says so in place of its accuracy.
    What no row has is no column.

    Args:
        rows: sequence of `keras_vdd.evaluation.ResultRow`.
        title: str.
    """
    columns = [
        ("method", lambda row: row.method),
        ("videos per class", lambda row: _plain(row.videos_per_class)),
        ("bytes", lambda row: f"{row.bytes:,}"),
        ("top-1 %", lambda row: _accuracy(row.score, row.score.top1, "diverged")),
        ("top-5 %", lambda row: _accuracy(row.score, row.score.top5)),
        ("pairs %", lambda row: _accuracy(row.score, row.score.pairs)),
        ("diverged", lambda row: f"{len(row.score.diverged)} of {len(row.score.networks)}"),
        ("note", lambda row: row.note),
    ]
    optional = {
        "top-5 %": any(row.score.top5["values"] for row in rows),
        "pairs %": any(row.score.pairs for row in rows),
        "diverged": any(row.score.diverged for row in rows),
        "note": any(row.note for row in rows),
    }
    columns = [(head, cell) for head, cell in columns if optional.get(head, True)]
    return Table(title, [head for head, _ in columns], [[cell(row) for _, cell in columns] for row in rows])


def _accuracy(score, figure, without="-"):
    if figure is None or figure["mean"] is None:
        return without if score.diverged else "-"
    return f"{figure['mean']:.1f} ±{figure['std']:.1f}"


def _plain(value):
    return "-" if value is None else str(value)
