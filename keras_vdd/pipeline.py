"""The verbs of the package, a function each: what `vdd` does, and what Python does by `import keras_vdd`."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import os
from collections.abc import Mapping
from typing import Any

from keras_vdd.data.store import prepare as prepare_stores
from keras_vdd.data.store.summary import preparation_summary
from keras_vdd.experts.engine import learn_experts, training_of
from keras_vdd.experts.taken import check_source
from keras_vdd.hub.export import export
from keras_vdd.hub.load import load
from keras_vdd.hub.target import resolve_target
from keras_vdd.interpolators.engine import learn_interpolator
from keras_vdd.interpolators.engine import training_of as interpolator_training_of
from keras_vdd.learning.callbacks import Callbacks, by_stage, checked
from keras_vdd.placement import on_its_device
from keras_vdd.planning.beforehand import (
    check_beforehand,
    check_classes,
    check_enough,
    check_evaluation,
    check_pairs,
)
from keras_vdd.planning.interpolator import plan_interpolator
from keras_vdd.planning.plan import plan
from keras_vdd.progress import Progress, listener
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.model_choice import with_model
from keras_vdd.recipe.schema import Recipe
from keras_vdd.report.inspection import inspect
from keras_vdd.runs.folder import RunFolder
from keras_vdd.stages.finished import results_of_finished, row_of_finished
from keras_vdd.stages.real_videos import listing_of, scoring_for, stores_of
from keras_vdd.stages.reused_stills import stills_of
from keras_vdd.stages.whole_run import carry_out
from keras_vdd.tensors import File

__all__ = ["distill", "evaluate", "export", "inspect", "make_experts", "make_interpolator", "plan", "prepare"]

# What `keras_vdd.load_recipe` makes a recipe of, and what `progress.listener` makes a listener of.
AnyRecipe = File | Mapping[str, Any] | Recipe
AnyProgress = Progress | bool | None


def prepare(recipe: AnyRecipe, progress: AnyProgress = None, **settings: Any) -> dict[str, Any]:
    """Decode the videos of a recipe into its store; what is there already is not done again.

    Args:
        recipe: a `Recipe`, or what `keras_vdd.load_recipe` makes one of: a name, a path or a mapping.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        **settings: laid over the recipe, such as `**{"data.root": "my_videos"}`.

    Returns:
        dict: `set`; `store`, the folder with `train` and `test`, which `keras_vdd.data.store.open_store` opens;
        `splits`, by "train" and "test" the `videos`, `classes`, `frames`, `bytes` and `failed`; `decoded`, what this
        call did; `failures`, each with `split`, `video` and `reason`; `notes`, what was odd about the source.

    Raises:
        VddError: the videos are not as the recipe says, or do not fit on the disk.

    Example:
        >>> keras_vdd.prepare("quickstart", progress=True)["splits"]["train"]["videos"]
    """
    recipe, progress = load_recipe(recipe, **settings), listener(progress)
    listing = listing_of(recipe, progress)
    stores = prepare_stores(listing, recipe.data, progress)
    folder = os.path.dirname(os.fspath(stores["train"].folder))
    summary = preparation_summary(stores)
    return {"set": recipe.data.set, "store": folder, **summary, "notes": list(listing.notes)}


def make_experts(
    recipe: AnyRecipe, progress: AnyProgress = None, callbacks: Callbacks = None, **settings: Any
) -> dict[str, Any]:
    """Train the networks on real videos that a recipe's matching reads, those that are not there yet.

    `distill` does it too where needed. They are kept in `experts.folder`; recipes that need the same ones share them.

    Args:
        recipe: a `Recipe`, or what `keras_vdd.load_recipe` makes one of: a name, a path or a mapping.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        callbacks: Keras callbacks, told of each epoch of each expert: logs have `expert`, `expert_epoch` and `loss`.
            One that sets `model.stop_training` ends the call; experts that are finished are kept.
        **settings: laid over the recipe, such as `**{"experts.count": 10}`.

    Returns:
        dict: `set`, `folder`, `experts` (for each `number`, `top1` in percent and `loss`, that of its last
        epoch), `epochs` and `bytes`.

    Raises:
        UsageError: the recipe reads no experts.
        VddError: an expert diverged, or the data or the disk do not allow it.

    Example:
        >>> keras_vdd.make_experts("mtt-shapes", progress=True, **{"experts.count": 10})["folder"]
    """
    recipe, progress, callbacks = load_recipe(recipe, **settings), listener(progress), checked(callbacks)
    training_of(recipe)
    with on_its_device(recipe):
        check_beforehand(recipe)
        check_source(recipe)
        stores = stores_of(recipe, progress)
        check_classes(recipe, len(stores["train"].class_names))
        bank = learn_experts(recipe, stores, progress, callbacks)
    experts = [
        {"number": number, "top1": top1, "loss": losses[-1]}
        for number, (top1, losses) in enumerate(zip(bank.accuracies, bank.losses, strict=True))
    ]
    return {
        "set": recipe.data.set,
        "folder": str(bank.folder),
        "experts": experts,
        "epochs": bank.epochs,
        "bytes": bank.nbytes,
    }


def make_interpolator(
    recipe: AnyRecipe, progress: AnyProgress = None, callbacks: Callbacks = None, dry_run: bool = False,
    **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train the network that makes all frames of a few, where it is not there yet.

    `distill` does it too where `memory.interpolation` is `parametric`. It learns to recover real training clips from
    `memory.stored_frames` of their own frames, evenly spaced. It is kept in `interpolator.folder`; recipes that need
    the same one share it. After an interruption the same call goes on from the last checkpoint and ends with the same
    bytes.

    Args:
        recipe: a `Recipe`, or what `keras_vdd.load_recipe` makes one of: a name, a path or a mapping.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        callbacks: Keras callbacks, told of its training as `distill` tells those of a stage.
        dry_run: only say what it will be and cost: sizes, bytes, memory and time; nothing is trained.
        **settings: laid over the recipe, such as `**{"interpolator.width": 48}`.

    Returns:
        dict: `set`, `folder`, `stored_frames`, `frames`, `parameters`, `bytes` that it adds to a set, `error` and
        `duplication`: mean squared errors on middle clips of the test videos, in normalised pixels, of what it makes
        and of the frames duplicated.

    Raises:
        UsageError: the recipe needs no interpolator.
        VddError: it diverged, its file is damaged, or the data, the disk or the memory do not allow it.

    Example:
        >>> few = {"memory.stored_frames": 2, "memory.interpolation": "parametric"}
        >>> keras_vdd.make_interpolator("dm-shapes-naive", progress=True, **few)["error"]
    """
    recipe, progress, callbacks = load_recipe(recipe, **settings), listener(progress), checked(callbacks)
    interpolator_training_of(recipe)
    with on_its_device(recipe):
        check_beforehand(recipe)
        if dry_run:
            return plan_interpolator(recipe)
        trained = learn_interpolator(recipe, stores_of(recipe, progress), progress, callbacks)
    about = trained.interpolator.about
    return {
        "set": recipe.data.set,
        "folder": str(trained.path.parent),
        "stored_frames": about.stored_frames,
        "frames": about.frames,
        "parameters": about.parameters,
        "bytes": about.nbytes,
        "error": trained.error,
        "duplication": trained.duplication,
    }


