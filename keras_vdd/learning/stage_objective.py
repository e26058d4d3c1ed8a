"""What the objectives of stage 2 have in common."""

from typing import Any, ClassVar

import keras

from keras_vdd import models
from keras_vdd.learning.objective import Objective
from keras_vdd.learning.rates import by_part


class StageObjective(Objective):
    """Base of the objectives; see the package for what they have.

    Args:
        recipe: `Recipe` with a dynamic stage.
        store: the training `Store`.
        memory: the layer that is learned.
        bank: `ExpertBank` or None.
    """

    constraints: ClassVar[dict[str, Any]] = {}

    def __init__(self, recipe, store, memory, bank=None):
        self.recipe, self.settings, self.data = recipe, recipe.dynamic, recipe.data
        self.store, self.memory, self.bank = store, memory, bank
        self.classes = len(store.class_names)
        self.extras = {}
        settings, data = self.settings, self.data
        self.network = models.create(
            settings.network, self.classes, data.frames, data.size, settings.width, settings.stem,
            recipe.run.precision,
        )  # fmt: skip

    @property
    def rates(self):
        """dict: learning rate by part; a recipe gives those of the learned parts and no others."""
        return self.settings.learning_rates.model_dump(exclude_none=True)

    @property
    def to_lower(self):
        """list of str: settings of which one may be too large where learning diverges."""
        return [f"dynamic.learning_rates.{part}" for part, rate in self.rates.items() if rate]

    def optimizer(self):
        """SGD with the recipe's momentum and a learning rate for each part."""
        return by_part(keras.optimizers.SGD, self.rates, momentum=self.settings.momentum)

    def results(self, condenser):
        """Nothing besides the memory."""
        return {}, {}
