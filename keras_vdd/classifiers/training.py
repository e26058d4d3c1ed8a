"""Train one classifier on a distilled set, test it on real videos, and keep it."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import dataclasses
from typing import Any

import keras
import numpy as np

from keras_vdd.backend.without_tensorflow import without_tensorflow
from keras_vdd.classifiers.place import check_save
from keras_vdd.data.store.known import SPLITS
from keras_vdd.errors import VddError
from keras_vdd.evaluation.metrics import top_5_accuracy, top_k_accuracy
from keras_vdd.evaluation.scoring import videos_of
from keras_vdd.evaluation.statistics import mean_and_deviation
from keras_vdd.evaluation.trainer import Trainer
from keras_vdd.files import replacing
from keras_vdd.hub.load import load
from keras_vdd.hub.target import resolve_target
from keras_vdd.learning.callbacks import Callbacks, checked
from keras_vdd.models.portable import portable
from keras_vdd.pipeline import AnyProgress, AnyRecipe
from keras_vdd.placement import on_its_device
from keras_vdd.planning.beforehand import check_evaluation
from keras_vdd.progress import listener
from keras_vdd.recipe.model_choice import with_model
from keras_vdd.stages.finished import warn_of_another_run
from keras_vdd.stages.real_videos import scoring_for
from keras_vdd.tensors import File

# What makes the file's accuracy another than the protocol's.
FIXED = "by fixed numbers, measured on training videos; the protocol takes those of each test batch"


def train(
    target: File, recipe: AnyRecipe | None = None, progress: AnyProgress = None, save: File | None = None,
    callbacks: Callbacks = None, model: File | None = None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train one classifier on a distilled set, test it on real videos, and keep it if asked.

    Args:
        target: path of a run folder or an exported set, or a repository on the Hub as `load` takes it.
        recipe: `Recipe`, name, path or mapping whose data and evaluation count; None for the one that the set was
            made with.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        save: path of a `.keras` file; None keeps nothing. The file has Keras' own layers only, so that
            `keras.models.load_model` reads it on any backend with nothing of this package: it takes pixels, 0 to 255,
            (batch, T, H, W, 3), and gives probabilities (batch, classes); scores where a set's labels were learned by
            regression. `docs/classifiers.md` says where it has its class names, and how it is exported.
        callbacks: Keras callbacks. A step is a batch to them, `run.checkpoint_every` steps are an epoch; logs have
            `iteration` and the mean `loss` since the epoch began. One that sets `model.stop_training` ends the call
            with nothing kept.
        model: another network than the recipe's: the name of one that is registered, or path of a `.keras` file, whose
            architecture is trained from new weights.
        **settings: laid over the recipe, such as `**{"evaluation.steps": 1000}`.

    Returns:
        dict: `set`, `top1` and `top5` in percent (`top5` None where there are fewer than six classes), `loss`, `steps`,
        `clips`, `protocol`. If kept, `saved` is the path, `top1` and `top5` are those of the file, loaded and tested,
        and `protocol_top1` and `protocol_top5` are the protocol's, which differ because the file standardises videos by
        fixed numbers (`standardised`): what it says of a video does not depend on others in the batch.

    Raises:
        UsageError: `save` is no place for a classifier, or the network has no form in Keras' own layers.
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
    recipe = with_model(found.recipe, model)
    with on_its_device(recipe):
        distilled = load(found.folder)
        warn_of_another_run(distilled)
        return _train(distilled, recipe, progress, save, callbacks)


def _train(distilled, recipe, progress, save, callbacks):
    check_evaluation(recipe, len(distilled.class_names))
    scoring = scoring_for(distilled, recipe, progress, ("test",) if save is None else SPLITS)
    training = videos_of(distilled)
    protocol = dataclasses.replace(scoring.protocol_for(distilled), seeds=1)
    network = scoring.network()
    # Before hours of training: a network that cannot be kept says so.
    keep = None if save is None else _keeping(distilled, scoring, network)
    trainer = Trainer(network, protocol, len(training), training.loss)
    with progress.task("Training a classifier", trainer.steps) as update:
        outcome = trainer.train(training, recipe.run.seed, 0, update, callbacks, recipe.run.checkpoint_every)
    if outcome.diverged:
        raise VddError("The classifier's loss left the finite numbers: choose evaluation.evaluator=stable.")
    if outcome.steps < trainer.steps:
        raise VddError(
            f"A callback stopped the training after step {outcome.steps} of {trainer.steps}: nothing is kept."
        )
    result = {
        "set": recipe.data.set,
        **_accuracies(trainer.logits(scoring.test), scoring.test.labels),
        "loss": outcome.loss,
        "steps": outcome.steps,
        "clips": len(training),
        "protocol": protocol.describe(),
    }
    if keep is not None:
        result |= {f"protocol_{name}": result[name] for name in ("top1", "top5")}
        result |= {**_kept(keep(), save, scoring.test), "saved": str(save), "standardised": FIXED}
    return result


def _keeping(distilled, scoring, network):
    """A function without arguments that makes the `portable` model of the network as it then is."""
    data, (height, width) = scoring.recipe.data, distilled.size
    numbers = mean_and_deviation(
        scoring.stores["train"], data.frames, data.interval, data.mean, data.std, scoring.recipe.run.seed
    )

    def make():
        return portable(
            network, distilled.class_names, (data.frames, height, width, 3), data.mean, data.std, numbers,
            data.interval, probabilities=distilled.label_kind != "regression",
        )  # fmt: skip

    make()
    return make


def _kept(model, save, test):
    """Write the model, and return the accuracies of the file as plain Keras reads it."""
    with replacing(save, suffix=".keras") as partial:
        with without_tensorflow():
            model.save(partial)
            again = keras.models.load_model(partial)
        outputs = [again.predict_on_batch(test.pixels(index).astype("float32")) for index in range(len(test))]
    return _accuracies(np.concatenate(outputs), test.labels)


def _accuracies(scores, labels):
    top5 = top_5_accuracy(scores, labels)
    return {"top1": 100 * top_k_accuracy(scores, labels, 1), "top5": None if top5 is None else 100 * top5}
