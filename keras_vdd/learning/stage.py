"""One stage of a run, as what learns in it sees it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

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
        """What a `Condenser` shows the objective of a memory."""
        return "images" if self.stills else "call"

    def stream(self, *names: Any) -> np.random.Generator:
        """The stage's random generator of that name."""
        return stream(self.seed, self.name, *names)
