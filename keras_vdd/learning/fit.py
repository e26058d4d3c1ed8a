"""One stage of distillation: `fit()` with a log, checkpoints, resume, early stop and a guard against NaN."""

import contextlib
import math

import keras
import numpy as np

from keras_vdd.data.batches import IterationBatches
from keras_vdd.errors import VddError
from keras_vdd.learning.callbacks import Windows
from keras_vdd.learning.checkpoint import Checkpoints, model_state, restore_model_state
from keras_vdd.out_of_memory import told_of_memory
from keras_vdd.stopping import softly


def fit_stage(
    name, condenser, make_batch, iterations, run, *, rates, lighter, checkpoint_every=100, patience=0,
    tolerance=0.0, progress, title, callbacks=(),
):  # fmt: skip
    """Train a compiled condenser to its last iteration, from its last checkpoint where there is one.

    A batch depends on its iteration alone, so a run that was killed and started again ends with the
    numbers, bit for bit, of one that was not.

    Args:
        name: the stage, also the name of its folder.
        condenser: a compiled `Condenser` whose weights hold their start.
        make_batch: function of an iteration, counted from 0, that returns a batch.
        iterations: int, how many; early stop may end the stage before.
        run: `RunFolder`.
        rates: text that follows "lower" in the error of a diverged run: settings of learning rates.
        lighter: text for the error of a run that is out of memory, such as "lower static.chunk, which is 64"; or a
            function that returns it once the checkpoint is read.
        checkpoint_every: int, iterations.
        patience, tolerance: early stop, see `has_converged`.
        progress: `keras_vdd.progress.Progress`.
        title: what the progress bar says.
        callbacks: Keras callbacks. Their epochs are windows of `checkpoint_every` iterations, counted over the whole
            stage; logs have the `iteration`, counted from 1, its `loss` (of an epoch the mean) and the notes of the
            objective: other numbers that it reports.

    Returns:
        list of float, the loss of every iteration.

    Raises:
        VddError: the loss is NaN or infinite, or memory ran out; the last good checkpoint is kept.
        VddError: a callback stopped the training (`model.stop_training`), after a checkpoint has been written.
        Stopped: a `KeyboardInterrupt`, after a checkpoint has been written.
    """
    # What is learned outside a run carries no mark.
    checkpoints = Checkpoints(run.stage(name), getattr(run, "run_id", None))
    losses = []
    if (found := checkpoints.load()) is not None:
        arrays, facts = found
        _restore(condenser, arrays, checkpoints.path)
        losses = arrays["losses"].tolist()
        progress.say(f"{title}: going on after iteration {facts['iteration']}.")
        # Checkpoints of versions that kept no log of their own leave it as it is.
        run.log.restore(name, facts.get("log"))
    # The log may be ahead of the checkpoint: these iterations are run again.
    run.log.cut(name, len(losses))
    if has_converged(losses, patience, tolerance) or len(losses) >= iterations:
        return losses
    with progress.task(title, iterations) as update, softly() as interrupt:
        update(len(losses))
        windows = Windows(callbacks, checkpoint_every, iterations, stage=name)
        watch = _Watch(
            name,
            checkpoints,
            losses,
            run.log,
            checkpoint_every,
            interrupt,
            update,
            rates,
            patience,
            tolerance,
            windows,
            iterations,
        )
        advice = lighter() if callable(lighter) else lighter
        with told_of_memory(f"Stage {name}", advice), _own_errors(make_batch) as make:
            # A tuple of one: the whole batch is x, and there is no y.
            batches = IterationBatches(len(losses), iterations, lambda i: (make(i),))
            condenser.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[watch])
        interrupt.stop(f"stage {name} after iteration {len(losses)} of {iterations}")
    if len(losses) < iterations and not has_converged(losses, patience, tolerance):
        raise VddError(
            f"A callback stopped stage {name} after iteration {len(losses)} of {iterations}: a checkpoint is kept in "
            f"'{checkpoints.path.parent}', and the same call without that callback goes on from it."
        )
    return losses


