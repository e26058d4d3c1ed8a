"""A trained network as a model that needs nothing of this toolkit, and what such a model says of itself.

From pixels to the scores of named classes, in Keras' own layers alone. What plain Keras has no place for is said by
names, which it keeps when the model is saved again: the input is called `pixels_every_N_frames`, and the last layer,
`class_names`, gives the scores under the name of each class, in order.
"""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import re
import zipfile
from pathlib import Path
from typing import Any

import keras

from keras_vdd.backend.without_tensorflow import without_tensorflow
from keras_vdd.errors import UsageError, VddError
from keras_vdd.tensors import File

INPUT = "pixels_every_{}_frames"
STANDARDISED, LOGITS, NAMES = "standardised", "logits", "class_names"
# By whether the outputs are probabilities: the layer that makes them, and its name.
_OUTPUTS = {True: ("softmax", "probabilities"), False: ("linear", "scores")}


def portable(
    network: keras.Model, class_names: tuple[str, ...], shape: tuple[int, ...], mean: tuple[float, ...],
    std: tuple[float, ...], statistics: tuple[float, float], interval: int, probabilities: bool = True,
) -> keras.Model:  # fmt: skip
    """Make the model: pixels, 0 to 255, float32 (batch, T, H, W, 3), to float32 (batch, classes).

    Args:
        network: a network of `keras_vdd.models`; the model has copies of its weights.
        class_names: by label.
        shape: (T, H, W, 3), of a clip.
        mean, std: three numbers each, of pixels scaled to 0..1.
        statistics: mean and deviation of normalised clips, which stand for those of a batch.
        interval: source frames from one clip frame to the next.
        probabilities: whether outputs are a softmax; else they are the network's outputs as they come.

    Raises:
        UsageError: the network has no form in Keras' own layers.
    """
    pixels = keras.Input(shape, name=INPUT.format(interval))
    x = keras.layers.Rescaling(1 / 255, dtype="float32", name="scaled_to_1")(pixels)
    # Normalised and standardised at once: ((x - mean) / std - centre) / deviation = x / d - m / d, by channel. Not by
    # Keras' Normalization, whose numbers tensorflow's export to ONNX would ask for as inputs.
    centre, deviation = statistics
    scale = [1 / (s * deviation) for s in std]
    offset = [-(m + centre * s) / (s * deviation) for m, s in zip(mean, std)]
    x = keras.layers.Rescaling(_by_channel(scale), _by_channel(offset), dtype="float32", name=STANDARDISED)(x)
    x = keras.layers.Activation("linear", dtype="float32", name=LOGITS)(_stock_form(network, x))
    model = keras.Model(pixels, _named(x, class_names, probabilities), name="classifier")
    _check_stock(model, network)
    return model


def _by_channel(numbers: list[float]) -> Any:
    # All five axes: of fewer, Keras takes the first for channels where it is configured for channels first.
    return [[[[numbers]]]]


def _named(logits: Any, class_names: tuple[str, ...], probabilities: bool) -> Any:
    """The scores of `logits`, from a model inside the model that gives them once under each class's name."""
    inner = keras.Input((len(class_names),), name=LOGITS)
    activation, name = _OUTPUTS[probabilities]
    scores = keras.layers.Activation(activation, dtype="float32", name=name)(inner)
    named = keras.Model(inner, dict.fromkeys(class_names, scores), name=NAMES)(logits)
    return named[class_names[0]]


def _stock_form(network: keras.Model, x: Any) -> Any:
    if not hasattr(network, "as_stock"):
        raise UsageError(
            f"The network '{network.name}' has no form in Keras' own layers, so it cannot be kept as a .keras file "
            "that loads without its code: give it as_stock, or leave out --save (save=)."
        )
    return network.as_stock(x)


def _check_stock(model: keras.Model, network: keras.Model) -> None:
    for layer in model._flatten_layers(include_self=False):
        if type(layer).__module__.split(".")[0] != "keras":
            raise UsageError(
                f"as_stock of the network '{network.name}' gives a layer '{type(layer).__name__}', which is none of "
                "Keras' own: a .keras file with it would not load without its code."
            )


def read_classifier(path: File) -> keras.Model:
    """Load a `.keras` file, of this toolkit or not.

    Raises:
        UsageError: there is no such file, or its name does not end in `.keras`.
        VddError: it does not load in plain Keras.
    """
    if Path(path).suffix != ".keras":
        raise UsageError(f"{path} is no classifier: give a file whose name ends in .keras")
    if not Path(path).is_file():
        raise UsageError(
            f"{path} does not exist, or is no file: give a .keras file, such as vdd train --save writes"
        )
    if not zipfile.is_zipfile(path):
        raise VddError(f"{path} is damaged, or no .keras file: it is not the archive that Keras writes.")
    try:
        with without_tensorflow():
            return keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras raises of many kinds where a file is not what it should be.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise VddError(f"{path} does not load as a Keras model: {reason}") from error


def class_names_of(model: keras.Model, path: File = "the model") -> tuple[str, ...]:
    """Return the class names that a model says, in the order of its outputs.

    Raises:
        UsageError: it says none.
    """
    named = next((layer for layer in getattr(model, "layers", ()) if layer.name == NAMES), None)
    outputs = getattr(named, "output", None)
    if not isinstance(outputs, dict) or [tuple(one.shape[1:]) for one in model.outputs] != [(len(outputs),)]:
        raise UsageError(
            f"{path} does not say its classes: it is no classifier that vdd train --save wrote, which has a layer "
            f"'{NAMES}'."
        )
    return tuple(outputs)


def gives_probabilities(model: keras.Model) -> bool:
    """Return whether the outputs are probabilities; else they are scores, of which the largest counts."""
    return any(layer.name == _OUTPUTS[True][1] for layer in model.get_layer(NAMES).layers)


def interval_of(model: keras.Model) -> int | None:
    """Return how many source frames apart the frames of a clip are; None where the model does not say."""
    said = re.fullmatch(INPUT.format(r"(\d+)"), str(model.inputs[0].name))
    return int(said[1]) if said else None


def clip_shape(model: keras.Model, path: File = "the model") -> tuple[int, int, int, int]:
    """Return (T, H, W, 3), what the model looks at.

    Raises:
        UsageError: it looks at something else than clips of a fixed size.
    """
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    if len(shapes) != 1 or len(shapes[0]) != 5 or None in shapes[0][1:] or shapes[0][-1] != 3:
        told = ", ".join(str(shape[1:]) for shape in shapes) or "nothing fixed"
        raise UsageError(f"{path} looks at {told}: it must look at one clip, (frames, height, width, 3).")
    _, frames, height, width, channels = shapes[0]
    return frames, height, width, channels
