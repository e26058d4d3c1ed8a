"""Stage 2, dynamic fine-tuning: motion and integrators, or any other memory, by distribution matching (DM)."""

import keras
import numpy as np

from keras_vdd import models
from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.matching.distribution import distribution_matching
from keras_vdd.memory import FullVideoMemory, StaticDynamicMemory, StillMemory
from keras_vdd.seeds import stream
from keras_vdd.training.checkpoint import load_arrays, save_arrays
from keras_vdd.training.condenser import Condenser
from keras_vdd.training.fit_stage import fit_stage
from keras_vdd.training.real_batches import choose_by_class, on_device


def learn_videos(recipe, store, static, run, progress):
    """Learn the memory that the recipe asks for by a matching loss on videos.

    "Dancing with Still Images" (CVPR 2024), section 4 and Algorithm 1: the static memory is frozen, the
    dynamic memory starts from N(0, 1), and a fresh MiniC3D is drawn at each iteration.

    Args:
        recipe: `Recipe` with a dynamic stage.
        store: the training store.
        static: float32 (classes, SPC, size, size, 3) from stage 1; None for a full-video memory.
        run: `RunFolder`.
        progress: `keras_vdd.progress.Progress`.

    Returns:
        dict of arrays as `DistilledSet` names them.
    """
    finished = run.stage("dynamic") / "memory.safetensors"
    if finished.exists():
        return load_arrays(finished)[0]
    settings, data, seed = recipe.dynamic, recipe.data, recipe.run.seed
    classes = len(store.class_names)
    memory = start_memory(recipe, store, static)
    network = models.create(
        settings.network, classes, data.frames, data.size, settings.width, settings.stem, recipe.run.precision
    )

    def matching(videos, batch):
        real = on_device(batch["real"], classes, data.mean, data.std)
        weights = models.as_weights(network, batch["network"])
        return distribution_matching(network, weights, real, videos, settings.chunk)

    def make_batch(iteration):
        rng = stream(seed, "dynamic", iteration)
        rows = choose_by_class(store, settings.real_per_class, rng)
        real = read_clips(store, rows.ravel(), data.frames, data.interval, rng, data.flip)
        return {
            "pairs": memory.sample(rng),
            "real": real.reshape(*rows.shape, *real.shape[1:]),
            "network": tuple(models.fresh_weights(network, rng)),
        }

    rates = settings.learning_rates.model_dump(exclude_none=True)
    condenser = Condenser(memory, matching, rates)
    condenser.compile(keras.optimizers.SGD(1.0, momentum=settings.momentum))
    losses = fit_stage(
        "dynamic", condenser, make_batch, settings.iterations, run,
        rates=" or ".join(f"dynamic.learning_rates.{name}" for name in rates),
        checkpoint_every=recipe.run.checkpoint_every, progress=progress, title="Dynamic learning (DM)",
    )  # fmt: skip
    arrays = memory.arrays()
    save_arrays(finished, arrays, iterations=len(losses))
    (finished.parent / "checkpoint.safetensors").unlink(missing_ok=True)
    return arrays


def start_memory(recipe, store, static):
    """The memory of a recipe, as layers, holding what learning starts from."""
    counts, data = recipe.memory, recipe.data
    classes, seed = len(store.class_names), recipe.run.seed
    if counts.kind == "still":
        memory = StillMemory(classes, counts.statics_per_class, data.frames, data.size, counts.videos_per_class)
        memory.static.assign(static)
        return memory
    if counts.kind == "full-video":
        memory = FullVideoMemory(classes, counts.videos_per_class, data.frames, data.size)
        memory.video.assign(_random_clips(recipe, store))
        return memory
    memory = StaticDynamicMemory(
        classes, counts.videos_per_class, counts.statics_per_class, counts.dynamics_per_class,
        data.frames, data.size, counts.integrators,
    )  # fmt: skip
    memory.static.assign(static)
    rng = stream(seed, "dynamic", "start")
    memory.dynamic.assign(rng.standard_normal(memory.dynamic.shape, dtype="float32"))
    for integrator in memory.integrators:
        for variable in (integrator.kernel, integrator.bias):
            bound = integrator.init_bound
            variable.assign(rng.uniform(-bound, bound, variable.shape).astype("float32"))
    return memory


def _random_clips(recipe, store):
    data, rng = recipe.data, stream(recipe.run.seed, "dynamic", "start")
    rows = choose_by_class(store, recipe.memory.videos_per_class, rng)
    clips = normalise(read_clips(store, rows.ravel(), data.frames, data.interval, rng), data.mean, data.std)
    return clips.reshape(*rows.shape, *clips.shape[1:]).astype(np.float32)
