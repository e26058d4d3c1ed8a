"""Stage 1 taken over from another run, so that variants of stage 2 share one set of stills."""

import logging
import pathlib
from dataclasses import dataclass

from keras_vdd.errors import UsageError
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.runs.identity import RunIdentity, differences
from keras_vdd.runs.log import Log
from keras_vdd.runs.videos import Videos
from keras_vdd.stages.learn import RESULT, finish, result_of

_LOG = logging.getLogger(__name__)
# What stage 1 depends on; all else may differ.
_SECTIONS = ("data", "static")
_SETTINGS = {"run": ("seed", "precision"), "memory": ("statics_per_class", "quantise")}


@dataclass(frozen=True)
class Stills:
    """Finished stills of a run, the lines of its log that tell how they were learned, and on which videos."""

    folder: pathlib.Path
    arrays: dict
    facts: dict
    records: list
    videos: Videos | None

    def of_these_videos(self, stores):
        """See to it that they were learned on the training videos of `stores`, a dict of `Store`.

        Raises:
            UsageError: videos were added or changed, or are gone.
        """
        if self.videos is None:
            _LOG.warning(
                "'%s' was begun by a version that kept no list of its videos: whether its stills were learned on the "
                "same ones cannot be told.",
                self.folder,
            )
        elif changed := self.videos.changes(Videos.of(stores), splits=("train",)):
            raise UsageError(f"The stills of '{self.folder}' were learned on other videos: {changed}.")

    def lay_into(self, run):
        """Make them stage 1 of `run`, a `RunFolder`, unless it has finished its own."""
        if (run.stage("static") / RESULT).exists():
            return
        run.log.cut("static", 0)
        for record in self.records:
            run.log.append(**record)
        finish(run, "static", self.arrays, **self.facts)


def stills_of(folder, recipe):
    """Return the `Stills` of a run whose stage 1 is the one of `recipe`: what it would learn itself.

    Args:
        folder: path of the run folder to take them from.
        recipe: `Recipe` of the run to take them to.

    Raises:
        UsageError: the recipe has no stills, the folder no finished ones, or they were learned otherwise.
    """
    folder = pathlib.Path(folder)
    if recipe.memory_kind.stills is None:
        raise UsageError(f"There are no stills in memory.kind={recipe.memory.kind} to take from '{folder}'.")
    finished = folder / "static" / RESULT
    if not finished.exists():
        raise UsageError(
            f"'{folder}' has no finished stills: give the folder of a run that has done stage 1."
        )
    begun, now = RunIdentity.read(folder), RunIdentity.of(recipe)
    changed = sorted(differences(_of_stage_1(begun), _of_stage_1(now)))
    changed += [f"the {what}, {before}," for what, before in begun.computed_otherwise(now)]
    if changed:
        verb = "differs" if len(changed) == 1 else "differ"
        raise UsageError(
            f"The stills of '{folder}' are not those that this run would learn: {', '.join(changed[:3])} {verb}."
        )
    if begun.mark is not None and begun.videos is None:
        raise UsageError(
            f"'{folder}' has lost its list of videos: the `vdd distill` that began it writes it again."
        )
    arrays, facts = load_arrays(finished, begun.run_id, result_of("static"))
    # Runs of versions that kept no checksums have it in one place.
    records = facts.pop("log", None)
    records = Log(folder / "log.jsonl").records("static") if records is None else records
    return Stills(folder, arrays, facts, records, begun.videos)


def _of_stage_1(identity):
    values = identity.recipe
    chosen = {section: {key: values[section][key] for key in keys} for section, keys in _SETTINGS.items()}
    rounded = values["export"]["dtype"] if values["memory"]["quantise"] else None
    return {**chosen, "export": {"dtype": rounded}, **{section: values[section] for section in _SECTIONS}}
