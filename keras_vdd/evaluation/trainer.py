"""Training of fresh classifiers: one compiled network, its weights and optimizer reset for each seed."""

import math
from dataclasses import dataclass

import keras
import numpy as np

from keras_vdd.backend import JIT_COMPILE
from keras_vdd.backend.without_tensorflow import without_tensorflow
from keras_vdd.data.batches import IterationBatches
from keras_vdd.evaluation import losses
from keras_vdd.evaluation.classifier import Classifier
from keras_vdd.learning.callbacks import Windows
from keras_vdd.models import fresh_weights
from keras_vdd.out_of_memory import SMALLER_DATA, told_of_memory
from keras_vdd.seeds import stream


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        loss: mean loss of the last tenth of the steps, None if it diverged.
        steps: optimizer steps taken.
        diverged: whether the loss left the finite numbers.
    """

    loss: float | None
    steps: int
    diverged: bool


class Trainer:
    """Trains one architecture on sets of one size, each time from new weights.

    Nothing is built or compiled anew between seeds: JAX and TensorFlow would trace the step each time.
    Training sets the global random seeds (`keras.utils.set_random_seed`), so that it can be repeated.

    Args:
        network: a built network of `keras_vdd.models`.
        protocol: `Protocol`.
        videos: int, the size of the training set.
        loss: str, one of `training_sets.LOSSES`.
        epochs: int or None, see `Protocol.total_steps`.
    """

    def __init__(self, network, protocol, videos, loss, epochs=None):
        self.classifier = Classifier(network)
        self.steps = protocol.total_steps(videos, epochs)
        self._batch_size = min(protocol.batch_size, videos)
        self._network, self._optimizer = network, protocol.optimizer(self.steps)
        self.classifier.compile(self._optimizer, losses.create(loss), jit_compile=JIT_COMPILE)
        self._optimizer.build(self.classifier.trainable_variables)
        state = [*network.non_trainable_variables, *self._optimizer.variables]
        self._state = [(v, keras.ops.convert_to_numpy(v).copy()) for v in state]

    def train(self, training, seed, number, update=None, callbacks=(), window=100):
        """Train network `number` of a run and return its `Outcome`; `classifier` then holds the weights.

        Args:
            training: a training set (see `training_sets`).
            seed: int, the run's.
            number: int, which of the protocol's networks; or the name of a network that is none of them.
            update: called as `update(steps done, loss=mean loss so far)`.
            callbacks: Keras callbacks. Their epochs are windows of `window` steps; logs have the `iteration`, counted
                from 1, and as in any `fit` the mean `loss` since the epoch began.
        """
        plan = BatchPlan(len(training), self._batch_size, seed, number)

        def make_batch(step):
            rows = plan.rows(step)
            rng = stream(seed, "evaluation", "visit", number, step)
            return training.read(rows, rng), training.labels[rows]

        # The reset waits until `fit` begins: on torch its first preparations draw random numbers.
        reset = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: self._reset(seed, number))
        windows = Windows(callbacks, window, self.steps, stage="classifier")
        watch = _Watch(self.steps, plan, update or (lambda done, **figures: None), windows)
        batches = IterationBatches(0, self.steps, make_batch)
        with self._told():
            self.classifier.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[reset, watch])
        return watch.outcome()

    def logits(self, test):
        """Return the classifier's logits on all clips of `test`, float32 (clips, classes)."""
        with self._told():
            parts = [self.classifier.predict_on_batch(test.batch(index)) for index in range(len(test))]
        return np.concatenate(parts)

    def _told(self):
        advice = SMALLER_DATA
        if self._batch_size > 1:
            advice = (
                f"lower evaluation.batch_size to less than {self._batch_size}; a run keeps the one that it began with, "
                "so there give another run.name, or score its finished set by `vdd evaluate`"
            )
        return told_of_memory("Training a classifier", advice)

    def _reset(self, seed, number):
        weights = fresh_weights(self._network, stream(seed, "evaluation", "network", number))
        for variable, value in zip(self._network.trainable_variables, weights):
            variable.assign(value)
        rng = stream(seed, "evaluation", "dropout", number)
        # Without a seed of its own, Dropout ignores its generator's state on torch and draws globally.
        with without_tensorflow():
            keras.utils.set_random_seed(int(rng.integers(2**31)))
        for variable, value in self._state:
            if variable.name == "seed_generator_state":
                # The counter starts at 0; seeds are far apart because torch adds counter to seed.
                value = np.array([rng.integers(2**30), 0], value.dtype)
            variable.assign(value)


class BatchPlan:
    """Which rows a step visits: every epoch is one shuffle of all rows, the last batch may be smaller.

    Where one batch holds the whole set its order says nothing and is left as it is.
    """

    def __init__(self, rows, batch_size, seed, number):
        self._rows, self._size, self._names = rows, batch_size, (seed, "evaluation", "order", number)
        self._per_epoch = math.ceil(rows / batch_size)
        self._order = (None, None)

    def rows(self, step):
        """Return the row numbers of step `step`, counted from 0."""
        epoch, part = divmod(step, self._per_epoch)
        known, order = self._order
        if known != epoch:
            whole = self._per_epoch == 1
            order = np.arange(self._rows) if whole else stream(*self._names, epoch).permutation(self._rows)
            self._order = (epoch, order)
        return order[part * self._size : (part + 1) * self._size]

    def visits(self, steps):
        """Return how many videos are visited in the first `steps` steps."""
        epochs, parts = divmod(steps, self._per_epoch)
        return epochs * self._rows + parts * self._size


class _Watch(keras.callbacks.Callback):
    """Ends a training that has diverged and keeps the loss of the last tenth of the steps."""

    def __init__(self, steps, plan, update, windows):
        super().__init__()
        self._steps, self._plan, self._update, self._windows = steps, plan, update, windows
        self._tail = steps - max(1, steps // 10)
        self._before, self._mean, self._done = 0.0, 0.0, 0
        self._before_window = 0.0

    def on_train_begin(self, logs=None):
        self._windows.begin(self.model)

    def on_train_batch_begin(self, batch, logs=None):
        self._windows.iteration_begins(self._done)

    def on_train_end(self, logs=None):
        self._windows.end()

    def on_train_batch_end(self, batch, logs=None):
        # Keras' "loss" is the mean over all clips since the epoch began, so a NaN stays in it.
        self._mean, self._done = float(logs["loss"]), batch + 1
        if self._done == self._tail:
            self._before = self._mean * self._plan.visits(self._done)
        if not math.isfinite(self._mean):
            self.model.stop_training = True
        self._update(self._done, loss=self._mean)
        self._tell()

    def _tell(self):
        total, start = self._mean * self._plan.visits(self._done), self._windows.start_of(self._done)
        visits = self._plan.visits(self._done) - self._plan.visits(start)
        logs = {"loss": (total - self._before_window) / visits}
        self._windows.iteration_ended(self._done, logs)
        if self._windows.is_full(self._done):
            self._before_window = total
            self._windows.window_ended(self._done, logs)

    def outcome(self):
        if not math.isfinite(self._mean):
            return Outcome(None, self._done, True)
        visits = self._plan.visits(self._done) - self._plan.visits(self._tail)
        tail = (self._mean * self._plan.visits(self._done) - self._before) / visits
        return Outcome(max(tail, 0.0), self._done, False)