def _restore(condenser, arrays, path):
    try:
        restore_model_state(condenser, arrays)
        condenser.objective.restore(arrays)
    except (KeyError, ValueError) as error:
        # Those of runs that were begun by earlier versions do not say whose they are.
        raise VddError(
            f"'{path}' is no checkpoint of this stage ({error}): put the right one there, or delete it and run again."
        ) from error


def has_converged(losses, patience, tolerance):
    """Whether training stopped improving: last mean >= previous mean * (1 - tolerance).

    The means are those of the losses of the last two windows of `patience` iterations, compared when a window
    is full; `patience` 0 never stops. The paper stops static learning early "when the loss converges"
    (section 5.1) and does not say how it is told.
    """
    if not patience or len(losses) < 2 * patience or len(losses) % patience:
        return False
    before, last = np.mean(losses[-2 * patience : -patience]), np.mean(losses[-patience:])
    return bool(last >= before * (1 - tolerance))


class _Watch(keras.callbacks.Callback):
    """What happens around each iteration: finite check, log, progress, user's callbacks, early stop, checkpoint."""

    def __init__(
        self,
        name,
        checkpoints,
        losses,
        log,
        every,
        interrupt,
        update,
        rates,
        patience,
        tolerance,
        windows,
        iterations,
    ):
        super().__init__()
        self._name, self._checkpoints, self._losses, self._log = name, checkpoints, losses, log
        self._every, self._records = every, log.records(name)
        self._interrupt, self._update, self._rates = interrupt, update, rates
        self._patience, self._tolerance, self._windows = patience, tolerance, windows
        self._iterations, self._saved = iterations, None

    def on_train_begin(self, logs=None):
        self._windows.begin(self.model)

    def on_train_batch_begin(self, batch, logs=None):
        self._windows.iteration_begins(len(self._losses))

    def on_train_batch_end(self, batch, logs=None):
        loss, iteration = float(logs["loss"]), len(self._losses) + 1
        if not math.isfinite(loss):
            self._diverged(iteration, f"loss {loss}")
        self._losses.append(loss)
        self.model.iteration_ended(iteration, self._iterations, logs)
        notes = {**self.model.objective.notes(self.model), **self.model.notes()}
        self._records.append({"stage": self._name, "iteration": iteration, "loss": loss, **notes})
        self._log.append(**self._records[-1])
        self._update(iteration, loss=loss, **notes)
        self._windows.iteration_ended(iteration, {"loss": loss, **notes})
        converged = has_converged(self._losses, self._patience, self._tolerance)
        if self._interrupt or converged:
            self.model.stop_training = True
        if iteration % self._every == 0 or self.model.stop_training:
            self._save(iteration)
        if converged or self._windows.is_full(iteration):
            # After the checkpoint, so that a callback that raises does not cost the window's iterations.
            window = self._losses[self._windows.start_of(iteration) :]
            self._windows.window_ended(iteration, {"loss": float(np.mean(window)), **notes})

    def on_train_end(self, logs=None):
        if self._saved != len(self._losses):
            self._save(len(self._losses))
        self._windows.end({"loss": self._losses[-1]})

    def _save(self, iteration):
        arrays = {**model_state(self.model), **self.model.objective.state()}
        if not all(np.isfinite(a).all() for a in arrays.values()):
            self._diverged(iteration, "the memory is no longer finite")
        arrays["losses"] = np.array(self._losses)
        self._checkpoints.save(arrays, iteration=iteration, log=self._records)
        self._saved = iteration

    def _diverged(self, iteration, what):
        raise VddError(
            f"Stage {self._name} diverged at iteration {iteration} ({what}): lower {self._rates}; "
            f"the last good checkpoint is kept in '{self._checkpoints.path.parent}'."
        )


@contextlib.contextmanager
def _own_errors(make_batch):
    """Context that gives `make_batch`, and raises its errors as they were: TensorFlow wraps them in its own."""
    raised = []

    def make(iteration):
        try:
            return make_batch(iteration)
        except BaseException as error:
            raised.append(error)
            raise

    try:
        yield make
    except Exception:
        if raised:
            raise raised[0] from None
        raise
