"""A network whose architecture a `.keras` file says: its weights are drawn anew, as those of any other are."""

import math
from typing import Any

import keras

from keras_vdd.errors import UsageError
from keras_vdd.layers.draws import Constant, Uniform
from keras_vdd.models.fresh import draws_of, kept_state_of
from keras_vdd.models.portable import LOGITS, STANDARDISED, clip_shape, read_classifier
from keras_vdd.tensors import File

SUFFIX = ".keras"
_FILLED = {"gamma": Constant(1.0), "scale": Constant(1.0), "beta": Constant(0.0)}
_SQUASHED = (keras.activations.softmax, keras.activations.sigmoid)


def network_from_file(path: File, classes: int, frames: int, size: int) -> keras.Model:
    """Load the network that a file holds, to be trained from new weights.

    Of a file that `keras_vdd.train` saved it is what lies between the fixed normalisation and the softmax; of any other
    it is all: a model that is called with normalised clips and gives logits. Kernels and biases are drawn from
    U(-b, b), b = 1 / sqrt(fan_in), as the networks of this package draw theirs, whatever the file says of it.

    Args:
        path: of a `.keras` file of Keras' own layers.
        classes, frames, size: what it must be for.

    Returns:
        A built `keras.Model`: clips (batch, frames, size, size, 3) to logits (batch, classes).

    Raises:
        UsageError: it is for something else, gives no logits, or has a weight or a state that cannot be drawn anew.
        VddError: it does not load.
    """
    model = read_classifier(path)
    shape = clip_shape(model, path)
    if shape != (frames, size, size, 3):
        told, asked = (" x ".join(map(str, sizes)) for sizes in (shape, (frames, size, size, 3)))
        raise UsageError(f"{path} is for clips of {told}, and the set's are of {asked}: take another model.")
    if {STANDARDISED, LOGITS} <= {layer.name for layer in model.layers}:
        model = keras.Model(model.get_layer(STANDARDISED).output, model.get_layer(LOGITS).output)
    _check_logits(model, path, classes)
    for layer in model._flatten_layers(include_self=False):
        layer.draws = _draws(layer)
    if (state := kept_state_of(model)) is not None:
        raise UsageError(
            f"{path} has {state}, a state that is no trained weight and would be lost between networks: take a model "
            "without BatchNormalization, such as with GroupNormalization."
        )
    draws_of(model)
    model.frames, model.size = frames, size
    # Already of Keras' own layers; not the model itself, which would then be a part of itself.
    model.as_stock = lambda clips: model(clips)
    return model


def _draws(layer: Any) -> dict[str, Any]:
    kernels = [v for v in layer.trainable_variables if v.name.endswith("kernel")]
    uniform = Uniform(1 / math.sqrt(max(math.prod(kernels[0].shape[:-1]), 1))) if kernels else None
    names = [v.name for v in layer.trainable_variables]
    drawn = {name: uniform for name in names if uniform and name.endswith(("kernel", "bias"))}
    return {**{name: _FILLED[name] for name in names if name in _FILLED}, **drawn}


def _check_logits(model: keras.Model, path: File, classes: int) -> None:
    given = [tuple(output.shape[1:]) for output in model.outputs]
    if given != [(classes,)]:
        raise UsageError(
            f"{path} gives {' and '.join(map(str, given))} a clip, and the set has {classes} classes: take a model "
            "that gives as many logits."
        )
    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) in _SQUASHED:
        raise UsageError(
            f"{path} ends in a softmax or sigmoid, and training here needs logits: save the model without."
        )
