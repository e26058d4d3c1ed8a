"""Training of an interpolator: to recover real clips from their own evenly spaced frames, duplicated.

Section 3.3 of "Dancing with Still Images" (CVPR 2024), which says no more of it: here mean squared error on normalised
pixels, Adam, and a learning rate that falls to zero along a cosine.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from keras_vdd.backend import JIT_COMPILE, value_and_grad
from keras_vdd.data.clips import choose_videos, read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.learning.fit import fit_stage
from keras_vdd.learning.objective import Objective
from keras_vdd.learning.real_batches import on_device
from keras_vdd.learning.steps import TrainStep
from keras_vdd.out_of_memory import lower_in_another_run
from keras_vdd.seeds import stream
from keras_vdd.temporal import Architecture, Interpolator, TimeSformer
from keras_vdd.temporal.interpolator import evenly_spaced, shown_as

STAGE = "interpolator"


@dataclass(frozen=True)
class InterpolatorTraining:
    """All that an interpolator depends on besides the videos and the backend: plain values.

    Attributes:
        about: `keras_vdd.temporal.Architecture`.
        interval, flip: of a clip, as `read_clips` takes them.
        mean, std: 3 floats each, of pixels scaled to 0..1.
        iterations: int, steps.
        batch_size: int, clips of a step.
        learning_rate: float, of Adam at the start.
        seed: int, the run's.
        deterministic: bool, whether it was trained so that an accelerator would give the same again.
    """

    about: Architecture
    interval: int
    flip: bool
    mean: tuple
    std: tuple
    iterations: int
    batch_size: int
    learning_rate: float
    seed: int
    deterministic: bool = False


class Recovery(TrainStep, keras.Model):
    """The network under `fit()`: a batch has `frames`, uint8 (batch_size, frames, size, size, 3)."""

    def __init__(self, training, **kwargs):
        super().__init__(**kwargs)
        self.network = TimeSformer(**vars(training.about), dtype="float32")
        self.how, self.objective = training, Objective()
        self.built = True

    def meta_gradient(self, values, others, batch):
        training, about = self.how, self.how.about
        clips = on_device(batch["frames"], training.batch_size, training.mean, training.std)
        clips = ops.reshape(clips, (training.batch_size, about.frames, about.size, about.size, 3))
        given = duplicated(clips, about, ops)

        def loss(weights):
            return ops.mean(ops.square(self.network.recovered(weights, given) - clips))

        return *value_and_grad(loss)(values), {}


def train_interpolator(store, training, run, checkpoint_every, progress, callbacks=()):
    """Train an interpolator to its last iteration, from its last checkpoint where there is one.

    Args:
        store: the training `Store`.
        training: `InterpolatorTraining`.
        run: has `stage(name)`, the folder of the checkpoint, and `log`, as a `RunFolder` has.
        checkpoint_every: int, iterations.
        progress: `keras_vdd.progress.Progress`.
        callbacks: Keras callbacks, told as `fit_stage` says.

    Returns:
        `keras_vdd.temporal.Interpolator`.

    Raises:
        VddError: the loss left the finite numbers, memory ran out, or a callback stopped it.
    """
    model, about = Recovery(training), training.about
    start = about.fresh_weights(stream(training.seed, STAGE, "start"))
    model.network.set_weights([*start.values()])
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, training.iterations)
    model.compile(keras.optimizers.Adam(rate), loss=None, jit_compile=JIT_COMPILE)
    model.optimizer.build(model.trainable_variables)

    def make_batch(iteration):
        rng = stream(training.seed, STAGE, iteration)
        rows = choose_videos(np.arange(len(store)), training.batch_size, rng)
        return {"frames": read_clips(store, rows, about.frames, training.interval, rng, training.flip)}

    fit_stage(
        STAGE, model, make_batch, training.iterations, run, rates=f"{STAGE}.learning_rate",
        lighter=lower_in_another_run(f"{STAGE}.batch_size", training.batch_size),
        checkpoint_every=checkpoint_every, progress=progress, title="Training the interpolator",
        callbacks=callbacks,
    )  # fmt: skip
    weights = [np.asarray(weight, np.float32) for weight in model.network.get_weights()]
    return Interpolator(about, dict(zip(about.shapes(), weights, strict=True)))


def errors_on(store, training, interpolator):
    """Mean squared errors on the middle clips of a store, normalised: (of the interpolator, of duplication)."""
    about, found = training.about, []
    for row in range(len(store)):
        clip = read_clips(store, np.array([row]), about.frames, training.interval)
        clip = normalise(clip, training.mean, training.std)
        kept = clip[:, evenly_spaced(about.stored_frames, about.frames)]
        made = (interpolator(kept), duplicated(clip, about))
        found.append([float(np.mean(np.square(one - clip), dtype=np.float64)) for one in made])
    return tuple(np.mean(found, axis=0).tolist())


def duplicated(clips, about, functions=np):
    """Clips (n, frames, ...) of which evenly spaced frames alone are left, each for its share of the time."""
    frames = evenly_spaced(about.stored_frames, about.frames)[shown_as(about.stored_frames, about.frames)]
    return functions.take(clips, frames, axis=1)
