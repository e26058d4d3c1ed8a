"""Whether the network of stage 2 takes clips of the lengths that a recipe has it compare, before anything is made."""

from typing import Any

import keras

from keras_vdd import models
from keras_vdd.learning.segments import check_lengths
from keras_vdd.learning.stage import Stage


def check_clip_lengths(recipe: Any) -> None:
    """See to it that stage 2 of a `Recipe`, where there is one, compares clips that its network takes alike.

    Recipes are checked without Keras; what a network makes of another length only the network tells.

    Raises:
        UsageError: real and synthetic clips differ in length, and the network is for one length.
    """
    settings, data = recipe.dynamic, recipe.data
    if settings is None:
        return
    stage = Stage("dynamic", settings, data, recipe.run.seed)

    def network() -> keras.Model:
        return models.create(settings.network, 2, data.frames, data.size, settings.width, settings.stem)

    check_lengths(stage, recipe.memory.frames_of(data.frames), network)
