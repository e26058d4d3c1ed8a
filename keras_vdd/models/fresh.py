"""Weights of a network drawn anew on the host, equal on every backend."""

import keras
import numpy as np


def fresh_weights(network: keras.Model, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw new weights for a network of `keras_vdd.models`.

    Kernels and biases from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), norm scale 1 and offset 0. They are drawn
    on the host because a network re-initialised inside a compiled step is a constant of that step.

    Args:
        network: a built model whose layers are those of `keras_vdd.layers`.
        rng: `numpy.random.Generator`.

    Returns:
        List of float32 arrays, in the order of `network.trainable_variables`.
    """
    bounds = {
        id(variable): layer.init_bound
        for layer in network._flatten_layers()
        if hasattr(layer, "init_bound")
        for variable in (layer.kernel, layer.bias)
    }
    return [_draw(variable, bounds.get(id(variable)), rng) for variable in network.trainable_variables]


def _draw(variable: keras.Variable, bound: float | None, rng: np.random.Generator) -> np.ndarray:
    if bound is None:
        constant = 1.0 if variable.name == "scale" else 0.0
        return np.full(variable.shape, constant, "float32")
    uniform = rng.random(variable.shape, dtype="float32")
    return (2 * uniform - 1) * np.float32(bound)
