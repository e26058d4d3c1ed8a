"""A recipe from videos to a distilled set, its table and its pictures, step by step.

Each step leaves its result in the run folder and is never done again; together they are `vdd distill`.
"""

import dataclasses
import os
from typing import Any

from keras_vdd import __version__
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare as prepare_stores
from keras_vdd.data.store.summary import preparation_summary
from keras_vdd.errors import VddError
from keras_vdd.evaluation.baselines.full import real_bytes
from keras_vdd.evaluation.metrics import top_k_accuracy
from keras_vdd.evaluation.records import Results
from keras_vdd.evaluation.scoring import Scoring, videos_of
from keras_vdd.evaluation.trainer import Trainer
from keras_vdd.files import replacing
from keras_vdd.hub.card import rows_of_run
from keras_vdd.hub.export import export, rewrite_card
from keras_vdd.hub.load import load
from keras_vdd.memory.distilled_set import DistilledSet
from keras_vdd.placement import on_its_device
from keras_vdd.planning.plan import plan
from keras_vdd.progress import Progress, Silent
from keras_vdd.recipe.load import resolved_yaml
from keras_vdd.recipe.schema import Recipe
from keras_vdd.report.run_pictures import draw_report
from keras_vdd.runs.environment import environment
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.identity import recipe_hash
from keras_vdd.stages.coreset import choose_clips
from keras_vdd.stages.dynamic import learn_videos
from keras_vdd.stages.reused_stills import stills_of
from keras_vdd.stages.static import learn_stills
from keras_vdd.tensors import File

__all__ = ["distill", "evaluate_set", "plan", "prepare", "train_on_set"]


def prepare(recipe: Recipe, progress: Progress | None = None) -> dict[str, Any]:
    """Decode the videos of a recipe into its store.

    Returns:
        dict: `set`; `store`, the folder with `train` and `test`; `splits`, `decoded` and `failures` as
        `preparation_summary` gives them; `notes`, what was odd about the source.
    """
    progress = progress or Silent()
    listing = _listing(recipe, progress)
    stores = prepare_stores(listing, recipe.data, progress)
    folder = os.path.dirname(os.fspath(stores["train"].folder))
    summary = preparation_summary(stores)
    return {"set": recipe.data.set, "store": folder, **summary, "notes": list(listing.notes)}


@on_its_device
def distill(
    recipe: Recipe, progress: Progress | None = None, stills_from: File | None = None
) -> dict[str, Any]:
    """Take a recipe to the end: videos, stills, motion, export, table, pictures.

    Args:
        recipe: `keras_vdd.recipe.schema.Recipe`.
        progress: `keras_vdd.progress.Progress`; None is silent.
        stills_from: path of a run folder whose finished stills are taken; they must be those that this recipe
            would learn.

    Returns:
        dict as `results.json` of the run folder holds it: `rows` of the table, `protocol`, `set`,
        `backend`, `run` and the losses at the end of each stage.

    Raises:
        VddError: the data, the run folder or the disk do not allow it, or a loss diverged.
        KeyboardInterrupt: after a checkpoint has been written.
    """
    progress = progress or Silent()
    # Before the run folder is made: a mistake in data.root should leave nothing behind.
    stills = None if stills_from is None else stills_of(stills_from, recipe)
    listing = _listing(recipe, progress)
    if stills is not None:
        stills.of_these_videos(prepare_stores(listing, recipe.data, progress), progress)
    run = RunFolder(recipe)
    with run.alone():
        if (results := _finished(recipe, run, progress)) is not None:
            return results.to_json()
        with run.times.of("prepare"):
            stores = prepare_stores(listing, recipe.data, progress)
        run.goes_on_with(recipe, stores, progress)
        if stills is not None:
            stills.lay_into(run)
        return _distill(recipe, stores, run, progress)


def _distill(recipe, stores, run, progress):
    distilled = _made_set(recipe, stores, run, progress)
    scoring = Scoring(recipe, stores, progress, run.stage("evaluation"), run.times, recipe_hash(recipe))
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
            rewrite_card(run.path / "distilled", results=rows_of_run(results))
        draw_report(recipe, run, stores, distilled, results)
    results.write(run.path / "results.json")
    return results.to_json()


def _finished(recipe, run, progress):
    """The `Results` of a run that needs nothing more, or None."""
    if not (_is_of_the_full_set(recipe) or (run.path / "distilled").exists()):
        return None
    try:
        return Results.read(run.path / "results.json")
    except VddError as error:
        progress.say(f"{str(error).partition(': delete')[0]}: they are put together again.")
        return None


def _made_set(recipe, stores, run, progress):
    """The set that a recipe's stages make, as exported; None where the recipe is of the full set."""
    if _is_of_the_full_set(recipe):
        return None
    folder = run.path / "distilled"
    if not folder.exists():
        arrays, facts = _learned(recipe, stores, run, progress)
        with run.times.of("export"):
            export(_distilled_set(recipe, stores, arrays, facts), folder, dtype=recipe.export.dtype)
        progress.say(f"Exported the distilled set to '{folder}'.")
    # What is scored is what was written: storage in float16 is part of the result.
    return load(folder)


