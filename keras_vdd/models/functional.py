"""A network as a function of its weights, and weights as the backend likes them."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_vdd.backend import native_layout
from keras_vdd.tensors import Tensor

# Odd and far from small numbers: the step from one layer's dropout seed to the next one's.
_STRIDE = 0x9E3779B9


def apply(
    network: keras.Model,
    weights: Iterable[Tensor],
    x: Tensor,
    method: str = "call",
    training: bool = False,
    seed: Tensor | None = None,
) -> Any:
    """Call `network` with other weights than its own, leaving it untouched.

    Args:
        network: a built `keras.Model`.
        weights: tensors in the order of `network.trainable_variables`.
        x: the input of the call.
        method: `"call"` for logits, `"embed"` for features.
        training: bool, dropout on or off.
        seed: uint32 (2,), of which the dropout masks are a function, inside a compiled step too; None takes
            the state that the network's own generators hold, which this call does not advance. Draw both
            numbers from all of uint32: JAX and TensorFlow use the pair, torch only its sum, so that [9, 1]
            and [10, 0] give torch one mask. Masks of one seed differ between backends.

    Returns:
        The method's result; differentiable to `weights` and `x`.
    """
    mapping = [*zip(network.trainable_variables, weights)]
    if seed is not None:
        mapping += _generator_states(network, seed)
    with keras.StatelessScope(state_mapping=mapping):
        return getattr(network, method)(x, training=training)


def features(network: keras.Model, weights: Iterable[Tensor], x: Tensor) -> Tensor:
    """Features (n, features) of `x` under other weights, in float32 where the network computes in less.

    Args:
        network, weights, x: as `apply` takes them.
    """
    found = apply(network, weights, x, method="embed")
    return ops.cast(found, keras.backend.result_type(found.dtype, "float32"))


def as_weights(network: keras.Model, arrays: Iterable[Tensor]) -> list[Tensor]:
    """Tensors of `arrays` with the static shapes of the network's weights, in the backend's layout.

    Inside a compiled `fit` TensorFlow hands over arrays whose first dimension is unknown; the reshape
    restores it.
    """
    shaped = [ops.reshape(a, v.shape) for a, v in zip(arrays, network.trainable_variables)]
    return native_layout(shaped)


def _generator_states(network: keras.Model, seed: Tensor) -> Iterator[tuple[keras.Variable, Tensor]]:
    # Torch holds these states as int32, TensorFlow as int64: bits beyond 32 are cut off, none are lost.
    words = ops.cast(ops.reshape(seed, (2,)), "uint32")
    states = [v for v in network.non_trainable_variables if v.name == "seed_generator_state"]
    for number, state in enumerate(states):
        shift = np.array([0, number * _STRIDE % 2**32], "uint32")
        yield state, ops.cast(ops.add(words, shift), state.dtype)
