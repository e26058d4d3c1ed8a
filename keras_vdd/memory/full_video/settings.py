"""Settings of a full-video memory."""

from typing import Literal

from keras_vdd.memory.settings import MemorySettings


class FullVideoSettings(MemorySettings):
    """What is learned: whole videos, every frame of them or a few that are interpolated."""

    uses = ("stored_frames", "interpolation")

    kind: Literal["full-video"] = "full-video"
    """Whole videos; others learn stills and one-channel motion joined by an integrator, or stills alone."""
