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
        "dynamic_frames",
        "dynamic_size",
    )

    kind: Literal["static-dynamic"] = "static-dynamic"
    """Stills and one-channel motion joined by an integrator; others learn stills alone, or whole videos."""

    def fits(self, data):
        """Yield a sentence for what these settings cannot do with the `data` settings of a recipe."""
        if isinstance(data.classes, tuple) and self.integrators > len(data.classes):
            yield f"memory.integrators={self.integrators} is above the {len(data.classes)} classes"
        for name in ("frames", "size"):
            stored, shown = getattr(self, f"dynamic_{name}"), getattr(data, name)
            if stored is not None and stored > shown:
                yield f"memory.dynamic_{name}={stored} is above data.{name}={shown}; it can only store less"
