"""Stage 1, static learning: stills by gradient matching (DC), the method `dc` on a still memory."""

import numpy as np

from keras_vdd.data.clips import read_stills
from keras_vdd.data.normalise import normalise
from keras_vdd.learning.real_batches import choose_by_class
from keras_vdd.memory import StillMemory
from keras_vdd.seeds import stream
from keras_vdd.stages.learn import finish, finished, learn


def learn_stills(recipe, store, run, progress, callbacks=()):
    """Learn the static memory, or take the random real frames it starts from where there is no stage 1.

    "Dancing with Still Images" (CVPR 2024), section 4 and Algorithm 1: stills start as random real
    frames; each iteration draws one random frame of each visited video and a fresh ConvNet, and matches
    the gradients of each class. Keras `callbacks` are told of it as `fit_stage` says.

    Returns:
        float32 (classes, SPC, size, size, 3), normalised.
    """
    if (done := finished(run, "static")) is not None:
        return done[0]["static"]
    classes, count, data = len(store.class_names), recipe.memory.statics_per_class, recipe.data
    # A slot for each still: every iteration looks at all of them.
    memory = StillMemory(classes, count, data.frames, data.size, quantise=recipe.learned_as)
    memory.static.assign(random_stills(recipe, store))
    iterations = 0
    if recipe.static is not None:
        _, _, iterations = learn(recipe, "static", memory, store, run, progress, callbacks=callbacks)
    arrays = memory.arrays()
    finish(run, "static", arrays, iterations=iterations)
    return arrays["static"]


def random_stills(recipe, store):
    """Random real frames of different videos where there are enough: float32 (classes, SPC, size, size, 3)."""
    rng = stream(recipe.run.seed, "static", "start")
    rows = choose_by_class(store, recipe.memory.statics_per_class, rng)
    stills = read_stills(store, rows.ravel(), rng)
    stills = normalise(stills, recipe.data.mean, recipe.data.std)
    return stills.reshape(*rows.shape, *stills.shape[1:]).astype(np.float32)
