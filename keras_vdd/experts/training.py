"""Training of one expert: a network on the real set by plain SGD, its weights kept after every epoch.

Cazenavette et al., "Dataset Distillation by Matching Training Trajectories" (CVPR 2022), with the settings
of "Dancing with Still Images" (CVPR 2024) and its released code: MiniC3D, SGD 0.01 without momentum or
decay, dropout, cross-entropy, batches of 256 clips cut anew at every visit. Pixels are normalised by the set's mean
and deviation, and a batch not by its own on top, as evaluation does: trajectory matching trains on synthetic videos
without that step, and experts must be trained alike.
"""

import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_vdd import models
from keras_vdd.backend import jit, value_and_grad
from keras_vdd.data.clips import read_clips
from keras_vdd.data.store import Store
from keras_vdd.errors import VddError
from keras_vdd.evaluation.metrics import top_k_accuracy
from keras_vdd.learning.real_batches import on_device
from keras_vdd.matching.augmentation import augment, draw
from keras_vdd.out_of_memory import lower_in_another_run, told_of_memory
from keras_vdd.seeds import stream

# Batches that threads read ahead while one is trained on.
_AHEAD = 2

Weights = list[Any]
"""Tensors, in the order of a network's `trainable_variables`."""


@dataclass(frozen=True)
class ExpertTraining:
    """All that an expert's weights depend on besides the videos, the backend and the expert's number: plain values.

    Attributes:
        network, width, stem, precision: as `models.create` takes them.
        frames, interval, flip: of a clip, as `read_clips` takes them.
        mean, std: 3 floats each, of pixels scaled to 0..1.
        augment: names of augmentations, drawn once for a whole batch; empty is off.
        epochs: int, passes over the training set.
        learning_rate: float, the SGD step.
        batch_size: int, clips of a step; the last of an epoch may have fewer.
        seed: int, the run's.
        deterministic: bool, whether an accelerator computes them by its deterministic, slower kernels.
    """

    network: str
    width: int
    stem: int
    precision: str
    frames: int
    interval: int
    flip: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    augment: tuple[str, ...]
    epochs: int
    learning_rate: float
    batch_size: int
    seed: int
    deterministic: bool = False

    def steps(self, videos: int) -> int:
        """Return the steps of an epoch over `videos` training videos."""
        return math.ceil(videos / self.batch_size)


@dataclass(frozen=True)
class Expert:
    """A trained expert.

    Attributes:
        snapshots: weights by epoch, 0 before training; of each, float32 arrays in the order of the network's
            `trainable_variables`.
        losses: the mean training loss of each epoch.
        top1: percent of the test videos whose middle clip the last weights classify correctly.
    """

    snapshots: list[list[np.ndarray]]
    losses: list[float]
    top1: float


