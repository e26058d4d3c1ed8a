"""Stage 2 as `vdd distill` builds it, on made videos and made experts that lie in memory."""

import numpy as np

from keras_vdd.models import fresh_weights
from keras_vdd.recipe.load import load_recipe
from keras_vdd.stages.dynamic import start_memory
from keras_vdd.stages.learn import objective_of

FRAMES, SIZE, LENGTH = 8, 64, 40


class MadeStore:
    """What the stages ask of a `Store`: random videos, `per_class` of every class."""

    codec = "raw"

    def __init__(self, classes, per_class):
        self.class_names = [f"class {label}" for label in range(classes)]
        self.labels = np.repeat(np.arange(classes, dtype="int32"), per_class)
        self.lengths = np.full(len(self.labels), LENGTH, "int32")
        self.size = SIZE
        shape = (len(self.labels), LENGTH, SIZE, SIZE, 3)
        self._frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def __len__(self):
        return len(self.labels)

    def frames(self, i):
        return self._frames[i]

    def by_class(self):
        return [np.flatnonzero(self.labels == label) for label in range(len(self.class_names))]


class MadeExperts:
    """What matching asks of an `ExpertBank`: two experts, fresh at first, that then move a little each epoch."""

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


def recipe_of(loss, *overrides, width=128):
    """The recipe of a folder of videos with MTT or DM, its rates such that made data do not diverge."""
    rates = ["dynamic.learning_rates.dynamic=1", "dynamic.learning_rates.integrator=1e-4"]
    if loss == "mtt":
        rates.append("dynamic.max_start_epoch=2")
    return load_recipe(f"{loss}-folder", [*rates, f"dynamic.width={width}", *overrides])


def condenser_of(recipe, store):
    """The compiled `Condenser` of a recipe, holding its start; the stills are random."""
    statics = (len(store.class_names), recipe.memory.statics_per_class, SIZE, SIZE, 3)
    stills = np.random.default_rng(2).standard_normal(statics, dtype="float32")
    memory = start_memory(recipe, store, stills)
    objective = objective_of(recipe, "dynamic", store, memory)
    if recipe.needs_experts:
        objective.bank = MadeExperts(objective.network)
    return objective.condenser()
