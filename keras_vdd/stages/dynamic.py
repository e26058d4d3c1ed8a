"""Stage 2, dynamic fine-tuning: motion and integrators, or any other memory, by a matching loss on videos."""

import numpy as np

from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.experts.engine import learn_experts
from keras_vdd.layers.integrator import start_weights
from keras_vdd.learning.real_batches import choose_by_class
from keras_vdd.memory import FullVideoMemory, StaticDynamicMemory, StillMemory
from keras_vdd.seeds import stream
from keras_vdd.stages.learn import finish, finished, learn


def learn_videos(recipe, stores, static, run, progress):
    """Learn the memory that the recipe asks for by a matching loss on videos.

    "Dancing with Still Images" (CVPR 2024), section 4 and Algorithm 1: the static memory is frozen, the
    dynamic memory starts from N(0, 1).

    Args:
        recipe: `Recipe` with a dynamic stage.
        stores: dict of `Store`, "train" and "test"; experts are tested on the latter, nothing else is.
        static: float32 (classes, SPC, size, size, 3) from stage 1; None for a full-video memory.
        run: `RunFolder`.
        progress: `keras_vdd.progress.Progress`.

    Returns:
        (arrays, facts): arrays as `DistilledSet` names them, `labels` among them where they were learned;
        `label_kind` and the learned `step_size`, where there are any.
    """
    if (done := finished(run, "dynamic")) is not None:
        arrays, facts = done
        return arrays, facts.get("results", {})
    store = stores["train"]
    bank = learn_experts(recipe, stores, progress) if recipe.needs_experts else None
    memory = start_memory(recipe, store, static)
    arrays, facts, iterations = learn(recipe, "dynamic", memory, store, run, progress, bank)
    finish(run, "dynamic", arrays, iterations=iterations, results=facts)
    return arrays, facts


def start_memory(recipe, store, static):
    """The memory of a recipe, as layers, holding what learning starts from."""
    counts, data = recipe.memory, recipe.data
    classes, seed = len(store.class_names), recipe.run.seed
    if counts.kind == "still":
        memory = StillMemory(
            classes, counts.statics_per_class, data.frames, data.size, counts.videos_per_class,
            quantise=counts.quantise,
        )  # fmt: skip
        memory.static.assign(static)
        return memory
    if counts.kind == "full-video":
        memory = FullVideoMemory(
            classes, counts.videos_per_class, data.frames, data.size, quantise=counts.quantise
        )
        memory.video.assign(_random_clips(recipe, store))
        return memory
    memory = StaticDynamicMemory(
        classes, counts.videos_per_class, counts.statics_per_class, counts.dynamics_per_class,
        data.frames, data.size, counts.integrators, counts.dynamic_frames, counts.dynamic_size, counts.quantise,
    )  # fmt: skip
    memory.static.assign(static)
    rng = stream(seed, "dynamic", "start")
    memory.dynamic.assign(rng.standard_normal(memory.dynamic.shape, dtype="float32"))
    for integrator in memory.integrators:
        kernel, bias = start_weights(rng, counts.integrator_start)
        integrator.kernel.assign(kernel)
        integrator.bias.assign(bias)
    return memory


def _random_clips(recipe, store):
    data, rng = recipe.data, stream(recipe.run.seed, "dynamic", "start")
    rows = choose_by_class(store, recipe.memory.videos_per_class, rng)
    clips = normalise(read_clips(store, rows.ravel(), data.frames, data.interval, rng), data.mean, data.std)
    return clips.reshape(*rows.shape, *clips.shape[1:]).astype(np.float32)
