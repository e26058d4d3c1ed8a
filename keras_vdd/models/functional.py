"""A network as a function of its weights, and weights as the backend likes them."""

import keras
from keras import ops

from keras_vdd.autodiff import native_layout


def apply(network, weights, x, method="call", training=False):
    """Call `network` with other weights than its own, leaving it untouched.

    Args:
        network: a built `keras.Model`.
        weights: tensors in the order of `network.trainable_variables`.
        x: the input of the call.
        method: `"call"` for logits, `"embed"` for features.
        training: bool, dropout on or off.

    Returns:
        The method's result; differentiable to `weights` and `x`.
    """
    mapping = zip(network.trainable_variables, weights)
    with keras.StatelessScope(state_mapping=list(mapping)):
        return getattr(network, method)(x, training=training)


def as_weights(network, arrays):
    """Tensors of `arrays` with the static shapes of the network's weights, in the backend's layout.

    Inside a compiled `fit` TensorFlow hands over arrays whose first dimension is unknown; the reshape
    restores it.
    """
    shaped = [ops.reshape(a, v.shape) for a, v in zip(arrays, network.trainable_variables)]
    return native_layout(shaped)
