"""Settings that matching losses have in common; none of them needs Keras."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from keras_vdd.models.registry import ClipNetwork
from keras_vdd.settings import Fraction, Positive, Rate, Settings, listed

Strategy = Literal["flip", "colour", "crop", "cutout", "scale", "rotate"]
Strategies = Annotated[tuple[Strategy, ...], BeforeValidator(listed)]


class LearningRates(Settings):
    """Steps of what stage 2 updates; each is needed where the memory or the loss has that part."""

    dynamic: Rate | None = None
    """Motion clips of a static-dynamic memory."""
    integrator: Rate | None = None
    """Integrators of a static-dynamic memory."""
    static: Rate | None = None
    """Stills of a still memory."""
    video: Rate | None = None
    """Videos of a full-video memory."""
    step_size: Rate | None = None
    """Step size of the inner training (mtt); 0 keeps it fixed."""
    labels: Rate | None = None
    """Learned labels (frepo, and mtt with soft_labels)."""


class MatchingSettings(Settings):
    """Stage 2: videos learned by a matching loss; what every loss has.

    The settings of a loss are a subclass with a field `loss`, a `Literal` of its name and with it as default.
    """

    iterations: Positive = 5000
    """Iterations."""
    learning_rates: LearningRates = LearningRates()
    """Steps of the optimizer."""
    network: ClipNetwork = "mini_c3d"
    """Video network that the loss looks through."""
    width: Positive = 128
    """Filters of its widest layers."""
    stem: Positive = 64
    """Filters of its first layer, 64 in the paper."""


class ClassSettings(MatchingSettings):
    """Settings of losses that compare real and synthetic clips class by class on a fresh network."""

    momentum: Fraction = 0.95
    """SGD momentum."""
    real_per_class: Positive = 64
    """Real clips of each class at an iteration."""
    chunk: Positive = 64
    """Real clips in one pass; smaller takes less memory and gives the same result to rounding."""
    augment: Strategies = ()
    """Differentiable augmentation, one draw a class, equal on real and synthetic clips; [] is off."""
