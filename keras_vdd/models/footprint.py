"""How much memory learning takes, from a network's shapes: what the choice of MTT's form rests on.

A pass that is differentiated keeps the outputs of the network's operations. They are counted on symbolic
tensors; how often a second-order pass keeps them is a backend's own (`second_order_copies`), measured as
peak resident memory of MTT steps on MiniC3D of width 128 at 8 x 64 x 64, 5 and 20 videos, 2 to 10 inner
steps. The formulas below are within 15 % of those figures.
"""

import math
from typing import Any

import keras

from keras_vdd.backend import device_bytes, second_order_copies
from keras_vdd.errors import UsageError
from keras_vdd.machine import main_memory_bytes
from keras_vdd.models.building import sample_shape

FORMS = ("auto", "unrolled", "adjoint", "tesla")
# What one inner step keeps besides activations: new weights, their gradient and its projection.
_WEIGHTS_OF_A_STEP = 3
# Against the outputs of a network's operations: they, and what lives while they are differentiated.
_FIRST_ORDER_COPIES = 1.5


def trajectory_form(asked: str, network: keras.Model, batch: int, steps: int) -> str:
    """Return in which form MTT's gradient is computed: `"unrolled"`, `"adjoint"` or `"tesla"`.

    `auto` unrolls where the estimated peak is below half of the device's memory. All of that memory
    counts, not what is free, so that a run that is resumed chooses as it did before.

    Args:
        asked: one of `FORMS`.
        network: built network of `keras_vdd.models`.
        batch: int, synthetic videos of an inner step.
        steps: int, inner steps.

    Raises:
        UsageError: `asked` is no form.
    """
    if asked not in FORMS:
        raise UsageError(f"Form {asked!r} of MTT's gradient is unknown: choose one of {', '.join(FORMS)}.")
    if asked != "auto":
        return asked
    total = total_bytes()
    fits = total is not None and 2 * trajectory_bytes("unrolled", network, batch, steps) < total
    return "unrolled" if fits else "adjoint"


def trajectory_bytes(form: str, network: keras.Model, batch: int, steps: int) -> int:
    """Return an estimate of the bytes that one MTT iteration takes at its peak, above the set itself.

    Unrolled, every inner step keeps its activations and weights; step by step (adjoint, tesla) one step's
    are kept at a time, and the weights of all steps. Both need as much again as one step while it is
    differentiated.
    """
    weights = weight_bytes(network)
    step = batch * second_order_copies() * activation_bytes(network) + _WEIGHTS_OF_A_STEP * weights
    if form == "unrolled":
        return int((steps + 1) * step + 4 * weights)
    return int(2 * step + steps * weights)


def first_order_bytes(network: keras.Model, batch: int) -> int:
    """Return an estimate of the bytes that a pass over a batch takes until it is differentiated."""
    copies = max(_FIRST_ORDER_COPIES, second_order_copies())
    return int(batch * copies * activation_bytes(network) + 3 * weight_bytes(network))


def second_order_bytes(network: keras.Model, batch: int) -> int:
    """Return the same for a pass whose gradient is differentiated again."""
    return trajectory_bytes("adjoint", network, batch, 0)


def activation_bytes(network: keras.Model, method: str = "call") -> int:
    """Return the bytes that the outputs of a network's operations take for one clip or frame.

    Args:
        network: built network of `keras_vdd.models`.
        method: `"call"` or `"embed"`.
    """
    return sum(math.prod(tensor.shape) * _itemsize(tensor.dtype) for _, tensor in outputs_of(network, method))


def outputs_of(network: keras.Model, method: str = "call") -> list[tuple[Any, Any]]:
    """Return the operations of a network with what each gives for one clip or frame, as symbolic tensors.

    Args:
        network: built network of `keras_vdd.models`.
        method: `"call"` or `"embed"`.

    Returns:
        list of (operation, tensor), the input's among them.
    """
    inputs = keras.Input(batch_shape=(1, *sample_shape(network)))
    found, waiting = {}, [getattr(network, method)(inputs)]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) not in found:
            operation, node, _ = tensor._keras_history
            found[id(tensor)] = operation, tensor
            waiting += operation._inbound_nodes[node].input_tensors
    return list(found.values())


def weight_bytes(network: keras.Model) -> int:
    """Return the bytes of a network's weights."""
    return 4 * network.count_params()


def total_bytes() -> int | None:
    """Return the memory of the device in use: the accelerator's, else main memory; None if nobody says."""
    return device_bytes() or main_memory_bytes()


def _itemsize(dtype: str) -> int:
    return {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}.get(dtype, 4)
