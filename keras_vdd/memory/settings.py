"""Settings that memories have in common; none of them needs Keras."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from keras_vdd.settings import Positive, Settings, Whole, one_of
from keras_vdd.temporal import INTERPOLATIONS, LEARNED

Interpolation = Annotated[str, one_of(lambda: [*INTERPOLATIONS, LEARNED])]

# What a kind that has no use for a setting holds it at, whatever a recipe says of it.
_WITHOUT = {
    "statics_per_class": 0,
    "dynamics_per_class": 0,
    "integrators": 1,
    "integrator_start": "random",
    "stored_frames": None,
    "interpolation": "half-pixel",
    "dynamic_size": None,
}
_COUNTS = ("statics_per_class", "dynamics_per_class")


class MemorySettings(Settings):
    """What is learned (section 4.1).

    The settings of a kind of memory are a subclass with a field `kind`, a `Literal` of its name and with it as
    default, and with fields of its own. `uses` names those of the optional ones here that it has a use for: counts,
    integrators, what is stored small. A recipe may say the others too; they are held at 0, 1 or null.
    """

    uses: ClassVar[tuple[str, ...]] = ()

    kind: str
    """What is learned, in which form."""
    videos_per_class: Positive = 1
    """Video slots of a class (VPC)."""
    statics_per_class: Annotated[Whole, Field(ge=0)] = 2
    """Stills of a class (SPC), a multiple of VPC; 0 for full-video."""
    dynamics_per_class: Annotated[Whole, Field(ge=0)] = 2
    """Motion clips of a class (DPC), a multiple of VPC; 0 for still and full-video."""
    integrators: Positive = 1
    """Integrators shared by the classes, 1 to the number of classes."""
    integrator_start: Literal["random", "identity"] = "random"
    """`random` as the paper's; `identity` passes the still through, plus a tenth of the random draw."""
    stored_frames: Positive | None = None
    """N_syn of the paper's section 3: frames that a video or a motion clip stores, interpolated to data.frames when
    used; null stores all."""
    interpolation: Interpolation = "half-pixel"
    """How few frames become many: duplicate; linear (the first and the last stored frame are those of the video, as in
    the paper); half-pixel (linear, each stored frame in the middle of its share); parametric (by a network trained on
    the real clips, see `interpolator`)."""
    dynamic_size: Positive | None = None
    """Side of a stored motion clip in pixels, interpolated to data.size when used; null stores all."""
    quantise: bool = False
    """Learn memories as export.dtype stores them (int8 or int4), rounded, through a straight-through estimator."""

    def fits(self, data: Any) -> Iterable[str]:
        """Yield a sentence for what these settings cannot do with the `data` settings of a recipe."""
        if self.stored_frames is not None and self.stored_frames > data.frames:
            stored = f"memory.stored_frames={self.stored_frames}"
            yield f"{stored} is above data.frames={data.frames}; it can only store less"

    def interpolates_by_network(self, frames: int) -> bool:
        """Return whether stored frames become the `frames` of a video by a trained interpolator."""
        return self.interpolation == LEARNED and self.frames_of(frames) < frames

    def frames_of(self, frames: int) -> int:
        """Return how many frames are stored of a video of `frames` (N_syn)."""
        return self.stored_frames or frames

    @model_validator(mode="before")
    @classmethod
    def _without_what_it_does_not_use(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {**values, **{name: value for name, value in _WITHOUT.items() if name not in cls.uses}}

    @model_validator(mode="after")
    def _slots(self) -> "MemorySettings":
        counts = {name: getattr(self, name) for name in _COUNTS if name in self.uses}
        wrong = [
            f"memory.{name}={count} must be a multiple of memory.videos_per_class={self.videos_per_class} and above 0"
            for name, count in counts.items()
            if count < 1 or count % self.videos_per_class
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self
