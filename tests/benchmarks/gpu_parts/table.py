"""Results as short tables."""


def tables(results):
    """Return markdown: what was measured on, and a table for each part."""
    facts = ", ".join(f"{name} {value}" for name, value in results["facts"].items())
    return "\n\n".join([facts, *map(_of_part, results["parts"])])


def _of_part(part):
    limit = f" of {part['limit']:.0f}" if part["status"] == "timed out" else ""
    head = f"**{part['name']}**: {part['status']}, {part['seconds']:.0f}{limit} s"
    if part.get("error"):
        head += f" ({part['error'][-1][:160]})"
    rows = [{k: v for k, v in row.items() if not isinstance(v, (dict, list))} for row in part["rows"]]
    if not rows:
        return head
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns), *([_cell(row.get(c, "")) for c in columns] for row in rows)]
    return "\n".join([head, "", *("| " + " | ".join(cells) + " |" for cells in lines)])


def _cell(value):
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else str(value).replace("|", "/")
