"""Stage 2 as `vdd distill` builds it, on made videos and made experts that lie in memory."""

import numpy as np

from keras_vdd.models import fresh_weights
from keras_vdd.recipe.load import load_recipe
from keras_vdd.stages.dynamic import start_memory
from keras_vdd.stages.learn import objective_of

SIZE = 64


class MadeStore:
    """What the stages ask of a `Store`: random videos that lie in memory.

    Args:
        classes: int.
        videos: int, of all classes together, spread evenly.
        size: int, side of a frame in pixels.
        length: int, frames of a video.
        distinct: int, videos that are made, and come again under other numbers; None makes each its own.
    """

    codec, split = "raw", "train"

    def __init__(self, classes, videos, size=SIZE, length=40, distinct=None):
        self.class_names = [f"class {label}" for label in range(classes)]
        self.labels = np.sort(np.arange(videos, dtype="int32") % classes)
        self.lengths = np.full(videos, length, "int32")
        self.size = size
        shape = (min(distinct or videos, videos), length, size, size, 3)
        self._frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def __len__(self):
        return len(self.labels)

    def frames(self, i):
        return self._frames[i % len(self._frames)]

    def by_class(self):
        return [np.flatnonzero(self.labels == label) for label in range(len(self.class_names))]


class MadeExperts:
    """What matching asks of an `ExpertBank`: two experts, fresh at first, that move a little each epoch."""

    epochs = 2

    def __init__(self, network):
        rng = np.random.default_rng(1)
        self._snapshots = []
        for _ in range(2):
            path = [fresh_weights(network, rng)]
            for _ in range(self.epochs):
                path.append([w + 1e-3 * rng.standard_normal(w.shape, dtype="float32") for w in path[-1]])
            self._snapshots.append(path)

    def __len__(self):
        return len(self._snapshots)

    def snapshot(self, expert, epoch):
        return self._snapshots[expert][epoch]


def recipe_of(loss, *overrides, width=128, videos="folder"):
    """The recipe of a set of videos with MTT, DM or FRePo, its rates such that made data do not diverge."""
    rates = ["dynamic.learning_rates.dynamic=1", "dynamic.learning_rates.integrator=1e-4"]
    if loss == "frepo":
        # Adam moves by about its rate, whatever the size of a gradient.
        rates = ["dynamic.learning_rates.dynamic=1e-3", "dynamic.learning_rates.integrator=1e-5"]
    if loss == "mtt":
        rates.append("dynamic.max_start_epoch=2")
    return load_recipe(f"{loss}-{videos}", [*rates, f"dynamic.width={width}", *overrides])


def condenser_of(recipe, store):
    """The compiled `Condenser` of a recipe, holding its start; the stills are random."""
    statics = (len(store.class_names), recipe.memory.statics_per_class, store.size, store.size, 3)
    stills = np.random.default_rng(2).standard_normal(statics, dtype="float32")
    memory = start_memory(recipe, store, stills)
    objective = objective_of(recipe, "dynamic", store, memory)
    if recipe.needs_experts:
        objective.bank = MadeExperts(objective.network)
    return objective.condenser()
