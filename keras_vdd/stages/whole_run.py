"""The steps of a run: each leaves its result in the run folder and is never done again."""

import logging
import os

from keras_vdd import __version__
from keras_vdd.data.sources import SOURCES
from keras_vdd.data.store.reader import Store
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import VddError
from keras_vdd.evaluation.baselines.full import real_bytes
from keras_vdd.evaluation.records import Results
from keras_vdd.evaluation.scoring import Scoring
from keras_vdd.hub.export import export, is_export, rewrite_card
from keras_vdd.hub.load import load
from keras_vdd.progress import Progress
from keras_vdd.published.damage import DamagedError
from keras_vdd.recipe.load import resolved_yaml
from keras_vdd.recipe.schema import Recipe
from keras_vdd.report.run_pictures import draw_report
from keras_vdd.running_code import running_code
from keras_vdd.runs.environment import environment
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.identity import recipe_hash
from keras_vdd.stages.coreset import choose_clips
from keras_vdd.stages.dynamic import learn_videos
from keras_vdd.stages.finished import is_of_the_full_set, set_in
from keras_vdd.stages.interpolator import interpolator_of
from keras_vdd.stages.learn import RESULT, restore_log
from keras_vdd.stages.static import learn_stills

_LOG = logging.getLogger(__name__)


def carry_out(
    recipe: Recipe, stores: dict[str, Store], run: RunFolder, progress: Progress, callbacks: dict[str, list]
) -> Results:
    """Do what is not done yet of a run, from its decoded videos to its table and pictures.

    Args:
        recipe: `Recipe`.
        stores: dict of `Store`, "train" and "test".
        run: `RunFolder`, held alone.
        progress: `keras_vdd.progress.Progress`.
        callbacks: Keras callbacks by stage, "static", "experts", "interpolator" and "dynamic".

    Returns:
        `Results`, as `results.json` has them.
    """
    restore_log(run)
    distilled = _made_set(recipe, stores, run, progress, callbacks)
    scoring = Scoring(
        recipe, stores, progress, run.stage("evaluation"), run.times, recipe_hash(recipe), run.run_id
    )
    if distilled is None:
        row, static = scoring.baseline_row("full"), None
    else:
        row, static = scoring.distilled_row(recipe.title, distilled, recipe.export.dtype), distilled.static
    compare = recipe.evaluation.compare
    baselines = [scoring.baseline_row(name, row.bytes, static) for name in compare]
    results = Results(
        run=recipe.run_name,
        set=recipe.data.set,
        classes=len(stores["train"].class_names),
        backend=environment()["backend"],
        architecture=recipe.evaluation.architecture,
        protocol=scoring.protocol.describe(),
        rows=(*baselines, row),
        losses=_last_losses(run),
    )
    with run.times.of("report"):
        if distilled is not None:
            rewrite_card(run.path / "distilled", results=results)
        draw_report(recipe, run, stores, distilled, results)
    results.write(run.path / "results.json", run.run_id)
    return results


def _made_set(recipe, stores, run, progress, callbacks):
    """The set that a recipe's stages make, as exported; None where the recipe is of the full set."""
    if is_of_the_full_set(recipe):
        return None
    folder = run.path / "distilled"
    if (made := _made_before(folder, recipe, run)) is not None:
        return made
    # Before the stages: whether it can be had should not show after the stills were learned.
    interpolator = interpolator_of(recipe, stores, run, progress, callbacks.get("interpolator", ()))
    arrays, facts = _learned(recipe, stores, run, progress, callbacks, interpolator)
    with run.times.of("export"):
        made = _distilled_set(recipe, stores, arrays, facts, interpolator)
        export(made, folder, dtype=recipe.export.dtype, overwrite=True)
    progress.say(f"Exported the distilled set to '{folder}'.")
    # What is scored is what was written: storage in float16 is part of the result.
    return load(folder)


def _made_before(folder, recipe, run):
    """The set that lies in a run; None where there is none, or a damaged one that can be exported again."""
    if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        found, changed = set_in(folder, recipe)
    except VddError as error:
        stages = (stage for stage in ("dynamic", "static", "coreset") if (run.path / stage).exists())
        kept = (run.path / next(stages, "") / RESULT).exists()
        why = error.reason if isinstance(error, DamagedError) else str(error).partition(";")[0].rstrip(".")
        if not (kept and folder.is_dir() and is_export(folder)):
            raise VddError(
                f"'{folder}' is not the set that the run made ({why}): move away what lies there and run again."
            ) from error
        _LOG.warning("The set in '%s' is exported again: %s.", folder, why)
        return None
    if changed:
        raise VddError(
            f"'{found.folder}' holds the set of another run ({changed[0]} differs): put it back where it came "
            "from, or delete it and run again."
        )
    return found


def _learned(recipe, stores, run, progress, callbacks, interpolator):
    if recipe.coreset is not None:
        with run.times.of("coreset"):
            return choose_clips(recipe, stores, run, progress), {}
    static = None
    if recipe.memory_kind.stills is not None:
        with run.times.of("static"):
            static = learn_stills(recipe, stores["train"], run, progress, callbacks.get("static", ()))
    if recipe.dynamic is None:
        return {"static": static}, {}
    with run.times.of("dynamic"):
        told = callbacks.get("dynamic", ()), callbacks.get("experts", ())
        return learn_videos(recipe, stores, static, run, progress, *told, interpolator)


def _distilled_set(recipe, stores, arrays, learned, interpolator):
    data, facts = recipe.data, environment()
    provenance = {
        "name": recipe.run_name,
        "source": data.set,
        "split": data.split if SOURCES.get(data.set).splits > 1 else None,
        "recipe": recipe.name,
        "method": recipe.title,
        "seed": recipe.run.seed,
        "backend": facts["backend"],
        "code": running_code(),
        "versions": {"keras_vdd": __version__, **facts["versions"]},
        "real_videos": len(stores["train"]),
        "real_bytes": real_bytes(stores["train"]),
        **{name: learned[name] for name in ("step_size",) if name in learned},
        **({} if interpolator is None else {"interpolator": interpolator.mark}),
        **({"coreset": recipe.coreset.method} if recipe.coreset is not None else {}),
    }
    return DistilledSet(
        recipe.memory.kind, stores["train"].class_names, data.frames, data.mean, data.std,
        recipe.memory.videos_per_class, **arrays, label_kind=learned.get("label_kind"),
        recipe=resolved_yaml(recipe), provenance=provenance, interpolation=recipe.memory.interpolation,
        interpolator=interpolator,
    )  # fmt: skip


def _last_losses(run):
    last = {}
    for record in run.log.records():
        last[record["stage"]] = {"iterations": record["iteration"], "loss": record["loss"]}
    return last