def distill(
    recipe: AnyRecipe, progress: AnyProgress = None, stills_from: File | None = None, callbacks: Callbacks = None,
    **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Take a recipe to the end: videos, stills, motion, export, table, pictures.

    A finished step is never done again: after an interruption the same call goes on from the last checkpoint and ends
    with the same bytes. A finished run is answered from its files; its videos need not be there any more.

    Args:
        recipe: a `Recipe`, or what `keras_vdd.load_recipe` makes one of: a name, a path or a mapping. Its run
            folder is `<run.dir>/<run.name>`.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        stills_from: path of a run folder whose finished stills are taken; they must be those that this recipe
            would learn.
        callbacks: Keras callbacks, told of stage 1 and of stage 2 as of a `fit` each; or a dict of them by "static",
            "interpolator", "experts" and "dynamic". An iteration is a batch to them, `run.checkpoint_every` are an
            epoch; logs have `iteration`, `loss` and what else the loss learns, such as `step_size`, and
            `params["stage"]` names the stage. After an interruption they go on counting, so that
            `CSVLogger(..., append=True)` goes on with its file. One that sets `model.stop_training` interrupts
            the run after a checkpoint: a set that was learned for less long than its recipe says is never exported.
            What they only look at changes no number.
        **settings: laid over the recipe, such as `**{"dynamic.iterations": 100}`.

    Returns:
        dict as `results.json` of the run folder holds it: `rows` of the table, `protocol`, `set`,
        `backend`, `run` and the losses at the end of each stage.

    Raises:
        VddError: the data, the run folder or the disk do not allow it, a loss diverged, or a callback stopped a stage.
        KeyboardInterrupt: after a checkpoint has been written.

    Example:
        >>> log = keras.callbacks.CSVLogger("log.csv", append=True)
        >>> results = keras_vdd.distill("quickstart", progress=True, callbacks=[log], **{"run.name": "mine"})
        >>> results["rows"][-1]["top1"]["mean"]
    """
    recipe, progress = load_recipe(recipe, **settings), listener(progress)
    callbacks = by_stage(callbacks, _learned_stages(recipe))
    with on_its_device(recipe):
        return _distill(recipe, progress, stills_from, callbacks)


def _distill(recipe, progress, stills_from, callbacks):
    if (results := results_of_finished(recipe)) is not None:
        progress.say(
            f"The run '{recipe.run_name}' is finished: its results are read, its videos not looked at."
        )
        return results.to_json()
    # Before the run folder is made: a mistake in data.root, or in numbers of frames, should leave nothing behind.
    check_beforehand(recipe)
    stills = None if stills_from is None else stills_of(stills_from, recipe)
    listing = listing_of(recipe, progress)
    check_classes(recipe, len(listing.class_names))
    check_pairs(recipe, len(listing.class_names))
    check_enough(recipe, listing.class_names, [video.label for video in listing.train])
    if stills is not None:
        stills.of_these_videos(prepare_stores(listing, recipe.data, progress))
    run = RunFolder(recipe)
    with run.alone():
        check_source(recipe)
        with run.times.of("prepare"):
            stores = prepare_stores(listing, recipe.data, progress)
        run.goes_on_with(recipe, stores)
        if recipe.needs_experts and recipe.experts.source is not None:
            # Whether they fit should not show after the stills were learned.
            learn_experts(recipe, stores, progress)
        if stills is not None:
            stills.lay_into(run)
        return carry_out(recipe, stores, run, progress, callbacks).to_json()


def _learned_stages(recipe):
    there = {"static": recipe.static, "experts": recipe.experts, "dynamic": recipe.dynamic}
    names = [name for name, settings in there.items() if settings is not None]
    return [*names, "interpolator"] if recipe.needs_interpolator else names


def evaluate(
    target: File, recipe: AnyRecipe | None = None, progress: AnyProgress = None, model: File | None = None,
    **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train fresh classifiers on a distilled set, and test them on the real test videos of its recipe.

    Where that would be what a finished run did for its own table, its row is the answer and nothing is trained.

    Args:
        target: path of a run folder or an exported set, or a repository on the Hub as `load` takes it.
        recipe: `Recipe`, name, path or mapping whose data and evaluation count; None for the one that the set was
            made with.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        model: another network than the recipe's: the name of one that is registered, or path of a `.keras` file, whose
            architecture is trained, from new weights each time.
        **settings: laid over the recipe, such as `**{"evaluation.seeds": 5}`.

    Returns:
        dict as `keras_vdd.evaluation.ResultRow.to_json` gives it, with `set`, `architecture`, `seeds`, `top1`
        and `top5` (each `mean`, `std`, `values` in percent), `pairs`, `diverged`, `bytes`, `clips`, `protocol`,
        `backend` and `device`.

    Raises:
        VddError: there is no set, or its classes are not those of the test videos.

    Example:
        >>> keras_vdd.evaluate("runs/quickstart", **{"evaluation.seeds": 5})["top1"]["mean"]
    """
    found, progress = resolve_target(target, recipe, **settings), listener(progress)
    distilled = load(found.folder)
    chosen = with_model(found.recipe, model)
    with on_its_device(chosen):
        if (row := row_of_finished(found.folder, distilled, chosen, progress)) is not None:
            return row.to_json()
        check_evaluation(chosen, len(distilled.class_names))
        scoring = scoring_for(distilled, chosen, progress)
        return scoring.distilled_row(f"{distilled.kind} set", distilled, distilled.dtype).to_json()
