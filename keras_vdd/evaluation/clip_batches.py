"""Real test clips as batches for `model.evaluate`."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

from typing import Any

import keras
import numpy as np

from keras_vdd.text import counted


class ClipBatches(keras.utils.PyDataset):
    """Batches (videos, labels) of the test clips that every network of a recipe's table is tested on.

    Attributes:
        class_names: tuple of str, by label.
        labels: int32 (n,), those of all clips in the order of the batches.

    Args:
        clips: `RealClips`.
        class_names: of the set.
        pixels: give float32 pixels, 0 to 255, in place of normalised videos.
        **workers: `workers`, `use_multiprocessing` and `max_queue_size` of `PyDataset`.
    """

    def __init__(
        self, clips: Any, class_names: tuple[str, ...], pixels: bool = False, **workers: Any
    ) -> None:
        super().__init__(**workers)
        self.class_names, self.labels = tuple(class_names), clips.labels
        self._clips, self._pixels = clips, pixels
        self._ends = np.cumsum([0, *clips.sizes])

    def __repr__(self) -> str:
        return f"ClipBatches({counted(len(self.labels), 'clip')} of {len(self.class_names)} classes)"

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index`: float32 (clips, frames, height, width, 3) and int32 (clips,)."""
        if not 0 <= index < len(self):
            raise IndexError(f"There is no batch {index}: there are {len(self)}.")
        videos = self._clips.pixels(index).astype(np.float32) if self._pixels else self._clips.batch(index)
        return videos, self.labels[self._ends[index] : self._ends[index + 1]]
