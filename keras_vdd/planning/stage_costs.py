"""Time and memory of each stage of a recipe, estimated before anything is made.

The functions of stages take a `Recipe`, an `Extent` (classes, training and test videos) and `Networks`. They
return a dict: "parameters" of the network, what else a plan says of the stage, and then "seconds" (on this
machine), floating-point "operations" and "bytes of memory" at the peak. A pass is a training pass of one clip or
still, forward and back; one that is only forward costs `FORWARD` of it.
"""

import math

from keras_vdd import models
from keras_vdd.distilled.budget import real_clip_bytes, real_still_bytes
from keras_vdd.learning.stage import Stage
from keras_vdd.methods.cost import FORWARD, raw_and_normalised
from keras_vdd.models.footprint import first_order_bytes, weight_bytes
from keras_vdd.planning.timing import training_operations, training_pass

# Bytes that a pass which is measured may take, more than those of the recipes of the package; and how narrow is narrow.
_MEASURED = 10**9
_NARROW = 16


class Networks:
    """The networks of a recipe; equal ones are made and measured once.

    Args:
        recipe: `Recipe`.
        classes: int.
    """

    def __init__(self, recipe, classes):
        self._recipe, self._classes, self._known = recipe, classes, {}

    def of(self, architecture, width, stem=64, frames=None):
        """Return a network in shapes alone, and the seconds of a training pass through it for one clip or frame.

        They are measured on it, or where that would take much memory on a narrower one, and scaled by operations.

        Args:
            architecture, width, stem: as `models.create` takes them.
            frames: int, of a clip; None for those of the recipe.
        """
        data, precision = self._recipe.data, self._recipe.run.precision
        key = architecture, width, stem, frames or data.frames
        if key not in self._known:
            size = self._classes, frames or data.frames, data.size
            network = small = models.outline(architecture, *size, width, stem, precision)
            while first_order_bytes(small, 2) > _MEASURED and width > _NARROW:
                width, stem = width // 2, max(1, stem // 2)
                small = models.outline(architecture, *size, width, stem, precision)
            seconds = training_pass(models.create(architecture, *size, width, stem, precision))
            if small is not network:
                seconds *= training_operations(network) / training_operations(small)
            self._known[key] = network, seconds
        return self._known[key]


def amounts(name, recipe, classes):
    """Return (classes, synthetic samples, bytes of a real sample as decoded) of the stage "static" or "dynamic"."""
    data, memory = recipe.data, recipe.memory
    if name == "static":
        return classes, classes * memory.statics_per_class, real_still_bytes(data.size, data.size)
    frames = Stage("dynamic", recipe.dynamic, data, recipe.run.seed).real_frames
    return classes, classes * memory.videos_per_class, real_clip_bytes(frames, data.size, data.size)


def static_stage(recipe, extent, networks):
    """Stage 1: gradient matching (DC) on stills, a fresh image network at every iteration."""
    network = networks.of(recipe.static.network, recipe.static.width)
    about = amounts("static", recipe, extent.classes)
    _, stills, still = about
    return _matching("static", recipe, network, about, 4 * stills * still)


def expert_training(recipe, extent, networks):
    """Experts: networks trained on the real set; the estimate is for one after another, in one process."""
    settings, epochs, stage = recipe.experts, recipe.expert_epochs, recipe.dynamic
    frames = Stage("dynamic", stage, recipe.data, recipe.run.seed).real_frames
    network, seconds = networks.of(stage.network, stage.width, stage.stem, frames)
    passes = settings.count * (epochs * extent.train + FORWARD * extent.test)
    batch, snapshots = min(settings.batch_size, extent.train), (epochs + 1) * weight_bytes(network)
    held = _training(recipe, network, batch) + snapshots
    more = {"experts": settings.count, "epochs": epochs, "bytes on disk": settings.count * snapshots}
    return _stage(network, passes, seconds, held, **more)


