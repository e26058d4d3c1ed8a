"""Optimizers of Keras with a learning rate for each part of what is learned."""

import keras

from keras_vdd.errors import UsageError
from keras_vdd.memory.registry import MEMORIES


def part_of(variable):
    """The part that a weight belongs to: `dynamic`, `integrator`, `static`, `video`, `step_size`, `labels`.

    Where a memory learns a layer by its name, it is that of all weights in there; its number does not count.
    """
    parts = {part for memory in MEMORIES for part in memory.learns}
    names = [name.rstrip("0123456789") for name in reversed(variable.path.split("/"))]
    return next((name for name in names if name in parts), variable.name)


def per_variable_lr(kind, rates, **settings):
    """Return an optimizer of the Keras class `kind` that gives each variable the learning rate of its part.

    Scaling gradients instead would do for SGD; Adam divides by their size and would not notice.

    Args:
        kind: a class of `keras.optimizers` that updates variable by variable, such as `SGD` or `Adam`.
        rates: dict, learning rate by part, see `part_of`; or a float for all, which is Keras' own optimizer.
        **settings: of the optimizer; with rates by part `learning_rate` is a share of them, 1 unless given, or a
            schedule of shares.

    Its `build` raises UsageError for variables of a part that has no rate.
    """

    if not isinstance(rates, dict):
        return kind(**{"learning_rate": rates, **settings})

    class PerVariable(kind):
        def build(self, variables):
            missing = sorted({part_of(variable) for variable in variables} - rates.keys())
            if missing:
                raise UsageError(
                    f"There is no learning rate for {', '.join(missing)}: give each part its own."
                )
            super().build(variables)

        def update_step(self, gradient, variable, learning_rate):
            # TensorFlow passes its own variable, which has no path.
            known = self._trainable_variables[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * rates[part_of(known)])

    return PerVariable(**{"learning_rate": 1.0, "name": kind.__name__.lower(), **settings})


def falling(iterations, last):
    """A share of the learning rates that falls along a cosine from 1 to `last` in `iterations`."""
    return keras.optimizers.schedules.CosineDecay(1.0, iterations, alpha=last)
