"""How long learning takes here: one network measured once, everything else in proportion to it.

On a processor it is measured in processor seconds, which do not depend on what else the machine does at the moment.
"""

import logging
import math
import time

import numpy as np
from keras import ops

from keras_vdd import models
from keras_vdd.backend import accelerated, jit, one_thread, thread_count, value_and_grad
from keras_vdd.models.footprint import outputs_of

# An accelerator takes many clips in the time of one.
_CLIPS = {False: 2, True: 16}
# Of the work, what threads do not share. What they gain depends on shapes and machines; this is an
# assumption.
_NOT_SHARED = 0.1
_REPEATS, _ENOUGH_S = 8, 0.25
_DAY_S = 86400
_YEAR_S = 365.25 * _DAY_S
_LOG = logging.getLogger(__name__)


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
    """Return a length of time as people say it: "40 s", "12 min", "5.5 h", "3.2 days", "over 1,000 years"."""
    if seconds >= 1000 * _YEAR_S:
        return "over 1,000 years"
    if seconds >= 10 * _YEAR_S:
        return f"{seconds / _YEAR_S:.0f} years"
    for unit, length, digits in (("days", 86400, 1), ("h", 3600, 1), ("min", 60, 0)):
        if seconds >= (2 if unit == "days" else 1) * length:
            return f"{seconds / length:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def warn_of_days(seconds, stages):
    """Warn if a run would take a day or more here.

    Args:
        seconds: float, of the whole run.
        stages: {name of a stage: dict with its "seconds"}.
    """
    if seconds < _DAY_S:
        return
    name = max(stages, key=lambda stage: stages[stage]["seconds"])
    where = "this device" if accelerated() else "this machine's processor"
    _LOG.warning(
        "This would take %s on %s, %s of it for %s: lower what that repeats, or choose a faster device by "
        "run.device. What is interrupted goes on where it was.",
        duration_in_words(seconds), where, duration_in_words(stages[name]["seconds"]), name,
    )  # fmt: skip


def _products(operation, shape):
    """Products with weights that an operation takes for outputs of a shape; a layer may say it itself."""
    if hasattr(operation, "products"):
        return operation.products(shape)
    return math.prod(shape) * math.prod(operation.kernel.shape[:-1]) if hasattr(operation, "kernel") else 0


def seconds_of(function, *inputs):
    """Return the seconds that a call takes on this machine when it has nothing else to do.

    Args:
        function: gives (value, gradients).
        *inputs: what it is called with.
    """
    clock = time.perf_counter if accelerated() else time.process_time
    best, spent = math.inf, 0.0
    with one_thread():
        _finished(function(*inputs))  # the first call compiles
        for _ in range(_REPEATS):
            started = clock()
            _finished(function(*inputs))
            best = min(best, clock() - started)
            spent += best
            if spent > _ENOUGH_S:
                break
    return best if accelerated() else best * _share_of_time(thread_count())


def measured_by():
    """Return what the seconds of an estimate are, in words."""
    if accelerated():
        return "the clock, on this device"
    threads = thread_count()
    return f"processor seconds, for {threads} thread{'s' * (threads > 1)} with nothing else to do"


def _share_of_time(threads):
    """How long some threads take for what one does in a second."""
    return _NOT_SHARED + (1 - _NOT_SHARED) / threads


def _finished(result):
    # Devices answer before they are done: a number is there only when it was computed.
    value, gradients = result
    float(value), float(ops.sum(gradients[0]))
