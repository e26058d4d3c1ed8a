"""Stills alone, shown as unmoving videos."""

from keras import ops

from keras_vdd.memory.layer import MemoryLayer


class StillMemory(MemoryLayer):
    """Static memory S: learned stills, repeated over time when a video is asked for.

    Static learning and the baseline Static-DC of "Dancing with Still Images" (CVPR 2024), sections 3 and 4.

    Args:
        classes: int.
        stills_per_class: int, SPC.
        frames, size: int, of a video.
        videos_per_class: int, slots; SPC by default.
        quantise: "int8" or "int4", learn stills as they are stored in it; None for as they are.
    """

    kind = "still"

    def __init__(
        self, classes, stills_per_class, frames, size, videos_per_class=None, quantise=None, **kwargs
    ):
        slots = videos_per_class or stills_per_class
        super().__init__(classes, slots, stills_per_class, 0, frames, size, quantise, **kwargs)
        shape = (classes, stills_per_class, size, size, 3)
        self.static = self.add_weight(name="static", shape=shape, initializer="zeros")
        self.built = True

    @classmethod
    def of(cls, settings, classes, frames, size):
        counts = settings.statics_per_class, frames, size, settings.videos_per_class
        return cls(classes, *counts, quantise=settings.quantise)

    def start(self, settings, start):
        """The stills of stage 1."""
        self.static.assign(start.stills)

    def call(self, pairs):
        return ops.repeat(self.stored(pairs), self.frames, axis=1)

    @property
    def stored_frames(self):
        return 1

    def stored(self, pairs):
        return ops.expand_dims(self.images(pairs), 1)

    def images(self, pairs):
        """The stills of pairs (n, 3) as images (n, size, size, 3)."""
        return self._seen(self.static, pairs[:, 0], pairs[:, 1])

    def arrays(self):
        return {"static": self._array(self.static)}
