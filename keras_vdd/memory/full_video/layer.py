"""Whole videos, every frame learned."""

from keras import ops

from keras_vdd.memory.layer import MemoryLayer
from keras_vdd.temporal import upsampling


class FullVideoMemory(MemoryLayer):
    """Videos learned directly: the naive baselines of "Dancing with Still Images" (CVPR 2024), section 5.

    Args:
        classes: int.
        videos_per_class: int, VPC.
        frames, size: int, of a video.
        stored_frames: int, frames that are learned and stored of a video; None for all. A call interpolates them.
        interpolation: str, how, of `keras_vdd.temporal.INTERPOLATIONS`, or "parametric" by `interpolator`.
        quantise: "int8" or "int4", learn videos as they are stored in it; None for as they are.
    """

    kind = "full-video"

    def __init__(
        self, classes, videos_per_class, frames, size, stored_frames=None, interpolation="half-pixel", quantise=None,
        **kwargs,
    ):  # fmt: skip
        super().__init__(classes, videos_per_class, videos_per_class, 0, frames, size, quantise, **kwargs)
        stored = frames if stored_frames is None else stored_frames
        upsampling.axis_matrices((stored,), (frames,))  # refuses more frames than there are
        self._over_time = interpolation
        shape = (classes, videos_per_class, stored, size, size, 3)
        self.video = self.add_weight(name="video", shape=shape, initializer="zeros")
        self.built = True

    @classmethod
    def of(cls, settings, classes, frames, size):
        stored = settings.stored_frames, settings.interpolation
        return cls(classes, settings.videos_per_class, frames, size, *stored, quantise=settings.quantise)

    def start(self, settings, start):
        """Random real clips, of as many frames as are stored."""
        self.video.assign(start.random_clips(settings.videos_per_class, self.stored_frames))

    def call(self, pairs):
        whole = self.frames, self.size, self.size
        stored = self.stored_frames, self.size, self.size
        over_time, *_ = upsampling.axis_matrices(stored, whole, self._over_time, self.interpolator)
        return upsampling.along_time(self.stored(pairs), over_time, ops)

    @property
    def stored_frames(self):
        return self.video.shape[2]

    def stored(self, pairs):
        return self._seen(self.video, pairs[:, 0], pairs[:, 1])

    def arrays(self):
        return {"video": self._array(self.video)}
