"""Keras' three signatures of a train step, adapted to one pure function.

A model that has `meta_gradient(trainable values, other values, batch) -> (loss, gradients, logs)` is trained by
`fit()` on the active backend. This file and `keras_vdd.backend` are the only ones that know a backend.
"""

from typing import Any

import keras


class _Learner:
    """What `keras_vdd.learning.fit` asks of a model besides its steps; a model that learns a memory asks that."""

    changing: Any = ()

    def iteration_ended(self, iteration, iterations, logs):
        """Change what else changes while it is learned, `changing`, after an iteration, counted from 1."""

    def notes(self):
        """dict: what the log says of an iteration about the model."""
        return {}


class _EagerStep(_Learner):
    def train_step(self, data):
        values = [v.value for v in self.trainable_variables]
        others = [v.value for v in self.non_trainable_variables]
        loss, gradients, logs = self.meta_gradient(values, others, data[0])
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, **logs}


class _StatelessStep(_Learner):
    def train_step(self, state, data):
        trainable, others, optimizer, metrics = state
        loss, gradients, logs = self.meta_gradient(list(trainable), list(others), data[0])
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return {"loss": loss, **logs}, (trainable, others, optimizer, metrics)


TrainStep: Any = {"torch": _EagerStep, "tensorflow": _EagerStep, "jax": _StatelessStep}[
    keras.config.backend()
]
