"""Results on standard output: one JSON document, a table, or lines of name and value."""

import json
import math

import click


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
    """Print one JSON document."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def emit_lines(values, indent=0):
    """Print a mapping as aligned lines, an inner mapping indented under its name."""
    width = max((len(str(key)) for key in values), default=0)
    for key, value in plain(values).items():
        name = " " * indent + str(key).ljust(width)
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
        return ", ".join(str(item) for item in value) or "none"
    return f"{value:.4g}" if isinstance(value, float) else value


def _percent(score):
    if not score or score.get("mean") is None:
        return "-"
    deviation = score.get("std")
    return f"{100 * score['mean']:.1f}" + (f" ± {100 * deviation:.1f}" if deviation is not None else "")


def results_table(rows, protocol=""):
    """Print the scores of a set and its baselines: percent of test clips, exact bytes.

    Args:
        rows: list of {"name", "bytes", "clips", "top1", "top5", "pair", "diverged"}; scores are
            {"mean", "std"} in fractions, or None.
        protocol: what the scores mean, printed under the table.
    """
    from rich.console import Console
    from rich.table import Table

    columns = {
        "set": lambda row: str(row.get("name", "")),
        "clips": lambda row: _text(row.get("clips")),
        "bytes": lambda row: _text(row.get("bytes")),
        "top-1 %": lambda row: _percent(row.get("top1")),
        "top-5 %": lambda row: _percent(row.get("top5")),
        "in pairs %": lambda row: _percent(row.get("pair")),
        "diverged": lambda row: _text(row.get("diverged") or 0),
    }
    if not any(row.get("pair") for row in rows):
        del columns["in pairs %"]
    if not any(row.get("diverged") for row in rows):
        del columns["diverged"]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in columns:
        table.add_column(title, justify="left" if title == "set" else "right", no_wrap=True)
    for row in plain(rows):
        table.add_row(*(cell(row) for cell in columns.values()))
    console = Console(highlight=False, markup=False)
    # A narrow terminal, or a pipe, may wrap a line but must not cut a number.
    console.width = max(console.width, 160)
    console.print(table)
    if protocol:
        console.print(protocol if isinstance(protocol, str) else json.dumps(plain(protocol)), style="dim")
