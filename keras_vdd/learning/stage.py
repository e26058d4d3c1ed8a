"""One stage of a run, as what learns in it sees it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_vdd.data.sampling import spread_interval
from keras_vdd.seeds import stream


@dataclass(frozen=True)
class Stage:
    """What the objective of a stage is made for.

    Attributes:
        name: "static" or "dynamic": of its settings' section, its folder and its random streams.
        settings: the section: `network`, `width`, learning rates and what else its method has.
        data: what is known of the videos: `frames`, `size`, `interval`, `flip`, `mean`, `std`.
        seed: int, the run's.
        precision: "float32" or "bfloat16", of the networks.
        stills: bool; whether the network looks at stills instead of clips.
    """

    name: str
    settings: Any
    data: Any
    seed: int
    precision: str = "float32"
    stills: bool = False

    @property
    def view(self) -> str:
        """What a `Condenser` shows the objective of a memory: whole videos, its stored frames, or stills."""
        if self.stills:
            return "images"
        return "call" if self._real_frames is None else "stored"

    @property
    def real_frames(self) -> int:
        """Frames of a real clip (N_real)."""
        return int(self._real_frames or self.data.frames)

    @property
    def real_interval(self) -> int:
        """Source frames from one frame of a real clip to the next: fewer frames span the time of a whole clip."""
        return spread_interval(self.data.frames, self.data.interval, self.real_frames)

    @property
    def segments(self) -> int:
        """Segments that clips are matched in (K)."""
        return int(getattr(self.settings, "segments", 1))

    def lengths(self, stored: int) -> tuple[int, int]:
        """Frames of a real and of a synthetic segment, where `stored` frames are learned of a video (N_syn)."""
        return self.real_frames // self.segments, self.shown(stored) // self.segments

    def shown(self, stored: int) -> int:
        """Frames of a synthetic clip as the loss sees it, where `stored` are learned of a video."""
        return stored if self.view == "stored" else int(self.data.frames)

    @property
    def _real_frames(self) -> Any:
        return getattr(self.settings, "real_frames", None)

    def stream(self, *names: Any) -> np.random.Generator:
        """The stage's random generator of that name."""
        return stream(self.seed, self.name, *names)
