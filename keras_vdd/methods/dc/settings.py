"""Settings of DC: on the videos of stage 2, and on the stills of stage 1."""

from typing import Annotated, Literal

from pydantic import Field

from keras_vdd.methods.settings import ClassSettings, Strategies
from keras_vdd.models.registry import FrameNetwork
from keras_vdd.settings import Fraction, Positive, Rate, Real, Settings, Whole


class GradientSettings(ClassSettings):
    """DC: match the gradients that each class gives a fresh network."""

    loss: Literal["dc"] = "dc"
    """Matching loss: dc, one minus the cosine of the gradients of each class, filter by filter."""


class StaticSettings(Settings):
    """Stage 1: stills learned by gradient matching (DC), a fresh image network at every iteration."""

    iterations: Positive = 3000
    """Most iterations; fewer where the loss converges first."""
    learning_rate: Rate = 0.1
    """SGD step on the stills."""
    momentum: Fraction = 0.5
    """SGD momentum on the stills."""
    network: FrameNetwork = "convnet_d4"
    """Image network whose gradients are matched."""
    width: Annotated[Whole, Field(ge=2)] = 128
    """Filters of each of its layers; a layer of one filter has no gradient to match by filters."""
    real_per_class: Positive = 64
    """Real frames of each class at an iteration, each of another video where there are enough."""
    chunk: Positive = 64
    """Real frames in one pass; smaller takes less memory and gives the same result to rounding."""
    patience: Annotated[Whole, Field(ge=0)] = 0
    """Window of the early stop in iterations; 0 runs them all."""
    tolerance: Annotated[Real, Field(ge=0, lt=1)] = 0.01
    """Stop when the mean loss of a window is not lower than the one before by this share of it."""
    augment: Strategies = ()
    """Differentiable augmentation, one draw a class, equal on real and synthetic frames; [] is off."""
