"""Results as short tables."""

import itertools


def tables(results):
    """Return markdown: what was measured on, and for each part its tables and what failed in it."""
    facts = ", ".join(f"{name} {value}" for name, value in results["facts"].items())
    return "\n\n".join([facts, *map(_of_part, results["parts"])])


def _of_part(part):
    limit = f" of {part['limit']:.0f}" if part["status"] == "timed out" else ""
    head = f"**{part['name']}**: {part['status']}, {part['seconds']:.0f}{limit} s"
    if part.get("error"):
        head += f" ({part['error'][-1][:160]})"
    rows = [{k: v for k, v in row.items() if not isinstance(v, (dict, list))} for row in part["rows"]]
    measured = [row for row in rows if "error" not in row]
    grouped = [_table(list(group)) for _, group in itertools.groupby(measured, key=list)]
    failed = [f"{row['name']}: {row['error']}" for row in rows if "error" in row]
    return "\n\n".join([head, *grouped, *failed])


def _table(rows):
    """Rows that have the same figures; figures that none has are left out."""
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    lines = [columns, ["---"] * len(columns), *([_cell(row[name]) for name in columns] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value).replace("|", "/")
