"""Weights of a network drawn anew on the host, equal on every backend."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from keras_vdd.errors import UsageError

Draw = Callable[[tuple[int, ...], np.random.Generator], np.ndarray]


def fresh_weights(network: keras.Model, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw new weights for a network of `keras_vdd.models`, each as the `draws` of its layer say.

    They are drawn on the host because a network re-initialised inside a compiled step is a constant of that
    step. Keras' own initialisers have no part in it: each backend draws them differently.

    Args:
        network: a built model.
        rng: `numpy.random.Generator`.

    Returns:
        List of float32 arrays, in the order of `network.trainable_variables`.

    Raises:
        UsageError: no layer says how a weight is drawn.
    """
    weights = zip(network.trainable_variables, draws_of(network), strict=True)
    return [draw(tuple(variable.shape), rng) for variable, draw in weights]


def draws_of(network: keras.Model) -> list[Draw]:
    """Return how each weight is drawn, in the order of `network.trainable_variables`.

    A layer's `draws` holds for its weights of that name and for those of the layers inside it, unless they
    say it themselves.

    Raises:
        UsageError: no layer says how a weight is drawn.
    """
    draws: dict[int, Draw] = {}
    homes = {}
    for layer in _outer_first(network):
        stated = getattr(layer, "draws", {})
        for variable in layer.trainable_variables:
            homes[id(variable)] = layer.name
            if variable.name in stated:
                draws[id(variable)] = stated[variable.name]
    for variable in network.trainable_variables:
        if id(variable) not in draws:
            raise UsageError(
                f"The network '{network.name}' does not say how the weight '{variable.name}' of its layer "
                f"'{homes[id(variable)]}' is drawn: give the layer draws, such as "
                f"layer.draws = {{'{variable.name}': keras_vdd.layers.Uniform(0.1)}}."
            )
    return [draws[id(variable)] for variable in network.trainable_variables]


def kept_state_of(network: keras.Model) -> str | None:
    """Return the path of a variable that is neither trained nor a generator's, None if there is none."""
    kept = [v.path for v in network.non_trainable_variables if v.name != "seed_generator_state"]
    return kept[0] if kept else None


def _outer_first(layer: keras.layers.Layer) -> Iterator[Any]:
    yield layer
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        yield from _outer_first(inner)