def _is_of_the_full_set(recipe):
    return recipe.coreset is not None and recipe.coreset.method == "full"


def _learned(recipe, stores, run, progress):
    if recipe.coreset is not None:
        with run.times.of("coreset"):
            return choose_clips(recipe, stores, run, progress), {}
    static = None
    if recipe.memory_kind.stills is not None:
        with run.times.of("static"):
            static = learn_stills(recipe, stores["train"], run, progress)
    if recipe.dynamic is None:
        return {"static": static}, {}
    with run.times.of("dynamic"):
        return learn_videos(recipe, stores, static, run, progress)


@on_its_device
def evaluate_set(path: File, recipe: Recipe, progress: Progress | None = None) -> dict[str, Any]:
    """Score a distilled set on disk on the test videos of a recipe.

    Args:
        path: an exported folder, a run folder or a Hub repository.
        recipe: `Recipe` whose data and evaluation count.
        progress: as in `distill`.

    Returns:
        dict as `keras_vdd.evaluation.ResultRow.to_json` gives it, with `set`, `architecture`, `seeds`, `top1`
        and `top5` (each `mean`, `std`, `values` in percent), `pairs`, `diverged`, `bytes`, `clips`, `protocol`.
    """
    progress = progress or Silent()
    distilled = load(path)
    scoring, _ = _scoring_for(distilled, recipe, progress)
    row = scoring.distilled_row(f"{distilled.kind} set", distilled, distilled.dtype)
    return row.to_json()


@on_its_device
def train_on_set(
    path: File, recipe: Recipe, progress: Progress | None = None, save: File | None = None
) -> dict[str, Any]:
    """Train one classifier on a distilled set, test it, and keep it if asked.

    Args:
        path, recipe, progress: as in `evaluate_set`.
        save: path of a `.keras` file; None keeps nothing.

    Returns:
        dict: `top1`, `top5` in percent, `loss`, `steps`, `clips`, `protocol` and, if kept, `saved`.
    """
    progress = progress or Silent()
    distilled = load(path)
    scoring, test = _scoring_for(distilled, recipe, progress)
    training = videos_of(distilled)
    protocol = dataclasses.replace(scoring.protocol_for(distilled), seeds=1)
    trainer = Trainer(scoring.network(), protocol, len(training), training.loss)
    with progress.task("Training a classifier", trainer.steps) as update:
        outcome = trainer.train(training, recipe.run.seed, 0, update)
    if outcome.diverged:
        raise VddError("The classifier's loss left the finite numbers: choose evaluation.evaluator=stable.")
    logits = trainer.logits(test)
    result = {
        "set": recipe.data.set,
        **{f"top{k}": 100 * top_k_accuracy(logits, test.labels, k) for k in (1, 5)},
        "loss": outcome.loss,
        "steps": outcome.steps,
        "clips": len(training),
        "protocol": protocol.describe(),
    }
    if save:
        with replacing(save, suffix=".keras") as partial:
            trainer.classifier.save(partial)
        result["saved"] = str(save)
    return result


def _listing(recipe, progress):
    listing = find_videos(recipe.data, progress)
    for note in listing.notes:
        progress.say(note)
    return listing


def _stores(recipe, progress):
    return prepare_stores(_listing(recipe, progress), recipe.data, progress)


def _distilled_set(recipe, stores, arrays, learned):
    data, facts = recipe.data, environment()
    provenance = {
        "name": recipe.run_name,
        "source": data.set,
        "seed": recipe.run.seed,
        "backend": facts["backend"],
        "versions": {"keras_vdd": __version__, **facts["versions"]},
        "real_bytes": real_bytes(stores["train"]),
        **{name: learned[name] for name in ("step_size",) if name in learned},
        **({"coreset": recipe.coreset.method} if recipe.coreset is not None else {}),
    }
    return DistilledSet(
        recipe.memory.kind, stores["train"].class_names, data.frames, data.mean, data.std,
        recipe.memory.videos_per_class, **arrays, label_kind=learned.get("label_kind"),
        recipe=resolved_yaml(recipe), provenance=provenance,
    )  # fmt: skip


def _scoring_for(distilled, recipe, progress):
    data = recipe.data.model_copy(
        update={
            "frames": distilled.frames,
            "size": distilled.size[0],
            "mean": distilled.mean,
            "std": distilled.std,
        }
    )
    recipe = recipe.model_copy(update={"data": data})
    stores = _stores(recipe, progress)
    _check_classes(distilled, stores["test"])
    scoring = Scoring(recipe, stores, progress, recipe_hash=recipe_hash(recipe))
    return scoring, scoring.test


def _check_classes(distilled, store):
    if tuple(store.class_names) != distilled.class_names:
        strange = sorted(set(distilled.class_names) ^ set(store.class_names))
        raise VddError(
            f"The set was learned for other classes than the test videos have ({', '.join(strange[:4])} "
            f"{'is' if len(strange) == 1 else 'are'} in one of them only): name the same with data.classes."
        )


def _last_losses(run):
    last = {}
    for record in run.log.records():
        last[record["stage"]] = {"iterations": record["iteration"], "loss": record["loss"]}
    return last
