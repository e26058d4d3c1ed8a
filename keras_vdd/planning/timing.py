"""How long learning takes here: one network measured once, everything else in proportion to it."""

import math
import time

import numpy as np
from keras import ops

from keras_vdd import models
from keras_vdd.backend import accelerated, jit, value_and_grad
from keras_vdd.models.footprint import outputs_of

# An accelerator takes many clips in the time of one.
_CLIPS = {False: 2, True: 16}


def training_pass(network):
    """Measure the seconds that a training pass takes here for one clip or frame.

    Args:
        network: built network of `keras_vdd.models`.
    """
    count = _CLIPS[accelerated()]
    rng = np.random.default_rng(0)
    shape = (count, *models.sample_shape(network))
    x = ops.convert_to_tensor(rng.standard_normal(shape, dtype="float32"))
    weights = models.as_weights(network, models.fresh_weights(network, rng))

    def value(weights, x):
        return ops.mean(ops.square(models.apply(network, weights, x)))

    return seconds_of(jit(value_and_grad(value)), weights, x) / count


def training_operations(network):
    """Return the floating-point operations of a training pass for one clip or frame.

    Counted are the products and sums of convolutions, dense and recurrent layers, forward and twice as many back.

    Args:
        network: built network of `keras_vdd.models`.
    """
    return 6 * sum(_products(operation, tensor.shape) for operation, tensor in outputs_of(network))


def duration_in_words(seconds):
    """Return a length of time as people say it: "40 s", "12 min", "5.5 h", "3.2 days"."""
    for unit, length, digits in (("days", 86400, 1), ("h", 3600, 1), ("min", 60, 0)):
        if seconds >= (2 if unit == "days" else 1) * length:
            return f"{seconds / length:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def _products(operation, shape):
    """Products with weights that an operation takes for outputs of a shape; a layer may say it itself."""
    if hasattr(operation, "products"):
        return operation.products(shape)
    return math.prod(shape) * math.prod(operation.kernel.shape[:-1]) if hasattr(operation, "kernel") else 0


def seconds_of(function, *inputs, enough=0.5):
    best, spent = math.inf, 0.0
    _finished(function(*inputs))  # the first call compiles
    for _ in range(3):
        started = time.perf_counter()
        _finished(function(*inputs))
        best = min(best, time.perf_counter() - started)
        spent += best
        if spent > enough:
            break
    return best


def _finished(result):
    # Devices answer before they are done: a number is there only when it was computed.
    value, gradients = result
    float(value), float(ops.sum(gradients[0]))
