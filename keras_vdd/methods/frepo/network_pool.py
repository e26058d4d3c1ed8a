"""FRePo's pool: networks trained on the set while it is learned, each drawn anew after a while."""

import numpy as np
from keras import ops

from keras_vdd import models
from keras_vdd.backend import jit, native_layout, value_and_grad
from keras_vdd.matching.ridge import prediction_loss
from keras_vdd.seeds import stream

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class NetworkPool:
    """Networks at different ages ("Dataset Distillation using Neural Feature Regression", NeurIPS 2022).

    A network takes one Adam step on the synthetic set each time it was looked through, and after
    `max_updates` steps it is drawn anew. The first lives are shorter, evenly, so that the ages spread.

    Args:
        network: built network of `keras_vdd.models`.
        size: int, networks.
        max_updates: int, steps in a life.
        learning_rate: float, Adam's.
        seed: int, the run's.
    """

    def __init__(self, network, size, max_updates, learning_rate, seed):
        self.network, self.max_updates, self.seed = network, max_updates, seed
        self.members = [self._born(member, life=0) for member in range(size)]
        for member, values in enumerate(self.members):
            values["left"] = -(-max_updates * (member + 1) // size)
        self._step = jit(_adam_step(network, learning_rate))

    def weights(self, member):
        """Tensors of one network, in the order of `network.trainable_variables`."""
        return self.members[member]["weights"]

    def update(self, member, videos, labels):
        """Train one network for a step on videos (n, ...) with the targets labels (n, classes)."""
        values = self.members[member]
        values["age"] += 1
        age = ops.convert_to_tensor(float(values["age"]), "float32")
        trained = self._step(values["weights"], values["mean"], values["square"], age, videos, labels)
        values["weights"], values["mean"], values["square"] = (list(part) for part in trained)
        if values["age"] >= values["left"]:
            self.members[member] = self._born(member, values["life"] + 1)

    def state(self):
        """All that the pool has become, as named numpy arrays."""
        arrays = {}
        for member, values in enumerate(self.members):
            arrays[f"pool/{member}/counts"] = np.array([values[name] for name in ("life", "age", "left")])
            for part in ("weights", "mean", "square"):
                for index, tensor in enumerate(values[part]):
                    arrays[f"pool/{member}/{part}/{index}"] = ops.convert_to_numpy(tensor)
        return arrays

    def restore(self, arrays):
        """Become what `state` returned."""
        for member, values in enumerate(self.members):
            values["life"], values["age"], values["left"] = arrays[f"pool/{member}/counts"].tolist()
            for part in ("weights", "mean", "square"):
                found = [arrays[f"pool/{member}/{part}/{index}"] for index in range(len(values[part]))]
                values[part] = native_layout([ops.convert_to_tensor(array) for array in found])

    def _born(self, member, life):
        rng = stream(self.seed, "dynamic", "pool", member, life)
        weights = [ops.convert_to_tensor(w) for w in models.fresh_weights(self.network, rng)]
        weights = native_layout(weights)
        nothing = [ops.zeros_like(w) for w in weights]
        return {
            "weights": weights, "mean": nothing, "square": nothing, "life": life, "age": 0, "left": self.max_updates,
        }  # fmt: skip


def _adam_step(network, learning_rate):
    """One step as a pure function: Keras' own cannot be applied without its variables on TensorFlow."""

    def error(weights, videos, labels):
        return prediction_loss(models.apply(network, weights, videos), labels)

    def step(weights, mean, square, age, videos, labels):
        _, gradient = value_and_grad(error)(weights, videos, labels)
        mean = [BETA_1 * m + (1 - BETA_1) * g for m, g in zip(mean, gradient)]
        square = [BETA_2 * s + (1 - BETA_2) * ops.square(g) for s, g in zip(square, gradient)]
        rate = learning_rate * ops.sqrt(1 - BETA_2**age) / (1 - BETA_1**age)
        weights = [w - rate * m / (ops.sqrt(s) + EPSILON) for w, m, s in zip(weights, mean, square)]
        return weights, mean, square

    return step
