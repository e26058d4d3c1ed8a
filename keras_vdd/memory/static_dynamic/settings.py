"""Settings of a static-dynamic memory."""

from typing import Literal

from keras_vdd.memory.settings import MemorySettings


class StaticDynamicSettings(MemorySettings):
    """What is learned (section 4.1): stills and one-channel motion, joined by an integrator."""

    uses = (
        "statics_per_class",
        "dynamics_per_class",
        "integrators",
        "integrator_start",
        "stored_frames",
        "interpolation",
        "dynamic_size",
    )

    kind: Literal["static-dynamic"] = "static-dynamic"
    """Stills and one-channel motion joined by an integrator; others learn stills alone, or whole videos."""

    def fits(self, data):
        """Yield a sentence for what these settings cannot do with the `data` settings of a recipe."""
        yield from super().fits(data)
        if isinstance(data.classes, tuple) and self.integrators > len(data.classes):
            yield f"memory.integrators={self.integrators} is above the {len(data.classes)} classes"
        if self.dynamic_size is not None and self.dynamic_size > data.size:
            yield f"memory.dynamic_size={self.dynamic_size} is above data.size={data.size}; it can only store less"
