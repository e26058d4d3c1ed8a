"""What the objectives of the stages have in common."""

from typing import Any, ClassVar

import keras

from keras_vdd import models
from keras_vdd.data.clips import read_clips, read_stills
from keras_vdd.learning.condenser import Condenser
from keras_vdd.learning.objective import Objective
from keras_vdd.learning.rates import per_variable_lr
from keras_vdd.out_of_memory import SMALLER_DATA


class StageObjective(Objective):
    """Base of the objectives of a stage.

    A subclass has a `make_batch(iteration)` that depends on the stage's settings and the iteration alone, and may
    set `extras` and `constraints`, what it learns besides the memory, as `Condenser` takes them.

    Args:
        stage: `Stage`.
        store: the training `Store`.
        memory: the layer that is learned, holding its start.
        bank: `ExpertBank` or None.
    """

    constraints: ClassVar[dict[str, Any]] = {}

    def __init__(self, stage, store, memory, bank=None):
        self.stage, self.settings, self.data = stage, stage.settings, stage.data
        self.store, self.memory, self.bank = store, memory, bank
        self.classes = len(store.class_names)
        self.extras = {}
        settings, data = self.settings, self.data
        # Image networks have no stem.
        stem = {} if stage.stills else {"stem": settings.stem}
        self.network = models.create(
            settings.network,
            self.classes,
            stage.real_frames // stage.segments,
            data.size,
            settings.width,
            precision=stage.precision,
            **stem,
        )

    def read(self, rows, rng):
        """Random real clips of these videos, or stills, as the network looks at them: uint8 (n, ..., 3)."""
        if self.stage.stills:
            return read_stills(self.store, rows, rng, self.data.flip)
        return read_clips(
            self.store, rows, self.stage.real_frames, self.stage.real_interval, rng, self.data.flip
        )

    @property
    def rates(self):
        """The learning rate, or a dict of those of the parts; a recipe gives those of the learned parts alone."""
        if hasattr(self.settings, "learning_rate"):
            return self.settings.learning_rate
        return self.settings.learning_rates.model_dump(exclude_none=True)

    @property
    def lr_settings(self):
        """list of str: settings of which one may be too large where learning diverges."""
        if not isinstance(self.rates, dict):
            return [f"{self.stage.name}.learning_rate"]
        return [f"{self.stage.name}.learning_rates.{part}" for part, rate in self.rates.items() if rate]

    @property
    def lighter(self):
        """str: what to do where memory runs out, such as "lower dynamic.chunk to less than 64"."""
        return SMALLER_DATA

    def optimizer(self):
        """SGD with the settings' momentum and learning rates."""
        return per_variable_lr(keras.optimizers.SGD, self.rates, momentum=self.settings.momentum)

    def condenser(self):
        """The compiled `Condenser` that learns the memory, and what else the objective learns."""
        condenser = Condenser(self.memory, self, self.extras, self.constraints, view=self.stage.view)
        condenser.compile(self.optimizer())
        return condenser

    def results(self, condenser):
        """(arrays, facts) of what was learned besides the memory: `labels`, and facts such as a step size."""
        return {}, {}
