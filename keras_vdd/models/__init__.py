"""The networks of the paper, by name, and how their weights are drawn afresh."""

import keras

from keras_vdd.errors import UsageError
from keras_vdd.models.convnet import ConvNet, ConvNetD3, ConvNetD4
from keras_vdd.models.fresh import fresh_weights
from keras_vdd.models.functional import apply, as_weights
from keras_vdd.models.mini_c3d import MiniC3D

ARCHITECTURES = {"mini_c3d": MiniC3D, "convnet_d3": ConvNetD3, "convnet_d4": ConvNetD4}

__all__ = [
    "ARCHITECTURES",
    "ConvNet",
    "ConvNetD3",
    "ConvNetD4",
    "MiniC3D",
    "apply",
    "as_weights",
    "create",
    "fresh_weights",
]


def create(
    architecture: str,
    classes: int,
    frames: int,
    size: int,
    width: int = 128,
    stem: int = 64,
    precision: str = "float32",
) -> keras.Model:
    """Build a network by name.

    Args:
        architecture: `"mini_c3d"` (videos), `"convnet_d3"` or `"convnet_d4"` (images).
        classes: int, number of logits.
        frames: int, frames of a clip; images have none and ignore it.
        size: int, height and width of a frame in pixels.
        width: int, channels of the hidden layers.
        stem: int, channels of MiniC3D's first layer; images have none and ignore it.
        precision: `"float32"` or `"bfloat16"`, what its layers compute in; weights and logits are float32.

    Returns:
        A built `keras.Model`: `network(x)` gives logits (batch, classes), `network.embed(x)` features.

    Raises:
        UsageError: the architecture is unknown.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UsageError(f"Unknown architecture {architecture!r}: choose one of {known}.")
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else precision)
    try:
        if architecture == "mini_c3d":
            return MiniC3D(classes=classes, frames=frames, size=size, width=width, stem=stem)
        return ARCHITECTURES[architecture](classes=classes, size=size, width=width)
    finally:
        keras.config.set_dtype_policy(policy)
