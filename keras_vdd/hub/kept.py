"""What stays with a set when it is written again: its results, and what its card says of its licence and name."""

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_vdd.cards.card_front import LICENSE_TEXT
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import UsageError, VddError
from keras_vdd.evaluation.records import ResultRow, Results
from keras_vdd.files import read_whole
from keras_vdd.hub.load import LoadedSet
from keras_vdd.published import schema as vdd
from keras_vdd.published.shards import shards_of
from keras_vdd.recipe.yaml_text import as_mapping
from keras_vdd.runs.places import is_run
from keras_vdd.tensors import File

Given = Results | ResultRow | dict[str, Any] | list[dict[str, Any] | ResultRow]
"""Results as a caller may give them: a run's table, or rows as `vdd evaluate --json` prints them."""
_LOADED_NAME = re.compile(r'datasets\.load_dataset\("((?:[^"\\]|\\.)*)", split="train"\)')


@dataclass(frozen=True)
class Kept:
    """What a folder says of its set besides the set.

    Attributes:
        license: str, the terms of the source videos; None where the card states none.
        name: str, what the card tells readers to load, a path or a repository; None where there is no card.
        results: `Results`; None where there are none.
    """

    license: str | None = None
    name: str | None = None
    results: Results | None = None


def kept_in(folder: File) -> Kept:
    """Return what an exported folder says of its licence, its name and its results.

    Raises:
        VddError: its results are damaged, or another set's.
    """
    folder = Path(folder)
    license, name = _card_of(folder / vdd.CARD)
    content = shards_of(folder)[0][1].content
    return Kept(license, name, Results.read(folder / vdd.RESULTS, **{vdd.CONTENT: content}))


def results_of_run(run: File, distilled: LoadedSet) -> Results | None:
    """Return the table of a run whose exported folder has none yet, as of versions that kept it in the run alone."""
    if not is_run(run):
        return None
    table = Results.read(Path(os.path.expanduser(run)) / "results.json")
    if table is None or not table.rows:
        return None
    # The last row is the set's own, and a run scores what it has stored.
    *others, own = table.rows
    own = dataclasses.replace(own, dtype=own.dtype or distilled.dtype)
    return dataclasses.replace(table, rows=(*others, own))


def as_results(given: Given, distilled: DistilledSet) -> Results:
    """Return `Results` of what a caller gave.

    Raises:
        UsageError: it is none of what `Given` says.
    """
    if isinstance(given, Results):
        return given
    try:
        if isinstance(given, dict) and "rows" in given:
            return Results.from_json(given)
        several = given if isinstance(given, list | tuple) else [given]
        rows = [row if isinstance(row, ResultRow) else ResultRow.from_json(row) for row in several]
        if not rows:
            raise ValueError("there is no row")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            f"The results are none ({error}): give what `vdd evaluate --json` prints, a list of such, or a run's "
            "results.json."
        ) from error
    last, told = rows[-1], distilled.provenance
    return Results(
        run=str(told.get("name") or ""),
        set=last.set,
        classes=distilled.classes,
        backend=last.backend or str(told.get("backend") or ""),
        architecture=last.architecture,
        protocol=last.protocol,
        rows=tuple(rows),
    )


def _card_of(card: Path) -> tuple[str | None, str | None]:
    try:
        text = read_whole(card).decode()
        front = as_mapping(text.split("---\n", 2)[1], str(card))
    except (OSError, UnicodeDecodeError, IndexError, VddError):
        return None, None
    license = front.get(LICENSE_TEXT) or front.get("license_name") or front.get("license")
    found = _LOADED_NAME.search(text)
    return (license if isinstance(license, str) else None), (json.loads(f'"{found[1]}"') if found else None)
