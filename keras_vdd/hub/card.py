"""The card of a published set: what it is, how to load it and train on it, what it scored."""

import importlib.resources
import json
import string

from keras_vdd.errors import UsageError
from keras_vdd.hub import card_notes
from keras_vdd.hub import schema as vdd

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
NO_NAME = "path/or/repository"
LEARNED_LIMITS = """\
- The videos are learned to train networks, not to be watched; they are no record of real events.
- They were learned with one architecture: other networks may gain less from them.
- They derive from the source videos, whose terms apply."""
REAL_LIMITS = """\
- The videos are real ones: whoever is seen in the source videos may be seen here.
- Where a network chose them, other networks may gain less from them.
- The terms of the source videos apply."""


def render(distilled, dtype, content, stored, license=None, results=None, name=None):
    """Return the text of `README.md`.

    Args:
        distilled: `DistilledSet`; of its `provenance` the keys `source`, `real_bytes` and `coreset` (how
            real videos were chosen, in a word) are used where they are there.
        dtype: storage type of the memories.
        content: str, hash of the data files, which their names end with.
        stored: int, bytes of the data files on disk, previews included.
        license: str or None.
        results: dict or list of dicts as `vdd evaluate --json` prints, or None.
        name: repository id to show in the examples, or None.
    """
    videos = len(distilled.pairs())
    source = str(distilled.provenance.get("source", "a video set"))
    height, width = distilled.size
    chosen = card_notes.coreset(distilled)
    title = f"{source}, distilled ({distilled.kind}, {distilled.videos_per_class} per class)"
    if chosen:
        title = f"{source}, a coreset ({chosen}, {distilled.videos_per_class} per class)"
    template = importlib.resources.files("keras_vdd.hub").joinpath("card_template.md").read_text("utf-8")
    return string.Template(template).substitute(
        front_matter=_front_matter(title, content, license, videos),
        title=title,
        introduction=_introduction(distilled, source, videos),
        name=name or NO_NAME,
        clip_shape=f"({distilled.frames}, {height}, {width}, 3)",
        row_note=_row_note(distilled),
        columns_note=card_notes.columns(distilled, dtype, distilled.memory),
        labels_note=card_notes.labels(distilled),
        classes=distilled.classes,
        frames=distilled.frames,
        height=height,
        mean=_numbers(distilled.mean),
        std=_numbers(distilled.std),
        results=_results(results),
        bytes=_bytes(distilled, dtype, stored),
        recipe=_fenced(distilled.recipe),
        limits=REAL_LIMITS if chosen else LEARNED_LIMITS,
    )


def rows_of_run(results):
    """Return the rows that `render` takes of a run's `keras_vdd.evaluation.Results`, each by its method."""
    return [{**row.to_json(), "set": row.method} for row in results.rows]


def _front_matter(title, content, license, videos):
    size = next((label for limit, label in SIZES if videos < limit), "n>1M")
    lines = [f"pretty_name: {json.dumps(title)}"]
    if license:
        lines.append(f"license: {json.dumps(str(license))}")
    lines += [
        "task_categories:",
        "- video-classification",
        "size_categories:",
        f"- {size}",
        "tags:",
        *(f"- {tag}" for tag in ("keras", "keras-vdd", "dataset-distillation", "video")),
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        f"    path: {json.dumps(vdd.data_glob(content))}",
    ]
    return "\n".join(lines)


def _introduction(distilled, source, videos):
    height, width = distilled.size
    chosen = card_notes.coreset(distilled)
    if chosen:
        return (
            f"{videos} real videos of {distilled.classes} classes, {distilled.frames} frames of {height} x "
            f"{width}, that were chosen from {source} ({chosen}) to train video classifiers in its place."
        )
    items = [f"{distilled.arrays[items.array].shape[1]} {items.noun}s" for items in distilled.memory.items]
    made = f"{' and '.join(items)} a class are stored{distilled.memory.shown}"
    return (
        f"{videos} synthetic videos of {distilled.classes} classes, {distilled.frames} frames of "
        f"{height} x {width}, that were learned from {source} to train video classifiers in its place. {made}"
    )


def _row_note(distilled):
    if not distilled.dynamics_per_class:
        return "Rows are ordered by class."
    return (
        f"A video slot's {' and '.join(f'{items.noun}s' for items in distilled.memory.items)} are paired in every "
        "way, each pair a row, in a fixed order."
    )


def _results(results):
    if not results:
        return "None were given."
    results = [results] if isinstance(results, dict) else list(results)
    lines = ["| set | network | top-1 % | top-5 % | seeds | bytes |", "|---|---|---|---|---|---|"]
    protocols = []
    for row in results:
        try:
            scores = _score(row["top1"]), _score(row.get("top5"))
            cells = row["set"], row["architecture"], *scores, _seeds(row), _count(row.get("bytes"))
        except (KeyError, TypeError) as error:
            raise UsageError(
                f"A result for the card lacks {error}: give what `vdd evaluate --json` prints."
            ) from error
        protocol = _protocol(row.get("protocol"))
        if protocol not in protocols:
            protocols.append(protocol)
        lines.append("| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |")
    return "\n".join([*lines, "", *(f"Protocol: {protocol}." for protocol in protocols)])


def _score(score):
    if not score or score.get("mean") is None:
        return "-"
    return f"{score['mean']:.2f} ± {score.get('std') or 0:.2f}"


def _seeds(row):
    seeds = row.get("seeds", "-")
    return len(seeds) if isinstance(seeds, list | tuple) else seeds


def _protocol(protocol):
    if isinstance(protocol, dict):
        return ", ".join(f"{key} {value}" for key, value in protocol.items())
    return protocol or "-"


def _count(number):
    return "-" if number is None else f"{int(number):,}"


def _bytes(distilled, dtype, stored):
    lines = [
        "| what | bytes |",
        "|---|---|",
        f"| memories and integrator, {dtype} | {distilled.nbytes(dtype):,} |",
        f"| data files, with a preview picture a row | {stored:,} |",
    ]
    real = distilled.provenance.get("real_bytes")
    if real:
        lines.append(f"| real training set, decoded at this size, one byte a value | {int(real):,} |")
    return "\n".join(lines)


def _fenced(recipe):
    if not recipe.strip():
        return "None was given."
    fence = "```"
    while fence in recipe:
        fence += "`"
    newline = "" if recipe.endswith("\n") else "\n"
    return f"{fence}yaml\n{recipe}{newline}{fence}"


def _numbers(values):
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