class ExpertTrainer:
    """Trains any number of experts with one network and one compiled step.

    Args:
        train, test: `Store`s with the same classes.
        training: `ExpertTraining`.

    Raises:
        VddError: there is nothing to train or to test on.
    """

    def __init__(self, train: Store, test: Store, training: ExpertTraining) -> None:
        for store in (train, test):
            if not len(store):
                raise VddError(
                    f"Experts need videos, and the {store.split} split has none: add some to data.root."
                )
        self._train, self._test, self.training = train, test, training
        self._network = models.create(
            training.network, len(train.class_names), training.frames, train.size, training.width,
            training.stem, training.precision,
        )  # fmt: skip
        scale = training.mean, training.std
        self._step = sgd_step(self._network, training.learning_rate, *scale)
        self._logits = jit(
            lambda weights, frames: models.apply(self._network, weights, _normalised(frames, *scale))
        )

    @property
    def nbytes(self) -> int:
        """Bytes of the float32 weights of one expert, all epochs."""
        return 4 * self._network.count_params() * (self.training.epochs + 1)

    def train(self, number: int, update: Callable[..., object] | None = None) -> Expert:
        """Train expert `number` and return the `Expert`; equal numbers give equal experts.

        Args:
            number: int, from 0.
            update: called as `update(steps done, loss=loss of the step)`, and when an epoch ends as
                `update(steps done, loss=mean of the epoch, epoch=its number)`.

        Raises:
            VddError: the loss or a weight is no longer finite, or memory ran out.
        """
        advice = "lower experts.processes, if there are several; else " + lower_in_another_run(
            "experts.batch_size", min(self.training.batch_size, len(self._train))
        )
        with told_of_memory(f"Training expert {number}", advice):
            return self._trained(number, update)

    def _trained(self, number, update):
        training, losses = self.training, []
        rng = stream(training.seed, "experts", number)
        weights = models.as_weights(self._network, models.fresh_weights(self._network, rng))
        snapshots = [_on_host(weights)]
        steps, total = training.steps(len(self._train)), 0.0
        batches = _ahead(lambda step: self._batch(number, step), training.epochs * steps)
        with contextlib.closing(batches):
            for step, batch in enumerate(batches):
                epoch, visited = step // steps + 1, len(batch["labels"])
                tensors = {name: ops.convert_to_tensor(array) for name, array in batch.items()}
                loss, weights = self._step(weights, tensors)
                loss = float(loss)
                if not math.isfinite(loss):
                    self._diverged(number, epoch, f"loss {loss}")
                total += loss * visited
                if update is not None:
                    update(step + 1, loss=loss)
                if (step + 1) % steps == 0:
                    snapshots.append(_on_host(weights))
                    if not all(np.isfinite(array).all() for array in snapshots[-1]):
                        self._diverged(number, epoch, "its weights are no longer finite")
                    losses.append(total / len(self._train))
                    total = 0.0
                    if update is not None:
                        update(step + 1, loss=losses[-1], epoch=epoch)
        return Expert(snapshots, losses, self._top1(weights))

    def _batch(self, number, step):
        """The batch of a step, counted over all epochs; it depends on no other step, so that threads can read it."""
        training, names = self.training, (self.training.seed, "experts", number)
        epoch, part = divmod(step, training.steps(len(self._train)))
        order = stream(*names, "order", epoch).permutation(len(self._train))
        rows = order[part * training.batch_size : (part + 1) * training.batch_size]
        rng = stream(*names, "visit", step)
        batch = {
            "frames": read_clips(self._train, rows, training.frames, training.interval, rng, training.flip),
            "labels": self._train.labels[rows],
            "dropout": rng.integers(2**32, size=2, dtype=np.uint32),
        }
        if training.augment:
            batch["augmentation"] = draw(rng, 1, training.augment)
        return batch

    def _top1(self, weights):
        count, size = len(self._test), self.training.batch_size
        logits = []
        for start in range(0, count, size):
            rows = np.arange(start, min(start + size, count))
            clips = read_clips(self._test, rows, self.training.frames, self.training.interval)
            logits.append(ops.convert_to_numpy(self._logits(weights, ops.convert_to_tensor(clips))))
        return 100 * top_k_accuracy(np.concatenate(logits), self._test.labels, 1)

    def _diverged(self, number, epoch, what):
        raise VddError(
            f"Expert {number} diverged in epoch {epoch} ({what}): lower experts.learning_rate, which is "
            f"{self.training.learning_rate:g}; nothing of it was kept."
        )


def sgd_step(
    network: keras.Model, learning_rate: float, mean: tuple[float, ...], std: tuple[float, ...]
) -> Callable[[Weights, dict[str, Any]], tuple[Any, Weights]]:
    """Return a compiled step of plain SGD on the mean cross-entropy of a batch, with dropout.

    Args:
        network: a built network of `keras_vdd.models`.
        learning_rate: float.
        mean, std: 3 floats each, of pixels scaled to 0..1.

    Returns:
        function (weights, batch) -> (loss, new weights). The batch is a dict of tensors: `frames` uint8
        (n, T, H, W, 3), `labels` int32 (n,), `dropout` uint32 (2,), the seed of the masks, and, if the clips
        are to be augmented, `augmentation`, a row of `matching.augmentation.draw`.
    """

    def loss(weights, batch):
        videos = _normalised(batch["frames"], mean, std)
        if "augmentation" in batch:
            # `augment` draws by group of videos; the batch is one group.
            videos = augment(videos[None], batch["augmentation"])[0]
        logits = models.apply(network, weights, videos, training=True, seed=batch["dropout"])
        return ops.mean(ops.sparse_categorical_crossentropy(batch["labels"], logits, from_logits=True))

    def step(weights, batch):
        value, gradients = value_and_grad(loss)(weights, batch)
        return value, [w - learning_rate * g for w, g in zip(weights, gradients)]

    return jit(step)


def _normalised(frames, mean, std):
    return on_device(frames, frames.shape[0], mean, std)


def _on_host(weights):
    return [np.array(ops.convert_to_numpy(w), np.float32, order="C") for w in weights]


def _ahead(make: Callable[[int], Any], count: int) -> Iterator[Any]:
    """Yield make(0), ..., make(count - 1); threads make the next `_AHEAD` while one is used."""
    executor = ThreadPoolExecutor(_AHEAD, "reading clips")
    try:
        waiting = deque(executor.submit(make, k) for k in range(min(_AHEAD, count)))
        for k in range(count):
            made = waiting.popleft().result()
            if k + _AHEAD < count:
                waiting.append(executor.submit(make, k + _AHEAD))
            yield made
    finally:
        executor.shutdown(cancel_futures=True)
