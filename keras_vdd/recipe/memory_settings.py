"""Settings of the memory: what is learned, in what form."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from keras_vdd.settings import Positive, Settings, Whole

_NO_MOTION = {
    "integrators": 1,
    "integrator_start": "random",
    "dynamic_frames": None,
    "dynamic_size": None,
}


class MemorySettings(Settings):
    """What is learned (section 4.1)."""

    kind: Literal["static-dynamic", "still", "full-video"] = "static-dynamic"
    """Stills and one-channel motion joined by an integrator, stills alone, or whole videos."""
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
    dynamic_frames: Positive | None = None
    """Frames that a motion clip stores, interpolated to data.frames when used; null stores all."""
    dynamic_size: Positive | None = None
    """Side of a stored motion clip in pixels, interpolated to data.size when used; null stores all."""
    quantise: bool = False
    """Learn memories as they are stored in int8, rounded, through a straight-through estimator."""

    @model_validator(mode="before")
    @classmethod
    def _drop_what_the_kind_lacks(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        lacking = {
            "still": {"dynamics_per_class": 0, **_NO_MOTION},
            "full-video": {"statics_per_class": 0, "dynamics_per_class": 0, **_NO_MOTION},
        }
        kind = values.get("kind")
        return {**values, **lacking.get(kind, {})} if isinstance(kind, str) else values

    @model_validator(mode="after")
    def _slots(self) -> "MemorySettings":
        counts = {"statics_per_class": self.statics_per_class, "dynamics_per_class": self.dynamics_per_class}
        needed = {"static-dynamic": list(counts), "still": ["statics_per_class"], "full-video": []}[self.kind]
        wrong = [
            f"memory.{name}={counts[name]} must be a multiple of memory.videos_per_class="
            f"{self.videos_per_class} and above 0"
            for name in needed
            if counts[name] < 1 or counts[name] % self.videos_per_class
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self
