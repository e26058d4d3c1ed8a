"""Whole videos, every frame learned."""

from keras_vdd.memory.layer import MemoryLayer


class FullVideoMemory(MemoryLayer):
    """Videos learned directly: the naive baselines of "Dancing with Still Images" (CVPR 2024), section 5.

    Args:
        classes: int.
        videos_per_class: int, VPC.
        frames, size: int, of a video.
        quantise: "int8" or "int4", learn videos as they are stored in it; None for as they are.
    """

    kind = "full-video"

    def __init__(self, classes, videos_per_class, frames, size, quantise=None, **kwargs):
        super().__init__(classes, videos_per_class, videos_per_class, 0, frames, size, quantise, **kwargs)
        shape = (classes, videos_per_class, frames, size, size, 3)
        self.video = self.add_weight(name="video", shape=shape, initializer="zeros")
        self.built = True

    @classmethod
    def of(cls, settings, classes, frames, size):
        return cls(classes, settings.videos_per_class, frames, size, quantise=settings.quantise)

    def start(self, settings, start):
        """Random real clips."""
        self.video.assign(start.random_clips(settings.videos_per_class))

    def call(self, pairs):
        return self._seen(self.video, pairs[:, 0], pairs[:, 1])

    def arrays(self):
        return {"video": self._array(self.video)}
