"""What a memory starts from in stage 2: stills of stage 1, noise, or real clips."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.data.sampling import spread_interval
from keras_vdd.learning.real_batches import choose_by_class


@dataclass(frozen=True)
class Start:
    """What is at hand where a memory starts; `MemoryLayer.start` takes of it what it needs.

    Attributes:
        data: the `data` settings of the recipe.
        store: the training `Store`.
        stills: float32 (classes, SPC, size, size, 3) from stage 1, normalised; None where the memory has none.
        rng: `numpy.random.Generator`, of every draw of the start.
    """

    data: Any
    store: Any
    stills: np.ndarray | None
    rng: np.random.Generator

    def random_clips(self, count: int, frames: int | None = None) -> np.ndarray:
        """Draw real clips of different videos where there are enough.

        Args:
            count: int, clips of each class.
            frames: int, of a clip, spread over the time of a whole one; None for a whole one.

        Returns:
            float32 (classes, count, frames, size, size, 3), normalised.
        """
        data, rng = self.data, self.rng
        rows = choose_by_class(self.store, count, rng)
        shown = frames or data.frames
        interval = spread_interval(data.frames, data.interval, shown)
        clips = read_clips(self.store, rows.ravel(), shown, interval, rng)
        clips = normalise(clips, data.mean, data.std)
        return clips.reshape(*rows.shape, *clips.shape[1:]).astype(np.float32)
