"""The first two files of a run, `environment.json` and `recipe.yaml`: written together, and a damaged one again."""

import contextlib
import logging
import os
import pathlib
from typing import Any

from keras_vdd.errors import VddError
from keras_vdd.files import checksum, write_atomically
from keras_vdd.recipe.load import resolved_yaml
from keras_vdd.recipe.schema import Recipe
from keras_vdd.runs.environment import (
    FILE,
    PLACE,
    RECIPE,
    SETTINGS,
    TEXT,
    begun_with,
    environment,
    mark_of,
    recipe_is_whole,
)
from keras_vdd.runs.identity import recipe_hash
from keras_vdd.runs.videos import Videos
from keras_vdd.sealed import write_json

_LOG = logging.getLogger(__name__)


def begin(folder: pathlib.Path, recipe: Recipe) -> None:
    """Write both files of a run of `recipe`."""
    _write(folder, recipe, _facts(recipe))


def mend(folder: pathlib.Path, recipe: Recipe) -> None:
    """Write a damaged one of both again, where the run in `folder` was begun with `recipe` as this process would.

    Other files of a run carry its mark, a checksum of what it was begun with: what is written must have that.

    Raises:
        VddError: the file is damaged, and this would not be what the run was begun with.
    """
    begun = None
    with contextlib.suppress(VddError):
        begun = begun_with(folder)
        if recipe_is_whole(begun, folder):
            return
    damaged, facts, mark = folder / (RECIPE if begun else FILE), _facts(recipe), Videos.mark_in(folder)
    if begun is not None and begun.get(SETTINGS) == facts[SETTINGS]:
        facts = {key: value for key, value in begun.items() if key != TEXT}
    if mark is None and any(
        (folder / stage).is_dir() for stage in ("static", "dynamic", "coreset", "evaluation")
    ):
        raise VddError(
            f"'{damaged}' is not as the run wrote it, and no other file says what the run was begun with: put it back "
            "from a copy, or give another run.name."
        )
    if mark not in (None, mark_of(facts)):
        raise VddError(
            f"'{damaged}' is not as the run wrote it, and the run was begun with another recipe, backend, device or "
            "software than this: go on with those, which writes it again, or give another run.name."
        )
    _LOG.warning("'%s' was damaged: it is written again.", damaged)
    _write(folder, recipe, facts)


def _facts(recipe: Recipe) -> dict[str, Any]:
    return {**environment(), "deterministic": recipe.run.deterministic, SETTINGS: recipe_hash(recipe)}


def _write(folder: pathlib.Path, recipe: Recipe, facts: dict[str, Any]) -> None:
    text = resolved_yaml(recipe)
    write_json(folder / FILE, {PLACE: os.getcwd(), **facts, TEXT: checksum(text)}, indent=2)
    write_atomically(folder / RECIPE, text)
