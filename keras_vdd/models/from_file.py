"""A network that has the architecture of a `.keras` file and weights of its own, drawn anew for each training."""

import math
from typing import Any

import keras

from keras_vdd.errors import UsageError
from keras_vdd.layers.draws import Constant, Uniform
from keras_vdd.models.fresh import draws_of, kept_state_of
from keras_vdd.models.portable import LOGITS, STANDARDISED, clip_shape, read_classifier
from keras_vdd.tensors import File

SUFFIX = ".keras"
# Weights of normalisation layers, by name: such a layer begins as the identity.
_NORMALISATION = {"gamma": Constant(1.0), "scale": Constant(1.0), "beta": Constant(0.0)}
_PROBABILITIES = (keras.activations.softmax, keras.activations.sigmoid)


def network_from_file(path: File, classes: int, frames: int, size: int) -> keras.Model:
    """Load the network that a file holds, to be trained from new weights.

    Of a file that `keras_vdd.train` saved, the network is what lies between the fixed normalisation and the softmax.
    Of any other file it is the whole model, which must take normalised clips and give logits. Kernels and biases are
    drawn from U(-b, b), b = 1 / sqrt(fan_in), as the networks of this package draw theirs, whatever initialisers the
    file names.

    Args:
        path: of a `.keras` file of Keras' own layers.
        classes: how many classes the set has.
        frames, size: frames of the set's clips, and the side of one in pixels.

    Returns:
        A built `keras.Model`: clips (batch, frames, size, size, 3) to logits (batch, classes).

    Raises:
        UsageError: it is for other clips or classes, gives no logits, or has a weight or a state that cannot be drawn
            anew.
        VddError: the file does not load.
    """
    model = read_classifier(path)
    shape = clip_shape(model, path)
    if shape != (frames, size, size, 3):
        model_clips, set_clips = (" x ".join(map(str, sizes)) for sizes in (shape, (frames, size, size, 3)))
        raise UsageError(
            f"{path} is for clips of {model_clips}, and the set's are of {set_clips}: take another model."
        )
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
    draws_of(model)  # raises where a weight has no draw: better now than in the first training
    model.frames, model.size = frames, size
    # What saving asks of every network: its form in Keras' own layers, which this one has already. A function, because
    # Keras would take the model, as its own attribute, for a layer inside itself.
    model.as_stock = lambda clips: model(clips)
    return model


def _draws(layer: Any) -> dict[str, Any]:
    """How the weights of a layer are drawn, by name; a bias has the bound of the layer's first kernel."""
    names = [variable.name for variable in layer.trainable_variables]
    draws: dict[str, Any] = {name: _NORMALISATION[name] for name in names if name in _NORMALISATION}
    kernels = [variable for variable in layer.trainable_variables if variable.name.endswith("kernel")]
    if kernels:
        fan_in = max(math.prod(kernels[0].shape[:-1]), 1)
        uniform = Uniform(1 / math.sqrt(fan_in))
        draws |= {name: uniform for name in names if name.endswith(("kernel", "bias"))}
    return draws


def _check_logits(model: keras.Model, path: File, classes: int) -> None:
    given = [tuple(output.shape[1:]) for output in model.outputs]
    if given != [(classes,)]:
        raise UsageError(
            f"{path} gives {' and '.join(map(str, given))} a clip, and the set has {classes} classes: take a model "
            "that gives as many logits."
        )
    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) in _PROBABILITIES:
        raise UsageError(
            f"{path} ends in a softmax or sigmoid, and training here needs logits: save the model without."
        )
