"""Stage 1, static learning: stills by gradient matching (DC)."""

import keras
import numpy as np

from keras_vdd import models
from keras_vdd.data.clips import read_stills
from keras_vdd.data.normalise import normalise
from keras_vdd.learning.checkpoint import load_arrays, save_arrays
from keras_vdd.learning.condenser import Condenser
from keras_vdd.learning.fit import fit_stage
from keras_vdd.learning.objective import ThroughVideos
from keras_vdd.learning.real_batches import choose_by_class, on_device
from keras_vdd.matching.augmentation_draws import draw
from keras_vdd.matching.gradient import gradient_matching
from keras_vdd.memory import StillMemory
from keras_vdd.methods.class_matching import augmented
from keras_vdd.seeds import stream


def learn_stills(recipe, store, run, progress):
    """Learn the static memory, or take the random real frames it starts from where there is no stage 1.

    "Dancing with Still Images" (CVPR 2024), section 4 and Algorithm 1: stills start as random real
    frames; each iteration draws one random frame of each visited video and a fresh ConvNet, and matches
    the gradients of each class.

    Returns:
        float32 (classes, SPC, size, size, 3), normalised.
    """
    finished = run.stage("static") / "memory.safetensors"
    if finished.exists():
        return load_arrays(finished)[0]["static"]
    settings, data, seed = recipe.static, recipe.data, recipe.run.seed
    classes, count = len(store.class_names), recipe.memory.statics_per_class
    memory = StillMemory(classes, count, data.frames, data.size, quantise=recipe.memory.quantise)
    memory.static.assign(random_stills(recipe, store))
    losses = []
    if settings is not None:
        network = models.create(
            settings.network, classes, data.frames, data.size, settings.width, precision=recipe.run.precision
        )

        def matching(stills, batch):
            real = on_device(batch["real"], classes, data.mean, data.std)
            weights = models.as_weights(network, batch["network"])
            if not settings.augment:
                return gradient_matching(network, weights, real, stills, settings.chunk)
            return augmented(gradient_matching, network, weights, real, stills, batch["augment"], settings.chunk)

        def make_batch(iteration):
            rng = stream(seed, "static", iteration)
            rows = choose_by_class(store, settings.real_per_class, rng)
            real = read_stills(store, rows.ravel(), rng, data.flip)
            batch = {
                "pairs": memory.enumerate(),
                "real": real.reshape(*rows.shape, *real.shape[1:]),
                "network": tuple(models.fresh_weights(network, rng)),
            }
            if settings.augment:
                batch["augment"] = draw(rng, classes, settings.augment)
            return batch

        condenser = Condenser(memory, ThroughVideos(matching, classes, count), view="images")
        condenser.compile(keras.optimizers.SGD(settings.learning_rate, momentum=settings.momentum))
        losses = fit_stage(
            "static", condenser, make_batch, settings.iterations, run,
            rates="static.learning_rate", checkpoint_every=recipe.run.checkpoint_every,
            patience=settings.patience, tolerance=settings.tolerance,
            progress=progress, title="Static learning (DC)",
        )  # fmt: skip
    static = memory.arrays()["static"]
    save_arrays(finished, {"static": static}, iterations=len(losses))
    (finished.parent / "checkpoint.safetensors").unlink(missing_ok=True)
    return static


def random_stills(recipe, store):
    """Random real frames of different videos where there are enough: float32 (classes, SPC, size, size, 3)."""
    rng = stream(recipe.run.seed, "static", "start")
    rows = choose_by_class(store, recipe.memory.statics_per_class, rng)
    stills = read_stills(store, rows.ravel(), rng)
    stills = normalise(stills, recipe.data.mean, recipe.data.std)
    return stills.reshape(*rows.shape, *stills.shape[1:]).astype(np.float32)