def dynamic_stage(recipe, extent, networks, memory_bytes):
    """Stage 2, by the matching loss of the recipe; `memory_bytes` are those of the memory in float32."""
    settings, stage = recipe.dynamic, Stage("dynamic", recipe.dynamic, recipe.data, recipe.run.seed)
    # Each segment of every clip is a pass through the network, which has its length. Where experts are read, no real
    # clip is looked at.
    real, synthetic = stage.lengths(recipe.memory.frames_of(recipe.data.frames))
    frames = synthetic if recipe.needs_experts else real
    network, seconds = networks.of(settings.network, settings.width, settings.stem, frames)
    measured = network, stage.segments * seconds
    return _matching("dynamic", recipe, measured, amounts("dynamic", recipe, extent.classes), memory_bytes)


def _matching(name, recipe, measured, about, memory_bytes):
    """A stage that learns by a matching loss.

    Args:
        name: "static" or "dynamic", the recipe's settings of the stage.
        measured: (network, seconds), as `Networks.of` returns it.
        about: as `amounts` gives it.
        memory_bytes: int, of what is learned, in float32.
    """
    stage, method, (network, seconds) = getattr(recipe, name), recipe.loss_of(name), measured
    cost = method.cost(stage, network, *about)
    # A stage with `patience` may stop early.
    iterations = "iterations, at most" if hasattr(stage, "patience") else "iterations"
    facts = {iterations: stage.iterations, **cost.facts}
    if method.smaller:
        facts["lower for less memory"] = ", ".join(f"{name}.{setting}" for setting in method.smaller)
    held = cost.held + _learned(memory_bytes)
    return _stage(network, stage.iterations * cost.passes, seconds, held, **facts)


def feature_network(recipe, extent, networks):
    """The network whose features herding and k-center select by: trained on the real set, then run over all of it."""
    settings, epochs = recipe.evaluation, recipe.coreset.feature_epochs
    network, seconds = networks.of(settings.architecture, settings.width, settings.stem)
    features = 4 * extent.train * math.prod(network.feature_shape)  # float32
    held = _training(recipe, network, min(settings.batch_size, extent.train)) + features
    return _stage(network, (epochs + FORWARD) * extent.train, seconds, held, epochs=epochs)


def scoring(recipe, extent, networks, rows, protocol):
    """The training and test of fresh classifiers for some rows of a table.

    Args:
        recipe: `Recipe`.
        extent: `Extent`.
        networks: `Networks`.
        rows: list of (videos, frames, epochs): how many videos are trained on, how many frames of each stay in
            memory meanwhile, and how many passes there are over them; epochs None for the protocol's own length.
        protocol: `Protocol`.
    """
    settings = recipe.evaluation
    network, seconds = networks.of(settings.architecture, settings.width, settings.stem)
    frame = 4 * real_still_bytes(recipe.data.size, recipe.data.size)  # float32, where decoded is uint8
    visits = held = steps = 0
    for videos, frames, epochs in rows:
        length, batch = protocol.total_steps(videos, epochs), min(protocol.batch_size, videos)
        # Steps times the mean batch size: the last batch of an epoch may be smaller.
        visits += length * videos / math.ceil(videos / protocol.batch_size)
        steps += length
        held = max(held, _training(recipe, network, batch) + videos * frames * frame)
    tested = FORWARD * extent.test * protocol.test_clips * len(rows)
    runs = protocol.seeds * len(rows)
    return _stage(network, protocol.seeds * (visits + tested), seconds, held, steps=steps, networks=runs)


def _training(recipe, network, batch):
    """Bytes of a training step on a batch of real clips, with optimizer state of two numbers for each weight."""
    clips = raw_and_normalised(batch * _clip(recipe))
    return clips + first_order_bytes(network, batch) + 2 * weight_bytes(network)


def _clip(recipe):
    return real_clip_bytes(recipe.data.frames, recipe.data.size, recipe.data.size)


def _learned(nbytes):
    """Bytes while a memory is learned: its values, gradients, momentum, and what is reconstructed from it."""
    return 4 * nbytes


def _stage(network, passes, seconds, held, **more):
    """The cost of a stage of `passes` training passes, `seconds` each, with `held` bytes at the peak."""
    return {
        "parameters": network.count_params(),
        **more,
        "seconds": round(float(passes * seconds), 1),
        "operations": int(passes * training_operations(network)),
        "bytes of memory": int(held),
    }
