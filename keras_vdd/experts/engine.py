"""Experts: networks trained on the real set, made once and shared by the recipes that need the same ones."""

import collections
import contextlib
import logging
import pathlib
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import keras

from keras_vdd.backend import accelerated
from keras_vdd.data.store import free_bytes
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts.bank import (
    ExpertBank,
    bank_key,
    describe,
    expert_path,
    folder_name,
    locked,
    warn_of_no_checksums,
)
from keras_vdd.experts.processes import ExpertProcess
from keras_vdd.experts.taken import taken_experts
from keras_vdd.experts.training import ExpertTraining
from keras_vdd.experts.worker import ExpertWorker
from keras_vdd.learning.callbacks import Windows
from keras_vdd.learning.stage import Stage
from keras_vdd.machine import processor_count
from keras_vdd.progress import Silent
from keras_vdd.recipe.schema import losses_with_experts
from keras_vdd.text import counted

# Threads of a process, however many processes there are: the order in which threads add up shows in the bits.
THREADS = 4
_LOG = logging.getLogger(__name__)


def learn_experts(recipe, stores, progress=None, callbacks=()):
    """Return the experts that a recipe needs; those that are missing are trained first, unless it names a source.

    They lie in `<experts.folder>/<set>-<hash>`, see `keras_vdd.experts.bank.folder_name`. A run that was stopped, by
    whatever means, goes on with the missing ones; two at once share the work.

    Args:
        recipe: `Recipe` with experts.
        stores: dict of `Store`, "train" and "test".
        progress: `keras_vdd.progress.Progress`; None is silent.
        callbacks: Keras callbacks, as `train_experts` tells them.

    Returns:
        `ExpertBank` of `experts.count` experts.

    Raises:
        UsageError: the recipe has no experts.
        VddError: an expert diverged, or the folder or the disk do not allow it; or those of `experts.source` do not
            fit the recipe, are damaged or are not to be had.
    """
    training, settings = training_of(recipe), recipe.experts
    if settings.source is not None:
        return taken_experts(recipe, training, stores)
    about = recipe.data.set, stores["train"], stores["test"], training, keras.config.backend()
    folder = pathlib.Path(settings.folder) / folder_name(*about)
    if missing_experts(folder, settings.count):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VddError(
                f"The experts' folder '{folder}' cannot be made ({error.strerror}): "
                "set experts.folder to a folder you may write."
            ) from error
        describe(folder, *about)
        train_experts(
            stores["train"], stores["test"], training, folder, settings.count, settings.processes, progress,
            recipe.run.device, callbacks,
        )  # fmt: skip
    bank = ExpertBank(folder, settings.count, bank_key(*about[1:]))
    warn_of_no_checksums(bank)
    return bank


def training_of(recipe):
    """The `ExpertTraining` of a recipe.

    Raises:
        UsageError: it has no experts.
    """
    data, network, settings = recipe.data, recipe.dynamic, recipe.experts
    if not recipe.needs_experts or settings is None:
        raise UsageError(f"The recipe '{recipe.name}' reads no experts: set {losses_with_experts()}.")
    stage = Stage("dynamic", network, data, recipe.run.seed)
    return ExpertTraining(
        network=network.network, width=network.width, stem=network.stem, precision=recipe.run.precision,
        frames=stage.real_frames, interval=stage.real_interval, flip=data.flip, mean=data.mean, std=data.std,
        # Trajectories have to be of data like that of the inner steps.
        augment=getattr(network, "augment", ()),
        epochs=recipe.expert_epochs, learning_rate=settings.learning_rate, batch_size=settings.batch_size,
        seed=recipe.run.seed, deterministic=recipe.run.deterministic,
    )  # fmt: skip


