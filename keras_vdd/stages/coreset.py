"""Real clips in place of learned ones: at random, by herding or by k-centres (coresets of section 5.1)."""

import numpy as np

from keras_vdd.coreset import select_per_class
from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import VddError
from keras_vdd.evaluation.classifier import Embedding
from keras_vdd.evaluation.protocol import protocol_of
from keras_vdd.evaluation.real_clips import in_batches
from keras_vdd.evaluation.scoring import classifier_of
from keras_vdd.evaluation.trainer import Trainer
from keras_vdd.evaluation.training_sets import StoreVideos
from keras_vdd.learning.checkpoint import load_arrays, save_arrays
from keras_vdd.planning.beforehand import check_enough
from keras_vdd.seeds import stream
from keras_vdd.stages.learn import RESULT


def choose_clips(recipe, stores, run, progress):
    """Choose the clips of a recipe with `coreset.method` random, herding or k-center.

    `random` takes random videos and a random clip of each. The others look at the middle clip of every
    training video through a network trained on all of them, and take the middle clips of the videos that
    they choose: what is taken is what was looked at.

    Args:
        recipe: `Recipe` with a coreset.
        stores: dict of `Store`; only "train" is looked at.
        run: `RunFolder`; an interrupted choice goes on from its features.
        progress: `keras_vdd.progress.Progress`.

    Returns:
        dict: the array of the memory that clips fill, float32 (classes, VPC, T, H, W, 3), normalised.

    Raises:
        VddError: a class has fewer videos than are to be chosen, or the network's training diverged.
    """
    finished = run.stage("coreset") / RESULT
    if finished.exists():
        return load_arrays(finished, run.run_id, "chosen clips")[0]
    train, data, per_class = stores["train"], recipe.data, recipe.memory.videos_per_class
    check_enough(recipe, train.class_names, train.labels)
    method, rng = recipe.coreset.method, stream(recipe.run.seed, "coreset", "choice")
    # Random selection looks at no feature.
    features = np.empty((len(train), 0)) if method == "random" else _features(recipe, train, run, progress)
    counts = np.full(len(train.class_names), per_class)
    rows = select_per_class(method, features, train.labels, counts, rng)
    clips = read_clips(train, rows, data.frames, data.interval, rng if method == "random" else None)
    clips = normalise(clips, data.mean, data.std)
    arrays = {recipe.memory_kind.clips: clips.reshape(len(counts), per_class, *clips.shape[1:])}
    names = [train.names[row] for row in rows]
    save_arrays(finished, arrays, run_id=run.run_id, what="chosen clips", method=method, videos=names)
    (finished.parent / "features.safetensors").unlink(missing_ok=True)
    return arrays


def _features(recipe, store, run, progress):
    """Features of the middle clip of every video, float32 (videos, features)."""
    path = run.stage("coreset") / "features.safetensors"
    if path.exists():
        return load_arrays(path, run.run_id, "features of the videos")[0]["features"]
    trainer, outcome = _trained(recipe, store, progress)
    features = _look(recipe, store, Embedding(trainer.classifier), progress)
    if not np.isfinite(features).all():
        raise _diverged(outcome)
    save_arrays(
        path, {"features": features}, run_id=run.run_id, what="features of the videos", steps=outcome.steps,
        loss=outcome.loss,
    )  # fmt: skip
    return features


def _trained(recipe, store, progress):
    """The network of the evaluation, trained as for the row `full` but for the number of epochs."""
    data, epochs = recipe.data, recipe.coreset.feature_epochs
    training = StoreVideos(store, data.frames, data.interval, data.mean, data.std)
    network = classifier_of(recipe, len(store.class_names))
    trainer = Trainer(network, protocol_of(recipe), len(store), training.loss, epochs)
    with progress.task("Training the network that looks at the videos", trainer.steps) as update:
        # A name of its own: none of the networks that score the set has had a part in its choice.
        outcome = trainer.train(training, recipe.run.seed, "coreset", update)
    if outcome.diverged:
        raise _diverged(outcome)
    return trainer, outcome


def _look(recipe, store, embedding, progress):
    data, seen, found = recipe.data, [], []
    order = stream(recipe.run.seed, "coreset", "order").permutation(len(store))
    with progress.task("Looking at the videos", len(store)) as update:
        # Mixed batches, as in training: each is standardised as a whole.
        for rows in in_batches(order):
            clips = read_clips(store, rows, data.frames, data.interval)
            found.append(embedding.predict_on_batch(normalise(clips, data.mean, data.std)))
            seen.append(rows)
            update(sum(map(len, seen)))
    return np.concatenate(found)[np.argsort(np.concatenate(seen))]


def _diverged(outcome):
    return VddError(
        f"The network that looks at the videos diverged at step {outcome.steps}: choose "
        "evaluation.evaluator=stable, or coreset.method=random, which needs none."
    )
