"""Condensers that learn targets given by the batch: as quick as `fit` can be, with known gradients."""

import keras
import numpy as np
from keras import ops

from keras_vdd.backend import value_and_grad
from keras_vdd.learning.condenser import Condenser
from keras_vdd.learning.objective import VideoSpaceObjective
from keras_vdd.learning.rates import per_variable_lr
from keras_vdd.memory import FullVideoMemory, StaticDynamicMemory, StillMemory
from keras_vdd.seeds import stream

CLASSES, FRAMES, SIZE = 2, 3, 4
RATES = {"dynamic": 0.05, "integrator": 0.002, "video": 0.2, "static": 0.3}


def squared_error(videos, batch):
    """Half the squared distance to the batch's targets: the gradient is their difference."""
    target = ops.reshape(batch["target"], videos.shape)
    return value_and_grad(lambda v: ops.sum(ops.square(v - target)) / 2)(videos)


def make_memory(kind, per_class=1, integrators=1):
    memory = {
        "static-dynamic": lambda: StaticDynamicMemory(
            CLASSES, 1, per_class, per_class, FRAMES, SIZE, integrators
        ),
        "still": lambda: StillMemory(CLASSES, per_class, FRAMES, SIZE),
        "full-video": lambda: FullVideoMemory(CLASSES, per_class, FRAMES, SIZE),
    }[kind]()
    rng = np.random.default_rng(0)
    for variable in memory.weights:
        variable.assign(0.5 * rng.standard_normal(variable.shape).astype("float32"))
    return memory


def make_condenser(kind, optimizer=None, rates=None, view="call", **counts):
    memory = make_memory(kind, **counts)
    per_class = memory.statics_per_class if view == "images" else memory.videos_per_class
    condenser = Condenser(memory, VideoSpaceObjective(squared_error, CLASSES, per_class), view=view)
    condenser.compile(optimizer or per_variable_lr(keras.optimizers.SGD, rates or RATES, momentum=0.9))
    return condenser


def make_batch(condenser, iteration):
    """Pairs and targets that depend on the iteration alone."""
    rng = stream(0, "toy", iteration)
    images = condenser.view == "images"
    pairs = condenser.memory.enumerate() if images else condenser.memory.sample(rng)
    time = () if images else (FRAMES,)
    target = rng.standard_normal((len(pairs), *time, SIZE, SIZE, 3), dtype="float32")
    return {"pairs": pairs, "target": target}
