"""Settings of a still memory."""

from typing import Literal

from keras_vdd.memory.settings import MemorySettings


class StillSettings(MemorySettings):
    """What is learned: stills alone, shown as unmoving videos."""

    uses = ("statics_per_class",)

    kind: Literal["still"] = "still"
    """Stills alone; others learn stills and one-channel motion joined by an integrator, or whole videos."""

    def frames_of(self, frames: int) -> int:
        """One frame, whatever is shown of it."""
        return 1
