"""Train one classifier on a distilled set, test it on real videos, and keep it."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import dataclasses
from pathlib import Path
from typing import Any

from keras_vdd.errors import UsageError, VddError
from keras_vdd.evaluation.metrics import top_k_accuracy
from keras_vdd.evaluation.scoring import videos_of
from keras_vdd.evaluation.trainer import Trainer
from keras_vdd.files import replacing
from keras_vdd.hub.load import load
from keras_vdd.hub.target import resolve_target
from keras_vdd.learning.callbacks import Callbacks, checked
from keras_vdd.pipeline import AnyProgress, AnyRecipe
from keras_vdd.placement import on_its_device
from keras_vdd.progress import listener
from keras_vdd.stages.real_videos import scoring_for
from keras_vdd.tensors import File


def train(
    target: File, recipe: AnyRecipe | None = None, progress: AnyProgress = None, save: File | None = None,
    callbacks: Callbacks = None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train one classifier on a distilled set, test it on real videos, and keep it if asked.

    Args:
        target: path of a run folder or an exported set, or a repository on the Hub as `load` takes it.
        recipe: `Recipe`, name, path or mapping whose data and evaluation count; None for the one that the set was
            made with.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        save: path of a `.keras` file; None keeps nothing. `keras.models.load_model` reads it once
            `keras_vdd.evaluation.classifier` is imported.
        callbacks: Keras callbacks. A step is a batch to them, `run.checkpoint_every` steps are an epoch; logs have
            `iteration` and the mean `loss` since the epoch began. One that sets `model.stop_training` ends the call
            with nothing kept.
        **settings: laid over the recipe, such as `**{"evaluation.steps": 1000}`.

    Returns:
        dict: `set`, `top1` and `top5` in percent, `loss`, `steps`, `clips`, `protocol` and, if kept, `saved`.

    Raises:
        UsageError: `save` is no place for a classifier.
        VddError: there is no set, its classes are not those of the test videos, the loss left the finite numbers, or a
            callback stopped the training.

    Example:
        >>> keras_vdd.train("runs/quickstart", save="classifier.keras", progress=True)["top1"]
    """
    check_save(save)
    found, progress, callbacks = (
        resolve_target(target, recipe, **settings),
        listener(progress),
        checked(callbacks),
    )
    with on_its_device(found.recipe):
        return _train(load(found.folder), found.recipe, progress, save, callbacks)


def _train(distilled, recipe, progress, save, callbacks):
    scoring = scoring_for(distilled, recipe, progress)
    training = videos_of(distilled)
    protocol = dataclasses.replace(scoring.protocol_for(distilled), seeds=1)
    trainer = Trainer(scoring.network(), protocol, len(training), training.loss)
    with progress.task("Training a classifier", trainer.steps) as update:
        outcome = trainer.train(training, recipe.run.seed, 0, update, callbacks, recipe.run.checkpoint_every)
    if outcome.diverged:
        raise VddError("The classifier's loss left the finite numbers: choose evaluation.evaluator=stable.")
    if outcome.steps < trainer.steps:
        raise VddError(
            f"A callback stopped the training after step {outcome.steps} of {trainer.steps}: nothing is kept."
        )
    logits = trainer.logits(scoring.test)
    result = {
        "set": recipe.data.set,
        **{f"top{k}": 100 * top_k_accuracy(logits, scoring.test.labels, k) for k in (1, 5)},
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


def check_save(save: File | None) -> None:
    """See to it that a classifier can be kept at a path; None is well too.

    Raises:
        UsageError: it does not end in `.keras`, or its folder does not exist.
    """
    if save is not None and Path(save).suffix != ".keras":
        raise UsageError(f"save={save}: the name of a classifier's file must end in .keras")
    if save is not None and not (folder := Path(save).absolute().parent).is_dir():
        raise UsageError(f"save={save}: the folder {folder} does not exist")
