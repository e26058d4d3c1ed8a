"""Results on standard output: one JSON document, a table, or lines of name and value."""

import dataclasses
import json
import math
import re

import click

from keras_vdd.text import counted, printable

WIDEST = 60


def plain(value):
    """Return `value` as JSON can hold it: numpy numbers as numbers, NaN and infinities as null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def emit_json(value):
    """Print one JSON document; what would do something to a terminal is escaped as JSON does it."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    click.echo("\n".join(re.sub(r"[^ -~]", _as_json, line) for line in text.split("\n")))


def emit_lines(values, indent=0):
    """Print a mapping as aligned lines, an inner mapping indented under its name."""
    # A name of hundreds of letters, as a class may have, does not push all others aside.
    width = max((len(shown) for shown in map(printable, values) if len(shown) <= WIDEST), default=0)
    for key, value in plain(values).items():
        name = " " * indent + printable(key).ljust(width)
        if isinstance(value, dict):
            click.echo(name.rstrip())
            emit_lines(value, indent + 2)
        else:
            click.echo(f"{name}  {_text(value)}")


def _text(value):
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(printable(item) for item in value) or "none"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return printable(value)


def _as_json(letter):
    return letter[0] if printable(letter[0]) == letter[0] else json.dumps(letter[0])[1:-1]


def scores(rows):
    """Return {"method, network": top-1 in words} of the results of a set, for `emit_lines`."""
    means = {f"{row['method']}, {row['architecture']}": row["top1"]["mean"] for row in rows}
    shown = {name: "diverged" if mean is None else f"top-1 {mean:.2f} %" for name, mean in means.items()}
    return shown or "none"


def emit_table(rows, protocol):
    """Print the scores of a set and its baselines: percent of test clips, exact bytes.

    Args:
        rows: list of dicts as `results.json` holds them.
        protocol: str, how the scores were made, printed above them.
    """
    from keras_vdd.evaluation.records import ResultRow
    from keras_vdd.report.tables import results_table

    records = [ResultRow.from_json(row) for row in rows]
    shown = [dataclasses.replace(row, note=row.note or counted(row.clips, "clip")) for row in records]
    click.echo(results_table(shown, protocol).text())
