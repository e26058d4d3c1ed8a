"""The parametric interpolator: how few frames become all by a network that was trained on real clips.

Section 3.3 of "Dancing with Still Images" (CVPR 2024): stored frames are duplicated to the video's length, and the
network makes of that what real clips look like from which as many evenly spaced frames were kept.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.files import checksum
from keras_vdd.temporal.timesformer import MOST_BYTES, Architecture, recover
from keras_vdd.text import counted


@dataclass(frozen=True, eq=False)
class Interpolator:
    """A trained interpolator; it is frozen, and gradients pass through it to the frames that it is given.

    Attributes:
        about: `keras_vdd.temporal.Architecture`.
        weights: dict of float32 arrays, as `about.shapes()` says.

    Raises:
        UsageError: a weight is missing, superfluous, of another shape or not finite, or sizes do not fit.
    """

    about: Architecture
    weights: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        if wrong := why_not(self.about):
            raise UsageError(f"There is no such interpolator: {wrong}.")
        shapes = self.about.shapes()
        if strange := sorted(shapes.keys() ^ self.weights.keys()):
            known = "lacks" if strange[0] in shapes else "has no use for"
            raise UsageError(f"The interpolator {known} the weight {strange[0]!r}.")
        for name, shape in shapes.items():
            weight = self.weights[name]
            if weight.shape != shape or weight.dtype != np.float32 or not np.isfinite(weight).all():
                raise UsageError(
                    f"The interpolator's weight {name!r} is {weight.dtype} {weight.shape}; it must be finite "
                    f"float32 {shape}."
                )

    def __repr__(self) -> str:
        about = self.about
        made = f"{about.frames} x {about.size} x {about.size}"
        return f"Interpolator({counted(about.stored_frames, 'frame')} to {made}, {self.nbytes:,} bytes)"

    @property
    def nbytes(self) -> int:
        """Bytes of its weights."""
        return self.about.nbytes

    @property
    def mark(self) -> str:
        """A checksum of its sizes and weights: equal for equal interpolators."""
        weights = (np.ascontiguousarray(self.weights[name]).tobytes() for name in self.about.shapes())
        return checksum([repr(sorted(asdict(self.about).items())), *weights])

    def __call__(self, videos: Any, functions: Any = np) -> Any:
        """Make all frames of videos of those stored.

        Args:
            videos: float (n, stored_frames, size, size, 3), normalised; an array, or a tensor.
            functions: `numpy`, or `keras.ops` for tensors.

        Returns:
            the same type, (n, frames, size, size, 3).
        """
        if functions is np:
            # Each alone: how products are added up, and so their last bits, depends on how many there are.
            made = [recover(self.weights, video[None], self.about) for video in self._duplicated(videos, np)]
            return np.concatenate(made) if made else self._duplicated(videos, np)
        weights = {
            name: functions.convert_to_tensor(w, dtype=videos.dtype) for name, w in self.weights.items()
        }
        return recover(weights, self._duplicated(videos, functions), self.about, functions)

    def grey(self, clips: Any, functions: Any = np) -> Any:
        """Make all frames of one-channel clips (n, stored_frames, size, size), such as motion.

        The network sees them as grey videos; the mean of the three colours that it gives is taken.
        """
        colours = functions.repeat(functions.expand_dims(clips, -1), 3, axis=-1)
        return functions.mean(self(colours, functions), axis=-1)

    def _duplicated(self, videos: Any, functions: Any) -> Any:
        return functions.take(videos, shown_as(self.about.stored_frames, self.about.frames), axis=1)


def shown_as(stored: int, frames: int) -> np.ndarray:
    """Which stored frame stands at each moment of a video where frames are duplicated, int32 (frames,)."""
    return (np.arange(frames) * stored // frames).astype(np.int32)


def evenly_spaced(stored: int, frames: int) -> np.ndarray:
    """The frames of a clip that are kept: the first moment at which each is shown, int32 (stored,).

    Example:
        >>> evenly_spaced(2, 8).tolist(), shown_as(2, 8).tolist()
        ([0, 4], [0, 0, 0, 0, 1, 1, 1, 1])
    """
    return np.searchsorted(shown_as(stored, frames), np.arange(stored)).astype(np.int32)


def why_not(about: Architecture) -> str | None:
    """Return why there can be no interpolator of these sizes, a clause; None where there can."""
    for field in fields(about):
        value = getattr(about, field.name)
        if type(value) is not int or value < 1:
            return f"{field.name} is {str(value)[:60]} and must be a whole number above 0"
    if about.stored_frames >= about.frames:
        return f"{about.stored_frames} stored frames leave none of {about.frames} to be made"
    if about.size % about.patch:
        return f"patches of {about.patch} pixels do not fill frames of {about.size}; choose a patch that divides it"
    if about.width % about.heads:
        return f"{about.heads} heads do not share {about.width} numbers of a token; choose a divisor of the width"
    if about.depth > 100 or about.nbytes > MOST_BYTES:
        return (
            f"its weights take {about.nbytes:,} bytes, and at most {MOST_BYTES:,} are carried by a set; "
            "choose less width or depth"
        )
    return None