def train_experts(
    train, test, training, folder, count, processes=None, progress=None, device="auto", callbacks=()
):
    """Train those of experts 0 .. count - 1 that a folder does not have.

    An expert is the same, bit for bit on one machine and backend, whatever the number of processes: each
    process computes with `THREADS` threads, or with as many as there are processor cores if they are fewer.
    One expert at a time on so small a machine, or on an accelerator, is trained in this process.

    Args:
        train, test: `Store`s.
        training: `ExpertTraining`.
        folder: where they are kept; it exists.
        count: int.
        processes: int, how many to train side by side; None for one for every four processor cores, and one
            on an accelerator.
        progress: `keras_vdd.progress.Progress`; None is silent.
        device: str, `run.device` of the processes; this one computes where it does.
        callbacks: Keras callbacks, told of each epoch of each expert as of an epoch. They count on over all experts,
            whichever end first; logs have `expert` and `expert_epoch`, and the mean `loss`. Their `model` has nothing
            but `stop_training`, since experts may be trained in other processes.

    Raises:
        VddError: an expert diverged, the disk is too small, a process died, or a callback stopped the training;
            finished experts are kept.
    """
    progress, missing, cores = progress or Silent(), missing_experts(folder, count), processor_count()
    on_accelerator = accelerated()
    processes = min(processes or (1 if on_accelerator else max(1, cores // THREADS)), len(missing))
    about = train, test, training, folder
    steps = training.epochs * training.steps(len(train))
    with contextlib.ExitStack() as stack:
        if processes == 1 and (on_accelerator or cores <= THREADS):
            workers = [ExpertWorker(*about)]
            nbytes = workers[0].nbytes
        else:
            threads = min(THREADS, cores)
            # Where there are no locks, this process says so and not each of them.
            with locked(folder, missing[0], wait=False):
                pass
            workers = [stack.enter_context(ExpertProcess(*about, threads, device)) for _ in range(processes)]
            nbytes, *_ = [worker.started() for worker in workers]
        _check_disk(folder, nbytes, len(missing))
        title = f"Training {len(missing)} expert{'s' * (len(missing) > 1)}"
        update = stack.enter_context(progress.task(title, steps * len(missing)))
        told = _Told(callbacks, training.epochs, count, count - len(missing))
        stack.callback(told.end)
        _Work(missing, steps, update, told).share(workers)


class _Told:
    """Callbacks of the epochs of all experts; called by one thread at a time."""

    def __init__(self, callbacks, epochs, count, there):
        self._windows, self._model = Windows(callbacks, 1, epochs * count, stage="experts"), keras.Model()
        self._done = epochs * there
        self._model.stop_training = False
        self._windows.begin(self._model)

    def epoch_ended(self, number, epoch, loss):
        logs = {"expert": number, "expert_epoch": epoch, "loss": loss}
        self._windows.iteration_begins(self._done)
        self._done += 1
        self._windows.iteration_ended(self._done, logs)
        self._windows.window_ended(self._done, logs)
        if self._model.stop_training:
            raise VddError(
                f"A callback stopped the experts in epoch {epoch} of expert {number}: those that are finished are "
                "kept, and the same call without that callback trains the others."
            )

    def end(self):
        self._windows.end()


class _Work:
    """The experts to train, taken one by one by workers."""

    def __init__(self, missing, steps, update, told):
        self._missing, self._taken_by_others = collections.deque(missing), collections.deque()
        self._steps, self._update, self._told = steps, update, told
        self._done, self._lock = {}, threading.Lock()

    def share(self, workers):
        """Let the workers train all of them; one of several that fails stops the others."""
        if len(workers) == 1:
            return self._with(workers[0])
        threads = ThreadPoolExecutor(len(workers), "experts")
        try:
            finished, _ = wait([threads.submit(self._with, w) for w in workers], return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
        finally:
            # The other threads wait for answers of their processes.
            for worker in workers:
                worker.stop()
            threads.shutdown()

    def _with(self, worker):
        # First what nobody is at, then what other processes seemed to be at.
        while (number := _next(self._missing)) is not None:
            self._train(worker, number, patient=False)
        while (number := _next(self._taken_by_others)) is not None:
            self._train(worker, number, patient=True)

    def _train(self, worker, number, patient):
        if patient:
            _LOG.warning("Another process is training expert %d: waiting for it.", number)
        if worker.train(number, patient, lambda done, **figures: self._report(number, done, **figures)):
            self._report(number, self._steps)
        else:
            self._taken_by_others.append(number)

    def _report(self, number, done, epoch=None, **figures):
        with self._lock:
            self._done[number] = done
            self._update(sum(self._done.values()), **figures)
            if epoch is not None:
                self._told.epoch_ended(number, epoch, figures["loss"])


def _next(waiting):
    # Asking first whether there is one would be another thread's chance to take it.
    try:
        return waiting.popleft()
    except IndexError:
        return None


def missing_experts(folder, count):
    """Return the numbers of experts 0 .. count - 1 that a folder does not have."""
    return [number for number in range(count) if not expert_path(folder, number).exists()]


def _check_disk(folder, nbytes, count):
    free = free_bytes(folder)
    if nbytes * count > free:
        raise VddError(
            f"{counted(count, 'expert needs', 'experts need')} {nbytes * count:,} bytes in '{folder}' and "
            f"{free:,} are free: free some space, lower experts.count, or put experts.folder on another disk."
        )
