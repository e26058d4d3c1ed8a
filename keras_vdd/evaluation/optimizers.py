"""The optimizers of the named evaluators."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_vdd")
class CoupledSGD(keras.optimizers.SGD):
    """SGD whose weight decay is an L2 term of the gradient, as in `torch.optim.SGD`.

    `g = g + coupled_decay * w` before momentum. `keras.optimizers.SGD(weight_decay=...)` instead shrinks
    the weights outside the momentum, which with momentum 0.9 is a decay ten times weaker.
    """

    def __init__(self, *args, coupled_decay=0.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.coupled_decay = coupled_decay

    def update_step(self, gradient, variable, learning_rate):
        decay = ops.cast(self.coupled_decay, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype) + decay * ops.convert_to_tensor(variable)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "coupled_decay": self.coupled_decay}


@keras.saving.register_keras_serializable(package="keras_vdd")
class CosineToZero(keras.optimizers.schedules.LearningRateSchedule):
    """`rate * (1 + cos(pi * step / steps)) / 2` at step 0, 1, ..., steps - 1."""

    def __init__(self, rate, steps):
        self.rate, self.steps = rate, steps

    def __call__(self, step):
        angle = math.pi * ops.cast(step, "float32") / self.steps
        return self.rate * 0.5 * (1.0 + ops.cos(angle))

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps}


@keras.saving.register_keras_serializable(package="keras_vdd")
class TenthAtHalf(keras.optimizers.schedules.LearningRateSchedule):
    """`rate` for the first half of the steps, a tenth of it for the second."""

    def __init__(self, rate, steps):
        self.rate, self.steps = rate, steps

    def __call__(self, step):
        early = ops.cast(ops.cast(step, "float32") < self.steps / 2, "float32")
        return self.rate * (0.1 + 0.9 * early)

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps}
