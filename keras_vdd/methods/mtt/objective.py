"""MTT: training on the set from an expert's weights should go where the expert went."""

import keras
import numpy as np
from keras import ops

from keras_vdd import models
from keras_vdd.backend import native_layout
from keras_vdd.learning.segments import check_lengths
from keras_vdd.learning.stage_objective import StageObjective
from keras_vdd.matching import trajectory
from keras_vdd.matching.augmentation import augment
from keras_vdd.matching.augmentation_draws import draw
from keras_vdd.models.footprint import trajectory_form
from keras_vdd.out_of_memory import lower_in_another_run

# In a checkpoint: which of these the stage began with.
_FORM, _FORMS = "objective/form", ("unrolled", "adjoint", "tesla")
# The probability that a learned label gives its own class at the start.
CERTAINTY = 0.9


class TrajectoryMatching(StageObjective):
    """Matches stretches of expert trajectories ("Dancing with Still Images", CVPR 2024, section 4).

    Every iteration draws one of all experts and one of its epochs, starts from the weights there, and takes
    `inner_steps` steps of gradient descent with dropout on synthetic batches, drawn anew at every step.
    The step size is learned, and never falls below `least_step_size`. With `real_frames` experts are those of clips of
    as many frames, and synthetic batches have the stored frames of videos.
    """

    host_side = True

    def __init__(self, stage, store, memory, bank=None):
        super().__init__(stage, store, memory, bank)
        check_lengths(stage, memory.stored_frames, self.network)
        settings, videos = self.settings, self.classes * memory.videos_per_class
        self.batch = min(settings.batch_size or videos, videos)
        self.form = trajectory_form(settings.gradient, self.network, self.batch, settings.inner_steps)
        self.extras = {"step_size": np.float32(settings.step_size)}
        self.constraints = {"step_size": AtLeast(settings.least_step_size)}
        if settings.soft_labels:
            self.extras["labels"] = confident_logits(self.classes, memory.videos_per_class)
        self._synthesise, self._match = None, trajectory.FORMS[self.form](self._inner_loss)

    def __call__(self, learned, synthesise, batch):
        self._synthesise = synthesise
        start, target = (native_layout(batch[name]) for name in ("start", "target"))
        learned = {**learned}
        inner = {"data": learned, "step_size": learned.pop("step_size")}
        steps = [{**step, "fixed": batch["fixed"]} for step in batch["steps"]]
        loss, gradients = self._match(start, target, inner, steps)
        return loss, {**gradients["data"], "step_size": gradients["step_size"]}

    def _inner_loss(self, weights, data, step):
        """Cross-entropy of one synthetic batch under dropout."""
        videos = self._synthesise(data["memory"], step["fixed"], step["pairs"])
        if self.settings.augment:
            videos = augment(ops.expand_dims(videos, 0), step["augment"])[0]
        logits = models.apply(self.network, weights, videos, training=True, seed=step["seed"])
        targets = ops.cast(self._targets(data, step["pairs"]), logits.dtype)
        return -ops.mean(ops.sum(targets * ops.log_softmax(logits), axis=-1))

    def _targets(self, data, pairs):
        if "labels" not in data:
            return ops.one_hot(pairs[:, 0], self.classes)
        rows = ops.reshape(data["labels"], (-1, self.classes))
        return ops.softmax(ops.take(rows, self.memory.slots(pairs), axis=0))

    def make_batch(self, iteration):
        settings = self.settings
        rng = self.stage.stream(iteration)
        expert, epoch = rng.integers(len(self.bank)), rng.integers(settings.max_start_epoch)
        pairs = self.memory.draw_batches(rng, self.batch, settings.inner_steps)
        seeds = rng.integers(2**32, size=(settings.inner_steps, 2), dtype="uint32")
        steps = [{"pairs": p, "seed": s} for p, s in zip(pairs, seeds)]
        for step in steps if settings.augment else ():
            step["augment"] = draw(rng, 1, settings.augment)
        return {
            "start": tuple(self.bank.snapshot(expert, epoch)),
            "target": tuple(self.bank.snapshot(expert, epoch + settings.expert_epochs)),
            "steps": tuple(steps),
        }

    def notes(self, condenser):
        """The step size after the iteration."""
        return {"step_size": float(ops.convert_to_numpy(condenser.extras["step_size"]))}

    @property
    def lr_settings(self):
        return [*super().lr_settings, f"{self.stage.name}.step_size"]

    @property
    def lighter(self):
        if self.form == "unrolled":
            return f"set {self.stage.name}.gradient=adjoint; the same run then goes on"
        return lower_in_another_run(f"{self.stage.name}.batch_size", self.batch)

    def state(self):
        # Elsewhere, or under another limit of memory, `auto` would choose another, which rounds otherwise.
        return {_FORM: np.array(_FORMS.index(self.form), "uint8")}

    def restore(self, arrays):
        if self.settings.gradient == "auto" and _FORM in arrays:
            self.form = _FORMS[int(arrays[_FORM])]
            self._match = trajectory.FORMS[self.form](self._inner_loss)

    def results(self, condenser):
        facts = self.notes(condenser)
        if "labels" not in condenser.extras:
            return {}, facts
        return {"labels": ops.convert_to_numpy(ops.softmax(condenser.extras["labels"]))}, facts


class AtLeast(keras.constraints.Constraint):
    """Keeps a weight from falling below `value`."""

    def __init__(self, value):
        self.value = value

    def __call__(self, weight):
        return ops.maximum(weight, self.value)


def confident_logits(classes, videos_per_class):
    """Logits (classes, VPC, classes) whose softmax gives `CERTAINTY` to the own class, the rest evenly."""
    own = np.log(CERTAINTY * (classes - 1) / (1 - CERTAINTY))
    return np.repeat(np.eye(classes, dtype="float32")[:, None] * np.float32(own), videos_per_class, axis=1)
