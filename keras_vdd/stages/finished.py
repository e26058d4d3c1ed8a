"""What a finished run answers from its files, without its videos."""

import dataclasses
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from keras_vdd import placement
from keras_vdd.errors import VddError
from keras_vdd.evaluation.records import ResultRow, Results
from keras_vdd.hub.load import LoadedSet, load
from keras_vdd.progress import Progress
from keras_vdd.recipe.load import parse_recipe
from keras_vdd.recipe.schema import Recipe
from keras_vdd.runs.environment import begun_with
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.identity import RunIdentity, differences, recipe_hash, settings_of
from keras_vdd.runs.places import is_run
from keras_vdd.runs.videos import Videos
from keras_vdd.stages.real_videos import prepared_test_of

_LOG = logging.getLogger(__name__)
_TABLE, _SET = "results.json", "distilled"


def is_of_the_full_set(recipe: Recipe) -> bool:
    """Whether a recipe trains on all videos, and so makes no set."""
    return recipe.coreset is not None and recipe.coreset.method == "full"


def results_of_finished(recipe: Recipe) -> Results | None:
    """Return the `Results` of a recipe's run that needs nothing more, or None; no videos are looked at.

    Raises:
        VddError: its folder holds another run, or another process is at work there.
    """
    folder = Path(recipe.run.dir) / recipe.run_name
    if not (folder / _TABLE).exists():
        return None
    run = RunFolder(recipe)
    with run.alone():
        whole = is_of_the_full_set(recipe) or _has_its_set(folder / _SET, recipe)
        try:
            results = Results.read(folder / _TABLE, run.run_id)
        except VddError as error:
            _LOG.warning("%s: they are put together again.", str(error).partition(": delete")[0])
            return None
        return results if whole else None


def row_of_finished(
    folder: str, distilled: LoadedSet, recipe: Recipe, progress: Progress
) -> ResultRow | None:
    """Return the row that scoring the set of a finished run again would give, or None where it would be another.

    It is another by another recipe, backend or device, where another set lies in the run's folder now, or where the
    test videos are there and have changed since.

    Args:
        folder: of the set.
        distilled: what lies there.
        recipe: that it would be scored by.
        progress: told where the answer is from.
    """
    run = Path(folder).parent
    if Path(folder).name != _SET or not is_run(run):
        return None
    try:
        begun = RunIdentity.read(run)
        results = Results.read(run / _TABLE, begun.run_id)
    except VddError:
        return None
    row = results.rows[-1] if results is not None and results.rows else None
    here = recipe_hash(recipe), keras.config.backend(), placement.facts()["device"]
    if row is None or (row.recipe, row.backend, row.device) != here:
        return None
    if _is_another_set(distilled, row, begun):
        return None
    if begun.videos is None or _has_changed(begun.videos, recipe):
        return None
    progress.say(f"'{run}' is finished, and this is how it was scored: nothing is trained again.")
    return dataclasses.replace(row, method=f"{distilled.kind} set")


def _has_its_set(folder: Path, recipe: Recipe) -> bool:
    """Whether the set in the folder of a finished run is whole, and the run's own."""
    if not os.path.lexists(folder):
        return False
    try:
        return not set_in(folder, recipe)[1]
    except VddError as error:
        _LOG.warning("The run in '%s' is finished, but its set is not whole: %s", folder.parent, error)
        return False


def set_in(folder: Path, recipe: Recipe) -> tuple[LoadedSet, list[str]]:
    """Return the set in the folder of a run, and in which settings it is of another run than that.

    Raises:
        VddError: what lies there is no set, or a damaged one.
    """
    if not folder.is_dir():
        raise VddError(f"'{folder}' is no folder.")
    found = load(folder)
    return found, differing_settings(found, settings_of(recipe), begun_with(folder.parent)["backend"])


def differing_settings(distilled: LoadedSet, settings: Mapping[str, Any], backend: str) -> list[str]:
    """Return the dotted names of the settings in which the recipe of a set differs from others, sorted; "backend" too.

    Args:
        distilled: the set, as it was loaded.
        settings: as `settings_of` gives them.
        backend: str, that sets of these settings are learned on; a set may not say its own.

    Raises:
        UsageError: what the set keeps is no recipe.
    """
    made = parse_recipe(distilled.recipe, f"of {distilled.folder}")
    another = ["backend"] if distilled.provenance.get("backend") not in (None, backend) else []
    return sorted([*differences(settings_of(made), settings), *another])


def _is_another_set(distilled, row, begun):
    """Whether a set in the folder of a run is not the one that a row of its results is of."""
    if row.bytes != distilled.nbytes(distilled.dtype) or row.dtype not in (distilled.dtype, None):
        return True
    try:
        return bool(differing_settings(distilled, begun.recipe, begun.backend))
    except VddError:
        return True


def _has_changed(videos, recipe):
    """Whether the test videos of a run are there and others than they were."""
    store = prepared_test_of(recipe)
    return store is not None and bool(videos.changes(Videos.of({"test": store}), splits=("test",)))
