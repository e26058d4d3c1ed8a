"""Time and memory of each stage of a recipe, estimated before anything is made."""

import math

from keras_vdd import models
from keras_vdd.memory.budget import real_clip_bytes, real_still_bytes
from keras_vdd.models.footprint import (
    activation_bytes,
    first_order_bytes,
    second_order_bytes,
    trajectory_bytes,
    trajectory_form,
    weight_bytes,
)
from keras_vdd.planning.timing import FORWARD, INNER_STEP, SECOND_ORDER, TO_VIDEOS, training_pass


class Networks:
    """The networks of a recipe; equal ones are made and measured once.

    Args:
        recipe: `Recipe`.
        classes: int.
    """

    def __init__(self, recipe, classes):
        self._recipe, self._classes, self._known = recipe, classes, {}

    def of(self, architecture, width, stem=64):
        """Return a network and the seconds that a training pass through it takes for one clip or frame."""
        key = architecture, width, stem
        if key not in self._known:
            data, precision = self._recipe.data, self._recipe.run.precision
            size = self._classes, data.frames, data.size
            network = models.create(architecture, *size, width, stem, precision)
            self._known[key] = network, training_pass(network)
        return self._known[key]


def static_stage(recipe, extent, networks):
    """Stage 1: DC, class by class, a fresh image network at every iteration."""
    stage, stills, data = recipe.static, recipe.memory.statics_per_class, recipe.data
    network, seconds = networks.of(stage.network, stage.width)
    real, still = extent.classes * stage.real_per_class, real_still_bytes(data.size, data.size)
    passes = real + SECOND_ORDER * extent.classes * stills
    held = first_order_bytes(network, min(stage.chunk, stage.real_per_class))
    held += second_order_bytes(network, stills)
    held += _raw_and_normalised(real * still) + _learned(4 * extent.classes * stills * still)
    more = {"iterations, at most": stage.iterations}
    return _stage(network, stage.iterations * passes * seconds, held, **more)


def expert_training(recipe, extent, networks):
    """Networks trained on the real set, one after another here."""
    settings, epochs, stage = recipe.experts, recipe.expert_epochs, recipe.dynamic
    network, seconds = networks.of(stage.network, stage.width, stage.stem)
    passes = settings.count * (epochs * extent.train + FORWARD * extent.test)
    batch, snapshots = min(settings.batch_size, extent.train), (epochs + 1) * weight_bytes(network)
    held = _training(recipe, network, batch) + snapshots
    more = {"experts": settings.count, "epochs": epochs, "bytes on disk": settings.count * snapshots}
    return _stage(network, passes * seconds, held, **more)


def dynamic_stage(recipe, extent, networks, memory_bytes):
    """Stage 2, by the matching loss of the recipe; `memory_bytes` are those of the memory in float32."""
    stage, videos = recipe.dynamic, extent.classes * recipe.memory.videos_per_class
    network, seconds = networks.of(stage.network, stage.width, stage.stem)
    passes, held, more = _LOSSES[stage.loss](recipe, network, extent.classes, videos)
    held += _learned(memory_bytes)
    return _stage(network, stage.iterations * passes * seconds, held, iterations=stage.iterations, **more)


def _distribution(recipe, network, classes, videos):
    real, chunk = classes * recipe.dynamic.real_per_class, recipe.dynamic.chunk
    held = _raw_and_normalised(real * _clip(recipe)) + min(real, chunk) * activation_bytes(network)
    return FORWARD * real + TO_VIDEOS * videos, held + first_order_bytes(network, videos), {}


