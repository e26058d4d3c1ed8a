"""Interpolators on disk: a folder each, shared by the recipes that need the same one."""

import dataclasses
import json
import logging
import pathlib

import keras

from keras_vdd.data.store import free_bytes
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts.bank import videos_checksum
from keras_vdd.files import checksum
from keras_vdd.interpolators.training import InterpolatorTraining, errors_on, train_interpolator
from keras_vdd.learning.checkpoint import Checkpoints, load_arrays, save_arrays
from keras_vdd.locks import lock
from keras_vdd.progress import Silent
from keras_vdd.runs.log import Log
from keras_vdd.temporal import Architecture, Interpolator

# Of the file and of the training that it comes from: raise it when either changes.
FORMAT = 1
FILE = "interpolator.safetensors"
_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Trained:
    """An interpolator as it lies on disk.

    Attributes:
        path: `pathlib.Path` of its file.
        interpolator: `keras_vdd.temporal.Interpolator`.
        error, duplication: float, mean squared error on the middle clips of the test videos, in normalised pixels, of
            the interpolator and of duplicated frames.
    """

    path: pathlib.Path
    interpolator: Interpolator
    error: float
    duplication: float


def learn_interpolator(recipe, stores, progress=None, callbacks=()):
    """Return the interpolator that a recipe needs; where it is missing it is trained first.

    It lies in `<interpolator.folder>/<set>-<hash>`. A training that was stopped, by whatever means, goes on from its
    last checkpoint and ends with the same bytes; of two at once one waits.

    Args:
        recipe: `Recipe` that needs one.
        stores: dict of `Store`, "train" and "test"; the latter only tells how well it does.
        progress: `keras_vdd.progress.Progress`; None is silent.
        callbacks: Keras callbacks, as `fit_stage` tells them.

    Returns:
        `Trained`.

    Raises:
        UsageError: the recipe needs no interpolator.
        VddError: it diverged, its file is damaged, or the folder or the disk do not allow it.
    """
    training, progress = training_of(recipe), progress or Silent()
    for store in stores.values():
        if not len(store):
            raise VddError(
                f"An interpolator needs videos, and the {store.split} split has none: add some to data.root."
            )
    folder = pathlib.Path(recipe.interpolator.folder) / folder_name(recipe.data.set, stores, training)
    path = folder / FILE
    if path.exists():
        return read(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VddError(
            f"The interpolators' folder '{folder}' cannot be made ({error.strerror}): "
            "set interpolator.folder to a folder you may write."
        ) from error
    needed, free = 4 * training.about.nbytes, free_bytes(folder)
    if needed > free:
        raise VddError(
            f"An interpolator needs {needed:,} bytes in '{folder}' and {free:,} are free: free some space, or put "
            "interpolator.folder on another disk."
        )
    waiting = f"Another process is training the interpolator in '{folder}': waiting for it."
    with lock(folder / "lock", on_wait=lambda: _LOG.warning(waiting)):
        if not path.exists():
            made = train_interpolator(
                stores["train"], training, _Folder(folder), recipe.run.checkpoint_every, progress, callbacks
            )
            errors = dict(
                zip(("error", "duplication"), errors_on(stores["test"], training, made), strict=True)
            )
            facts = {"format": FORMAT, "about": vars(made.about), **errors}
            save_arrays(path, made.weights, **facts)
            Checkpoints(folder).remove()
    return read(path)


def training_of(recipe):
    """The `InterpolatorTraining` of a recipe.

    Raises:
        UsageError: it needs none.
    """
    if not recipe.needs_interpolator:
        raise UsageError(
            f"The recipe '{recipe.name}' needs no interpolator: set memory.interpolation=parametric and "
            "memory.stored_frames below data.frames."
        )
    data, settings = recipe.data, recipe.interpolator
    return InterpolatorTraining(
        about=settings.architecture(recipe.memory, data), interval=data.interval, flip=data.flip,
        mean=data.mean, std=data.std,
        iterations=settings.iterations, batch_size=settings.batch_size, learning_rate=settings.learning_rate,
        seed=recipe.run.seed, deterministic=recipe.run.deterministic,
    )  # fmt: skip


def folder_name(name, stores, training):
    """Return the name of an interpolator's folder: a hash over all that its file depends on.

    Args:
        name: str, the set's, for people.
        stores: dict of `Store`, "train" and "test".
        training: `InterpolatorTraining`.
    """
    content = {
        "format": FORMAT,
        "backend": keras.config.backend(),
        "training": dataclasses.asdict(training),
        "videos": videos_checksum(stores["train"], stores["test"]),
    }
    return f"{name}-{checksum(json.dumps(content), size=8)}"


def read(path):
    """Return the `Trained` of a file.

    Raises:
        VddError: it is missing or damaged.
    """
    if not pathlib.Path(path).exists():
        raise VddError(f"The interpolator '{path}' is missing: run 'vdd interpolator' with the same recipe.")
    weights, facts = load_arrays(path)
    try:
        interpolator = Interpolator(Architecture(**facts["about"]), weights)
        return Trained(pathlib.Path(path), interpolator, float(facts["error"]), float(facts["duplication"]))
    except (UsageError, KeyError, TypeError, ValueError) as error:
        raise VddError(f"The interpolator '{path}' is damaged ({error}): delete it and run again.") from error


class _Folder:
    """What `fit_stage` needs of a run folder."""

    def __init__(self, path):
        self.path, self.log, self.run_id = path, Log(path / "log.jsonl"), path.name

    def stage(self, name):
        return self.path
