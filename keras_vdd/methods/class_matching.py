"""Losses that compare real and synthetic samples of each class, as a network with new weights sees them (DM, DC)."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_vdd import models
from keras_vdd.backend import value_and_grad
from keras_vdd.learning.objective import VideoSpaceObjective
from keras_vdd.learning.real_batches import choose_by_class, on_device
from keras_vdd.learning.segments import Segments
from keras_vdd.learning.stage_objective import StageObjective
from keras_vdd.matching.augmentation import augment
from keras_vdd.matching.augmentation_draws import draw
from keras_vdd.out_of_memory import lower
from keras_vdd.tensors import Tensor

LossAndGradient = tuple[Tensor, Tensor]
"""A scalar, and its gradient to the synthetic samples, of their shape."""


class ClassMatching(StageObjective):
    """Matches each class by a loss ("Dancing with Still Images", CVPR 2024, section 4 and Algorithm 1).

    Samples are clips, or stills in stage 1. Clips are cut into as many segments in time as the settings say, which are
    matched one by one (section 3.2); a network that looks at frames takes segments of one frame. Each iteration draws
    new weights of the network, the same for all segments. With `augment`, one transformation is drawn for each class
    and applied to its real and synthetic samples alike.

    Args:
        loss: function (network, weights, real, synthetic, settings) -> (loss, gradient to `synthetic`), traced
            by the backend. `real` float32 (classes, n, ...) and `synthetic` float32 (classes, m, ...) are
            normalised samples by class, of one segment; `weights` are tensors in the order of
            `network.trainable_variables`, to be used through `keras_vdd.models.apply`; `settings` are the stage's.
        stage, store, memory, bank: as `StageObjective` takes them.
    """

    def __init__(
        self, loss: Callable[..., LossAndGradient], stage: Any, store: Any, memory: Any, bank: Any = None
    ) -> None:
        super().__init__(stage, store, memory, bank)
        self._loss = loss
        # Stills have no axis of time.
        self._segments = None if stage.stills else Segments(stage, memory.stored_frames, self.network)
        self._objective = VideoSpaceObjective(self._matching, self.classes, memory.videos_per_class)

    def __call__(self, learned, synthesise, batch):
        return self._objective(learned, synthesise, batch)

    def _matching(self, synthetic, batch):
        """The loss of synthetic samples (classes, m, ...) and its gradient to them."""
        real = on_device(batch["real"], self.classes, self.data.mean, self.data.std)
        weights = models.as_weights(self.network, batch["network"])
        if self.settings.augment:
            return augmented(self._by_segment, self.network, weights, real, synthetic, batch["augment"])
        return self._by_segment(self.network, weights, real, synthetic)

    def _by_segment(self, network, weights, real, synthetic):
        """The sum of the losses of all segments, and its gradient to the synthetic samples."""
        segments = self._segments
        if segments is None or segments.whole:
            return self._loss(network, weights, real, synthetic, self.settings)
        losses, gradients = [], []
        for real_frames, synthetic_frames in segments:
            # Clips are (classes, n, frames, ...).
            real_part = segments.cut(real, real_frames, axis=2)
            synthetic_part = segments.cut(synthetic, synthetic_frames, axis=2)
            loss, gradient = self._loss(network, weights, real_part, synthetic_part, self.settings)
            losses.append(loss)
            # A segment of one frame was handed over without its axis of time.
            gradients.append(ops.expand_dims(gradient, 2) if segments.of_frames else gradient)
        # Not from Python's 0, which would be one addition more.
        return sum(losses[1:], losses[0]), ops.concatenate(gradients, axis=2)

    @property
    def lighter(self) -> str:
        """What to lower where memory runs out: the settings whose sizes count."""
        settings, stage = self.settings, self.stage.name
        return lower(f"{stage}.chunk", settings.chunk, f"{stage}.real_per_class", settings.real_per_class)

    def make_batch(self, iteration: int) -> dict[str, Any]:
        """Draw what an iteration takes: pairs to synthesise, real samples, new weights, and augmentations if any."""
        rng = self.stage.stream(iteration)
        rows = choose_by_class(self.store, self.settings.real_per_class, rng)
        real = self.read(rows.ravel(), rng)
        batch = {"pairs": self.memory.sample(rng), "real": real.reshape(*rows.shape, *real.shape[1:])}
        batch["network"] = tuple(models.fresh_weights(self.network, rng))
        if self.settings.augment:
            batch["augment"] = draw(rng, self.classes, self.settings.augment)
        return batch


def augmented(
    loss: Callable[..., LossAndGradient], network: keras.Model, weights: list[Tensor], real: Tensor,
    synthetic: Tensor, parameters: Tensor,
) -> LossAndGradient:  # fmt: skip
    """Return the loss of augmented samples, and its gradient to the synthetic samples before they are augmented.

    Args:
        loss: function (network, weights, real, synthetic) -> (loss, gradient to synthetic).
        network, weights, real, synthetic: what it takes; samples by class, (classes, n, ...).
        parameters: float32 (classes, columns), rows of `augmentation_draws.draw`.
    """
    # A compiled `fit` may not know how many rows come.
    parameters = ops.reshape(parameters, (synthetic.shape[0], parameters.shape[-1]))
    seen = ops.stop_gradient(augment(synthetic, parameters))
    value, gradient = loss(network, weights, augment(real, parameters), seen)
    gradient = ops.stop_gradient(gradient)
    # The chain rule: the loss gives its gradient to what it saw, and this product takes it back through `augment`.
    _, to_synthetic = value_and_grad(lambda x: ops.sum(augment(x, parameters) * gradient))(synthetic)
    return value, to_synthetic