def _gradient(recipe, network, classes, videos):
    per_class, chunk = recipe.dynamic.real_per_class, recipe.dynamic.chunk
    held = _raw_and_normalised(classes * per_class * _clip(recipe))
    held += first_order_bytes(network, min(chunk, per_class)) + second_order_bytes(network, videos // classes)
    return classes * per_class + SECOND_ORDER * videos, held, {}


def _trajectory(recipe, network, classes, videos):
    stage = recipe.dynamic
    batch, steps = min(stage.batch_size or videos, videos), stage.inner_steps
    form = trajectory_form(stage.gradient, network, batch, steps)
    more = {"gradient": form, "inner steps": steps, "videos of an inner step": batch}
    return steps * batch * INNER_STEP[form], trajectory_bytes(form, network, batch, steps), more


def _ridge(recipe, network, classes, videos):
    stage, features = recipe.dynamic, math.prod(network.feature_shape)
    pool = 3 * stage.pool * weight_bytes(network)
    # The kernel and what solves it, and the features it is made of, are in float64.
    kernel = 8 * (3 * videos**2 + (stage.real_clips + videos) * (features + videos))
    held = _raw_and_normalised(stage.real_clips * _clip(recipe)) + stage.chunk * activation_bytes(network)
    held += first_order_bytes(network, videos) + kernel + pool
    # The regression looks through the set's videos, and the pool's network is trained on them.
    passes = FORWARD * stage.real_clips + TO_VIDEOS * videos + videos
    return passes, held, {"networks of the pool": stage.pool, "bytes of the pool": pool}


_LOSSES = {"dm": _distribution, "dc": _gradient, "mtt": _trajectory, "frepo": _ridge}


def feature_network(recipe, extent, networks):
    """The network that herding and k-center look through: trained on the real set, then seen by all of it."""
    settings, epochs = recipe.evaluation, recipe.coreset.feature_epochs
    network, seconds = networks.of(settings.architecture, settings.width, settings.stem)
    features = 4 * extent.train * math.prod(network.feature_shape)
    held = _training(recipe, network, min(settings.batch_size, extent.train)) + features
    return _stage(network, (epochs + FORWARD) * extent.train * seconds, held, epochs=epochs)


def scoring(recipe, extent, networks, rows, protocol):
    """The training and test of fresh classifiers for some rows of a table.

    Args:
        recipe: `Recipe`.
        extent: `Extent`.
        networks: `Networks`.
        rows: list of (videos, frames, epochs): how many are trained on, how many frames of each are held
            meanwhile, and how many passes there are over them; None for the protocol's own length.
        protocol: `Protocol`.
    """
    settings = recipe.evaluation
    network, seconds = networks.of(settings.architecture, settings.width, settings.stem)
    frame = 4 * real_still_bytes(recipe.data.size, recipe.data.size)
    visits = held = steps = 0
    for videos, frames, epochs in rows:
        length, batch = protocol.total_steps(videos, epochs), min(protocol.batch_size, videos)
        # The last batch of an epoch may be smaller.
        visits += length * videos / math.ceil(videos / protocol.batch_size)
        steps += length
        held = max(held, _training(recipe, network, batch) + videos * frames * frame)
    tested = FORWARD * extent.test * protocol.test_clips * len(rows)
    runs = protocol.seeds * len(rows)
    return _stage(network, protocol.seeds * (visits + tested) * seconds, held, steps=steps, networks=runs)


def _training(recipe, network, batch):
    """Bytes of a training step on a batch of real clips, with an optimizer's two numbers a weight."""
    clips = _raw_and_normalised(batch * _clip(recipe))
    return clips + first_order_bytes(network, batch) + 2 * weight_bytes(network)


def _clip(recipe):
    return real_clip_bytes(recipe.data.frames, recipe.data.size, recipe.data.size)


def _raw_and_normalised(nbytes):
    """Real pixels travel as bytes and become float32 where they are looked at."""
    return 5 * nbytes


def _learned(nbytes):
    """Values, gradients, momentum and what reconstruction makes of them."""
    return 4 * nbytes


def _stage(network, seconds, held, **more):
    about = {"parameters": network.count_params(), **more}
    return {**about, "seconds": round(float(seconds), 1), "bytes of memory": int(held)}
