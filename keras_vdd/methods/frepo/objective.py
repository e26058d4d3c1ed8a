"""FRePo: real labels predicted from the set by kernel ridge regression on a pool's features."""

import logging

import keras
import numpy as np
from keras import ops

from keras_vdd import models
from keras_vdd.backend import jit, value_and_grad
from keras_vdd.data.clips import choose_videos
from keras_vdd.learning.rates import falling, per_variable_lr
from keras_vdd.learning.real_batches import on_device
from keras_vdd.learning.segments import Segments
from keras_vdd.learning.stage_objective import StageObjective
from keras_vdd.matching import ridge
from keras_vdd.methods.frepo.network_pool import NetworkPool
from keras_vdd.out_of_memory import lower

LOGGER = logging.getLogger(__name__)
LARGEST_RIDGE = 0.1
# Share of the labels that a solution may leave unexplained by rounding.
LARGEST_RESIDUAL = 1e-2


class RidgeRegression(StageObjective):
    """Learns videos and labels so that a regression from them predicts real clips.

    "Dancing with Still Images" (CVPR 2024), section 4, after Zhou et al., "Dataset Distillation using Neural
    Feature Regression" (NeurIPS 2022). Each iteration looks through one network of the pool, which then takes
    one training step on the set as the iteration found it. Labels start as one-hot minus 1 / classes, times
    1 / sqrt(classes / 10). Adam, with all rates falling along a cosine.

    Of clips in segments (section 3.2) each pair has a regression of its own, from features of the synthetic segments to
    the labels of the real ones, and their errors add up; the network of the pool trains on all segments.
    """

    host_side = True

    def __init__(self, stage, store, memory, bank=None):
        super().__init__(stage, store, memory, bank)
        settings = self.settings
        self._segments = Segments(stage, memory.stored_frames, self.network)
        self.extras = {"labels": ridge.centred_labels(self.classes, memory.videos_per_class)}
        self.pool = NetworkPool(
            self.network, settings.pool, settings.max_updates, settings.network_rate, stage.seed
        )
        self._synthesise, self._raised, self._said = None, None, False
        self._gradient = jit(value_and_grad(self._loss, has_aux=True))

    def __call__(self, learned, synthesise, batch):
        self._synthesise = synthesise
        member = int(batch["member"][0])
        inputs = self.pool.weights(member), batch["fixed"], batch["pairs"], batch["real"], batch["target"]
        # What `ridge_prediction` takes at least.
        regulariser = max(self.settings.regulariser, ridge.LEAST * len(batch["pairs"]))
        while True:
            ridge_of = ops.convert_to_tensor(regulariser, "float32")
            (loss, (videos, labels, residual)), gradients = self._gradient(learned, ridge_of, *inputs)
            if not residual_too_large(float(residual)) or regulariser >= LARGEST_RIDGE:
                break
            regulariser *= 10
        self._raised = regulariser if regulariser > self.settings.regulariser else None
        self.pool.update(member, videos, labels)
        return loss, gradients

    def notes(self, condenser):
        """The ridge of an iteration whose kernel was too near to singular for the recipe's."""
        if self._raised is None:
            return {}
        if not self._said:
            LOGGER.warning(
                "The kernel of an iteration was too near to singular for dynamic.regulariser=%g; such iterations "
                "take a larger one, and log.jsonl says which.", self.settings.regulariser,
            )  # fmt: skip
            self._said = True
        return {"regulariser": self._raised}

    def _loss(self, learned, regulariser, weights, fixed, pairs, real, target):
        videos = self._synthesise(learned["memory"], fixed, pairs)
        # A step has one pair of every slot, in order: its labels are all labels.
        labels = ops.reshape(learned["labels"], (-1, self.classes))
        segments, errors, residuals, seen = self._segments, [], [], []
        for of_real, of_synthetic in segments:
            seen.append(segments.cut(videos, of_synthetic))
            features = self._features(weights, seen[-1])
            of_segment = self._real_features(weights, segments.cut(real, of_real))
            prediction, residual = ridge.ridge_prediction(features, labels, of_segment, regulariser)
            errors.append(ridge.prediction_loss(prediction, target))
            residuals.append(residual)
        loss = sum(errors[1:], errors[0]) + ridge.label_margin_loss(labels)
        # What the pool's network trains on: all segments, each with the label of its video.
        trained_on = _joined(seen), _joined([labels] * len(segments))
        return loss, (*(ops.stop_gradient(part) for part in trained_on), _largest(residuals))

    def _real_features(self, weights, real):
        real = on_device(real, real.shape[0], self.data.mean, self.data.std)
        chunk = self.settings.chunk
        parts = [self._features(weights, real[i : i + chunk]) for i in range(0, real.shape[0], chunk)]
        return ops.stop_gradient(ops.concatenate(parts, axis=0))

    def _features(self, weights, videos):
        return models.features(self.network, weights, videos)

    def make_batch(self, iteration):
        rng = self.stage.stream(iteration)
        rows = choose_videos(np.arange(len(self.store)), self.settings.real_clips, rng)
        labels = np.asarray(self.store.labels)[rows]
        return {
            "pairs": self.memory.sample(rng),
            "real": self.read(rows, rng),
            "target": (np.eye(self.classes, dtype="float32") - np.float32(1 / self.classes))[labels],
            "member": rng.integers(self.settings.pool, size=1),
        }

    def optimizer(self):
        """Adam; its rates are shares of the recipe's."""
        shares = falling(self.settings.iterations, self.settings.last_rate)
        return per_variable_lr(keras.optimizers.Adam, self.rates, learning_rate=shares)

    @property
    def lr_settings(self):
        return [*super().lr_settings, f"{self.stage.name}.network_rate"]

    @property
    def lighter(self):
        settings = self.settings
        stage = self.stage.name
        return lower(f"{stage}.chunk", settings.chunk, f"{stage}.real_clips", settings.real_clips)

    def results(self, condenser):
        return {"labels": ops.convert_to_numpy(condenser.extras["labels"])}, {}

    def state(self):
        return self.pool.state()

    def restore(self, arrays):
        self.pool.restore(arrays)


def _joined(parts):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=0)


def _largest(residuals):
    return residuals[0] if len(residuals) == 1 else ops.max(ops.stack(residuals))


def residual_too_large(residual):
    """Whether the ridge has to grow; a residual that is not finite says so too."""
    return not residual <= LARGEST_RESIDUAL
