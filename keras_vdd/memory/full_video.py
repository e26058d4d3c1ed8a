"""Whole videos, every frame learned."""

from keras import ops

from keras_vdd.memory.layer import Memory


class FullVideoMemory(Memory):
    """Videos learned directly: the naive baselines of "Dancing with Still Images" (CVPR 2024), section 5.

    Args:
        classes: int.
        videos_per_class: int, VPC.
        frames, size: int, of a video.
    """

    kind = "full-video"

    def __init__(self, classes, videos_per_class, frames, size, **kwargs):
        super().__init__(classes, videos_per_class, videos_per_class, 0, frames, size, **kwargs)
        shape = (classes, videos_per_class, frames, size, size, 3)
        self.video = self.add_weight(name="video", shape=shape, initializer="zeros")
        self.built = True

    def call(self, pairs):
        flat = ops.reshape(self.video.value, (-1, *self.video.shape[2:]))
        return ops.take(flat, pairs[:, 0] * self.videos_per_class + pairs[:, 1], axis=0)

    def arrays(self):
        return {"video": ops.convert_to_numpy(self.video)}
