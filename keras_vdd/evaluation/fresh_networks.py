"""Train fresh networks on a set of videos and test them on real clips."""

import numpy as np

from keras_vdd.evaluation.metrics import pair_accuracy, top_5_accuracy, top_k_accuracy
from keras_vdd.evaluation.scores import NetworkScore, Score
from keras_vdd.evaluation.trainer import Trainer
from keras_vdd.progress import Silent
from keras_vdd.times import Times


def evaluate(
    training, test, protocol, create_network, seed, *, pairs=(), epochs=None, finished=(), on_network=None,
    progress=None, title="evaluate", times=None,
):  # fmt: skip
    """Score a training set by `protocol.seeds` fresh networks (evaluation of section 5.1 of the paper).

    Network number k starts from the same weights whatever it is trained on, so rows of a table differ by
    their videos alone.

    Args:
        training: a training set (see `training_sets`), or a function of a network's number that returns
            one, for a fresh random draw each time; all of one size.
        test: `RealClips`, or anything else with its `labels`, `len()` and `batch(index)`.
        protocol: `Protocol`.
        create_network: function without arguments that returns a built network of `keras_vdd.models`.
        seed: int, the run's.
        pairs: pairs of classes alike but for motion, for the pair accuracy.
        epochs: passes over the training set instead of the evaluator's length, for the full real set.
        finished: `NetworkScore`s from an interrupted call, not done again.
        on_network: called with each new `NetworkScore`, to save it.
        progress: `keras_vdd.progress.Progress`.
        title: what the progress bar says.
        times: `keras_vdd.times.Times` that has the wall time of each network's training and test.

    Returns:
        `Score`. A network whose loss left the finite numbers is in it as diverged, never in its means.
    """
    scores = {score.number: score for score in finished}
    missing = [number for number in range(protocol.seeds) if number not in scores]
    trainer, times = None, times or Times()
    for number in missing:
        with times.of("evaluation", row=title, network=number):
            videos = training(number) if callable(training) else training
            if trainer is None:
                trainer = Trainer(create_network(), protocol, len(videos), videos.loss, epochs)
            with (progress or Silent()).task(f"{title}, network {number + 1}", trainer.steps) as update:
                outcome = trainer.train(videos, seed, number, update)
            scores[number] = _score(number, outcome, trainer, test, pairs)
        if on_network is not None:
            on_network(scores[number])
    return Score(tuple(scores[number] for number in range(protocol.seeds)))


def _score(number, outcome, trainer, test, pairs):
    logits = None if outcome.diverged else trainer.logits(test)
    figures = dict.fromkeys(("top1", "top5", "pairs"))
    if logits is not None and np.isfinite(logits).all():
        shares = {
            "top1": top_k_accuracy(logits, test.labels, 1),
            "top5": top_5_accuracy(logits, test.labels),
            "pairs": pair_accuracy(logits, test.labels, pairs),
        }
        figures = {name: None if share is None else 100 * share for name, share in shares.items()}
    return NetworkScore(number, **figures, loss=outcome.loss, steps=outcome.steps)
