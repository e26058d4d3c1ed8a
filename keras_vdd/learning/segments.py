"""Real and synthetic clips cut into segments that are paired in time, as the network of a stage sees them."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.learning.stage import Stage
from keras_vdd.models.registry import NETWORKS
from keras_vdd.temporal import segments
from keras_vdd.tensors import Tensor


class Segments:
    """The segments of a stage ("Dancing with Still Images", CVPR 2024, section 3.2): of one length, in order in time.

    Iterate for pairs of (real frames, synthetic frames), arrays of frame numbers.

    Args:
        stage: `Stage`, of clips.
        stored: int, frames that are learned of a video (N_syn).
        network: that of the stage.

    Attributes:
        of_frames: bool, whether the network looks at frames: a segment is one, and has no axis of time.

    Raises:
        UsageError: segments would not be of one length, or the network has other features for real segments than for
            synthetic ones.
    """

    def __init__(self, stage: Stage, stored: int, network: keras.Model) -> None:
        check_lengths(stage, stored, network)
        self.of_frames = looks_at_frames(stage.settings.network)
        self._pairs = segments(stage.real_frames, stage.shown(stored), stage.segments)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def whole(self) -> bool:
        """Whether there is one, of clips as they are."""
        return len(self) == 1 and not self.of_frames

    def cut(self, clips: Tensor, frames: np.ndarray, axis: int = 1) -> Tensor:
        """Return a segment of clips, whose axis of time is `axis`, as the network sees it."""
        before = (slice(None),) * axis
        if self.of_frames:
            return clips[(*before, int(frames[0]))]
        return clips if self.whole else clips[(*before, slice(int(frames[0]), int(frames[-1]) + 1))]


def looks_at_frames(network: str) -> bool:
    """Return whether a network looks at frames, by its name."""
    return NETWORKS.get(network).input == "frames"


def check_lengths(stage: Stage, stored: int, network: Any) -> None:
    """See to it that a network takes the real and the synthetic clips of a stage alike.

    Args:
        stage, stored: as `Segments` takes them.
        network: the network, or a function that makes it, which is called where lengths differ alone.

    Raises:
        UsageError: they differ in length, and it has other features or weights for clips of another length.
    """
    real, synthetic = stage.lengths(stored)
    if real == synthetic or looks_at_frames(stage.settings.network):
        return
    made = network if isinstance(network, keras.Model) else network()
    if not getattr(made, "any_length", False):
        raise UsageError(
            f"{stage.name}.network={stage.settings.network} has other features for clips of "
            f"{max(real, synthetic)} frames than for {min(real, synthetic)}: choose one that takes clips of any "
            "length, such as convnet_gru, or as many real frames as are stored."
        )
