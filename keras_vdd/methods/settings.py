"""Settings that matching losses have in common; none of them needs Keras."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticKnownError

from keras_vdd.memory.registry import MEMORIES, own_memories
from keras_vdd.models.registry import AnyNetwork, ClipNetwork
from keras_vdd.settings import Fraction, Positive, Rate, Settings, listed

Strategy = Literal["flip", "colour", "crop", "cutout", "scale", "rotate"]
Strategies = Annotated[tuple[Strategy, ...], BeforeValidator(listed)]


def _part_of_a_memory(name: str) -> str:
    if name not in LearningRates.of_memories():
        raise PydanticKnownError("extra_forbidden")
    return name


def _own_rates() -> dict[str, Any]:
    """A field for each part that memories of the package learn, in the order of their names."""
    learned = {part: says for _, memory in own_memories() for part, says in memory.learns.items()}
    return {part: (Rate | None, Field(None, description=learned[part])) for part in sorted(learned)}


_OfMemories = create_model("_OfMemories", __base__=Settings, **_own_rates())


class LearningRates(_OfMemories):  # type: ignore[misc, valid-type]
    """Steps of what stage 2 updates; each is needed where the memory or the loss has that part."""

    # Those of memories that were registered, which have no field.
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_part_of_a_memory)], Rate | None]

    step_size: Rate | None = None
    """Step size of the inner training (mtt); 0 keeps it fixed."""
    labels: Rate | None = None
    """Learned labels (frepo, and mtt with soft_labels)."""

    @classmethod
    def of_memories(cls) -> dict[str, str]:
        """What memories learn, those that were registered too: name of the part, and what it is."""
        return {part: says for memory in MEMORIES for part, says in memory.learns.items()}


class MatchingSettings(Settings):
    """Stage 2: videos learned by a matching loss; what every loss has.

    The settings of a loss are a subclass with a field `loss`, a `Literal` of its name and with it as default. `without`
    names settings that other losses have and this one cannot have, each with the reason.
    """

    without: ClassVar[Mapping[str, str]] = {}

    iterations: Positive = 5000
    """Iterations."""
    learning_rates: LearningRates = LearningRates()
    """Steps of the optimizer."""
    network: ClipNetwork = "mini_c3d"
    """Video network that the loss looks through."""
    width: Positive = 128
    """Filters of its widest layers."""
    stem: Positive = 64
    """Filters of MiniC3D's first layer, 64 in the paper; the ConvNets' is as wide as the others."""


class SegmentSettings(MatchingSettings):
    """Settings of losses that compare real and synthetic clips, all at once or segment by segment."""

    network: AnyNetwork = "mini_c3d"
    """Network that the loss looks through: of clips, or of frames where a segment is one frame."""
    real_frames: Positive | None = None
    """N_real of the paper's section 3: frames of a real clip, spread over the time of a whole one, that the stored
    frames of the memory are matched with. null matches whole clips with whole videos, made of what is stored."""
    segments: Positive = 1
    """K of the paper's section 3: real and synthetic clips are cut into as many, and matched one by one in time."""


class ClassSettings(SegmentSettings):
    """Settings of losses that compare real and synthetic clips class by class on a fresh network."""

    momentum: Fraction = 0.95
    """SGD momentum."""
    real_per_class: Positive = 64
    """Real clips of each class at an iteration."""
    chunk: Positive = 64
    """Real clips in one pass; smaller takes less memory and gives the same result to rounding."""
    augment: Strategies = ()
    """Differentiable augmentation, one draw a class, equal on real and synthetic clips; [] is off."""
