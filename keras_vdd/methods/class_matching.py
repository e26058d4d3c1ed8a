"""Losses that compare real and synthetic samples of each class, seen through a network drawn anew."""

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


class ClassMatching(StageObjective):
    """Matches each class by a loss ("Dancing with Still Images", CVPR 2024, section 4 and Algorithm 1).

    Samples are clips, or stills in stage 1. Clips are matched segment by segment (section 3.2), as many as the settings
    say; a network that looks at frames takes segments of one frame. The network of an iteration has fresh weights, the
    same for all segments. With `augment`, one transformation is drawn for each class and applied to its real and
    synthetic samples alike.

    Args:
        loss: function (network, weights, real, synthetic, settings) -> (loss, gradient to `synthetic`), traced
            by the backend. `real` float32 (classes, n, ...) and `synthetic` float32 (classes, m, ...) are
            normalised samples by class, of one segment; `weights` are tensors in the order of
            `network.trainable_variables`, to be used through `keras_vdd.models.apply`; `settings` are the stage's.
        stage, store, memory, bank: as `StageObjective` takes them.
    """

    def __init__(self, loss, stage, store, memory, bank=None):
        super().__init__(stage, store, memory, bank)
        self._loss = loss
        # Stills have no time to cut.
        self._segments = None if stage.stills else Segments(stage, memory.stored_frames, self.network)
        self._objective = VideoSpaceObjective(self._matching, self.classes, memory.videos_per_class)

    def __call__(self, learned, synthesise, batch):
        return self._objective(learned, synthesise, batch)

    def _matching(self, synthetic, batch):
        real = on_device(batch["real"], self.classes, self.data.mean, self.data.std)
        weights = models.as_weights(self.network, batch["network"])
        if self.settings.augment:
            return augmented(self._on, self.network, weights, real, synthetic, batch["augment"])
        return self._on(self.network, weights, real, synthetic)

    def _on(self, network, weights, real, synthetic):
        segments = self._segments
        if segments is None or segments.whole:
            return self._loss(network, weights, real, synthetic, self.settings)
        losses, gradients = [], []
        for of_real, of_synthetic in segments:
            # Clips are (classes, n, frames, ...).
            parts = segments.cut(real, of_real, axis=2), segments.cut(synthetic, of_synthetic, axis=2)
            loss, gradient = self._loss(network, weights, *parts, self.settings)
            losses.append(loss)
            gradients.append(ops.expand_dims(gradient, 2) if segments.of_frames else gradient)
        return sum(losses[1:], losses[0]), ops.concatenate(gradients, axis=2)

    @property
    def lighter(self):
        settings, stage = self.settings, self.stage.name
        return lower(f"{stage}.chunk", settings.chunk, f"{stage}.real_per_class", settings.real_per_class)

    def make_batch(self, iteration):
        rng = self.stage.stream(iteration)
        rows = choose_by_class(self.store, self.settings.real_per_class, rng)
        real = self.read(rows.ravel(), rng)
        batch = {"pairs": self.memory.sample(rng), "real": real.reshape(*rows.shape, *real.shape[1:])}
        batch["network"] = tuple(models.fresh_weights(self.network, rng))
        if self.settings.augment:
            batch["augment"] = draw(rng, self.classes, self.settings.augment)
        return batch


def augmented(loss, network, weights, real, synthetic, parameters):
    """A loss of augmented real and synthetic data, with its gradient to the synthetic data before that.

    Args:
        loss: function (network, weights, real, synthetic) -> (loss, gradient to synthetic).
        network, weights, real, synthetic: what it takes; data by class.
        parameters: float32 (classes, columns), rows of `augmentation_draws.draw`.
    """
    parameters = ops.reshape(parameters, (synthetic.shape[0], parameters.shape[-1]))
    seen = ops.stop_gradient(augment(synthetic, parameters))
    value, gradient = loss(network, weights, augment(real, parameters), seen)
    gradient = ops.stop_gradient(gradient)
    _, to_synthetic = value_and_grad(lambda x: ops.sum(augment(x, parameters) * gradient))(synthetic)
    return value, to_synthetic
