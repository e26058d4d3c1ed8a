"""DM and DC on videos: real and synthetic clips of each class, seen through a network drawn anew."""

from keras import ops

from keras_vdd import models
from keras_vdd.backend import value_and_grad
from keras_vdd.data.clips import read_clips
from keras_vdd.learning.objective import ThroughVideos
from keras_vdd.learning.real_batches import choose_by_class, on_device
from keras_vdd.learning.stage_objective import StageObjective
from keras_vdd.matching.augmentation import augment
from keras_vdd.matching.augmentation_draws import draw
from keras_vdd.matching.distribution import distribution_matching
from keras_vdd.matching.gradient import gradient_matching
from keras_vdd.seeds import stream

LOSSES = {"dm": distribution_matching, "dc": gradient_matching}


class ClassMatching(StageObjective):
    """Matches each class by DM or DC ("Dancing with Still Images", CVPR 2024, section 4 and Algorithm 1).

    The network of an iteration has fresh weights, or those of a random snapshot of the experts. With
    `augment`, one transformation is drawn for each class and applied to its real and synthetic clips alike.
    """

    def __init__(self, recipe, store, memory, bank=None):
        super().__init__(recipe, store, memory, bank)
        self._objective = ThroughVideos(self._matching, self.classes, memory.videos_per_class)

    def __call__(self, learned, synthesise, batch):
        return self._objective(learned, synthesise, batch)

    def _matching(self, videos, batch):
        loss, chunk = LOSSES[self.settings.loss], self.settings.chunk
        real = on_device(batch["real"], self.classes, self.data.mean, self.data.std)
        weights = models.as_weights(self.network, batch["network"])
        if self.settings.augment:
            return augmented(loss, self.network, weights, real, videos, batch["augment"], chunk)
        return loss(self.network, weights, real, videos, chunk)

    def make_batch(self, iteration):
        settings, data = self.settings, self.data
        rng = stream(self.recipe.run.seed, "dynamic", iteration)
        rows = choose_by_class(self.store, settings.real_per_class, rng)
        real = read_clips(self.store, rows.ravel(), data.frames, data.interval, rng, data.flip)
        batch = {"pairs": self.memory.sample(rng), "real": real.reshape(*rows.shape, *real.shape[1:])}
        batch["network"] = tuple(self._weights(rng))
        if settings.augment:
            batch["augment"] = draw(rng, self.classes, settings.augment)
        return batch

    def _weights(self, rng):
        if self.settings.networks == "fresh":
            return models.fresh_weights(self.network, rng)
        return self.bank.snapshot(rng.integers(len(self.bank)), rng.integers(self.bank.epochs + 1))


def augmented(loss, network, weights, real, synthetic, parameters, chunk):
    """A loss of augmented real and synthetic data, with its gradient to the synthetic data before that.

    Args:
        loss: function (network, weights, real, synthetic, chunk) -> (loss, gradient to synthetic).
        network, weights, real, synthetic, chunk: what it takes; data by class.
        parameters: float32 (classes, columns), rows of `augmentation_draws.draw`.
    """
    parameters = ops.reshape(parameters, (synthetic.shape[0], parameters.shape[-1]))
    seen = ops.stop_gradient(augment(synthetic, parameters))
    value, gradient = loss(network, weights, augment(real, parameters), seen, chunk)
    gradient = ops.stop_gradient(gradient)
    _, to_synthetic = value_and_grad(lambda x: ops.sum(augment(x, parameters) * gradient))(synthetic)
    return value, to_synthetic
