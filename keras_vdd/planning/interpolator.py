"""What an interpolator will be and cost, before it is trained."""

from typing import Any

import numpy as np
from keras import ops

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.distilled.budget import real_clip_bytes
from keras_vdd.interpolators.engine import training_of
from keras_vdd.methods.cost import FORWARD, raw_and_normalised
from keras_vdd.planning.extent import extent_of
from keras_vdd.planning.timing import duration_in_words, measured_by, seconds_of, warn_of_days
from keras_vdd.temporal import TimeSformer
from keras_vdd.temporal.timesformer import Architecture


def interpolator_stage(recipe: Any, extent: Any) -> dict[str, Any]:
    """Return the cost of its training, as the functions of `stage_costs` do."""
    training = training_of(recipe)
    about, batch = training.about, training.batch_size
    passes = training.iterations * batch + FORWARD * extent.test
    clips = raw_and_normalised(batch * real_clip_bytes(about.frames, about.size, about.size))
    held = 3 * clips + 4 * batch * activations(about) + 4 * about.nbytes
    return {
        "parameters": about.parameters,
        "iterations": training.iterations,
        "seconds": round(passes * _training_pass(about), 1),
        "operations": 6 * passes * about.multiplications(),
        "bytes of memory": int(held),
    }


def plan_interpolator(recipe: Any) -> dict[str, Any]:
    """Return what `vdd interpolator --dry-run` prints; arguments and errors as `make_interpolator`."""
    about = training_of(recipe).about
    cost = interpolator_stage(recipe, extent_of(recipe.data))
    warn_of_days(cost["seconds"], {"interpolator": cost})
    return {
        "set": recipe.data.set,
        "stored frames": about.stored_frames,
        "frames": about.frames,
        "size": about.size,
        "bytes": about.nbytes,
        **cost,
        "time, estimated": duration_in_words(cost["seconds"]),
        "time is measured by": measured_by(),
        "folder": recipe.interpolator.folder,
    }


def activations(about: Architecture) -> int:
    """Return how many numbers derivatives of one clip keep."""
    tokens, wide = about.frames * about.patches, about.width
    block = wide * (16 + 4 * about.mlp_ratio) + 3 * about.heads * (about.frames + about.patches)
    return tokens * (about.depth * block + 4 * wide)


def _training_pass(about: Architecture) -> float:
    """Measured seconds of a training pass of one clip."""
    network = TimeSformer(**vars(about), dtype="float32")
    rng = np.random.default_rng(0)
    clips = rng.standard_normal((2, about.frames, about.size, about.size, 3), dtype="float32")
    weights = [ops.convert_to_tensor(weight) for weight in about.fresh_weights(rng).values()]

    def value(weights, clips):
        return ops.mean(ops.square(network.recovered(weights, clips)))

    return seconds_of(jit(value_and_grad(value)), weights, ops.convert_to_tensor(clips)) / 2
