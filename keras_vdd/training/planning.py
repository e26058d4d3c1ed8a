"""What a recipe will make and cost, before anything is made: `vdd distill --dry-run`."""

import math
import os
import time

import numpy as np

from keras_vdd import models
from keras_vdd.autodiff import jit, value_and_grad
from keras_vdd.data.cut import Cut
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import expected_bytes
from keras_vdd.memory import pairing
from keras_vdd.memory.budget import memory_bytes, real_clip_bytes

# Classes of the sets whose number is known without their files.
CLASSES = {
    "hmdb51": 51, "kinetics400": 400, "kinetics600": 600, "kinetics700": 700, "miniucf": 50, "shapes": 8,
    "ssv2": 174, "ucf101": 101,
}  # fmt: skip


def plan(recipe):
    """Return shapes, parameters, bytes and estimates of memory and time on this machine, as a dict.

    Time is measured on a clip or two on the active backend and scaled; memory is that of the arrays and
    of the activations that derivatives need. Both are estimates, bytes are exact.

    Raises:
        VddError, UsageError: the classes cannot be counted, for their videos are not there.
    """
    data, counts = recipe.data, recipe.memory
    classes, store = _classes_and_store(recipe)
    per_slot = (
        (1, 0)
        if counts.kind == "full-video"
        else pairing.memories_per_slot(
            counts.videos_per_class, counts.statics_per_class, counts.dynamics_per_class
        )
    )
    videos = classes * counts.videos_per_class * per_slot[0] * max(1, per_slot[1])
    return {
        "recipe": recipe.name,
        "method": recipe.method,
        "classes": classes,
        "videos": videos,
        "shapes": _shapes(recipe, classes),
        "bytes": _bytes(recipe, classes, recipe.export.dtype),
        "store": store,
        "estimates": _estimates(recipe, classes, videos),
    }


def _classes_and_store(recipe):
    data = recipe.data
    if isinstance(data.classes, tuple):
        known = len(data.classes)
    else:
        whole = data.classes == "all" or data.set == "shapes"
        known = CLASSES.get(data.set) if whole else None
    # Where only the videos tell the classes, listing them says what is missing.
    if known is None or (data.set != "shapes" and data.root and os.path.isdir(data.root)):
        listing = find_videos(data)
        split_bytes = {
            "train": expected_bytes(listing.train, data.size, Cut.of(data)),
            "test": expected_bytes(listing.test, data.size, Cut.of(data)),
        }
        return len(listing.class_names), {
            "train videos": len(listing.train),
            "test videos": len(listing.test),
            "bytes, estimated": sum(split_bytes.values()),
        }
    return known, {"bytes, estimated": None}


def _shapes(recipe, classes):
    data, counts = recipe.data, recipe.memory
    still = [counts.statics_per_class, data.size, data.size, 3]
    if counts.kind == "full-video":
        return {"video": [classes, counts.videos_per_class, data.frames, data.size, data.size, 3]}
    shapes = {"static": [classes, *still]}
    if counts.kind == "static-dynamic":
        shapes["dynamic"] = [classes, counts.dynamics_per_class, data.frames, data.size, data.size, 1]
        shapes["integrator"] = [counts.integrators, 327]
    return shapes


def _bytes(recipe, classes, dtype):
    data, counts = recipe.data, recipe.memory
    stored = memory_bytes(
        counts.kind, classes, counts.videos_per_class, counts.statics_per_class, counts.dynamics_per_class,
        data.frames, data.size, data.size, counts.integrators, dtype,
    )  # fmt: skip
    clip = real_clip_bytes(data.frames, data.size, data.size)
    return {"distilled": stored, "dtype": dtype, "real clip, one byte a value": clip}


def _estimates(recipe, classes, videos):
    data, settings = recipe.data, recipe.evaluation
    estimates = {}
    if recipe.static is not None and recipe.memory.kind != "full-video":
        stage = recipe.static
        network = models.create(stage.network, classes, data.frames, data.size, stage.width)
        forward, derivative, activations = _cost(network, (data.size, data.size, 3))
        per_class = stage.real_per_class + 2 * recipe.memory.statics_per_class
        estimates["static"] = {
            "parameters": network.count_params(),
            "iterations": stage.iterations,
            "seconds": round(stage.iterations * classes * per_class * derivative, 1),
            "bytes of memory": int(per_class * activations * 2),
        }
    if recipe.dynamic is not None:
        stage = recipe.dynamic
        network = models.create(
            stage.network, classes, data.frames, data.size, stage.width, stage.stem, recipe.run.precision
        )
        forward, derivative, activations = _cost(network, (data.frames, data.size, data.size, 3), "embed")
        real, synthetic = classes * stage.real_per_class, classes * recipe.memory.videos_per_class
        batch = real * real_clip_bytes(data.frames, data.size, data.size)
        estimates["dynamic"] = {
            "parameters": network.count_params(),
            "iterations": stage.iterations,
            "seconds": round(stage.iterations * (real * forward + synthetic * derivative), 1),
            "bytes of memory": int(5 * batch + min(real, stage.chunk) * activations + 2 * synthetic * activations),
        }
    network = models.create(
        settings.architecture, classes, data.frames, data.size, settings.width, settings.stem, recipe.run.precision
    )
    _, derivative, activations = _cost(network, (data.frames, data.size, data.size, 3))
    batch = min(settings.batch_size, videos)
    epochs = math.ceil(videos / settings.batch_size) * settings.epochs
    steps = epochs if settings.evaluator == "paper" else settings.steps
    estimates["evaluation of the set"] = {
        "parameters": network.count_params(),
        "steps": steps,
        "networks": settings.seeds,
        "seconds": round(settings.seeds * steps * batch * derivative, 1),
        "bytes of memory": int(2 * batch * activations),
    }
    return estimates


def _cost(network, shape, method="call"):
    """Seconds a sample of a forward pass and of one with its gradient, and bytes of its activations."""
    count = 2
    x = np.random.default_rng(0).standard_normal((count, *shape), dtype="float32")
    weights = models.fresh_weights(network, np.random.default_rng(0))

    def value(weights, x):
        import keras

        return keras.ops.mean(keras.ops.square(models.apply(network, weights, x, method)))

    forward, derivative = jit(value), jit(value_and_grad(value if method == "call" else _swapped(value)))
    inputs = (weights, x) if method == "call" else (x, weights)
    return _seconds(forward, weights, x) / count, _seconds(derivative, *inputs) / count, _activations(network, shape)


def _swapped(value):
    # DM differentiates to the videos, training to the weights.
    return lambda x, weights: value(weights, x)


def _seconds(function, *inputs):
    best = math.inf
    for _ in range(3):  # the first call compiles
        started = time.perf_counter()
        result = function(*inputs)
        while isinstance(result, tuple | list):
            result = result[0]
        float(result)
        best = min(best, time.perf_counter() - started)
    return best


def _activations(network, shape):
    """Bytes that every convolution's output takes, twice: before and after its nonlinearity."""
    total = math.prod(shape)
    current = (None, *shape)
    for convolution in network.convolutions:
        channels_last = convolution.data_format == "channels_last"
        current = current if channels_last else (None, current[-1], *current[1:-1])
        current = convolution.compute_output_shape(current)
        total += 2 * math.prod(current[1:])
        current = current if channels_last else (None, *current[2:], current[1])
        current = (None, *(max(1, n // 2) if i else n for i, n in enumerate(current[1:-1])), current[-1])
    return 4 * total
