"""The integrator H: a still and a motion clip become a video."""

import keras
from keras import ops

from keras_vdd.layers.convolution import Conv3D


@keras.saving.register_keras_serializable(package="keras_vdd")
class Integrator(Conv3D):
    """H(S, D): the still repeated over time, joined with the motion clip on channels, one Conv3D 4 -> 3.

    "Dancing with Still Images" (CVPR 2024), section 4; its text calls H a MiniC3D, its code uses this
    single 3x3x3 layer with bias: 327 parameters.

    Call with `static` (batch, height, width, 3) and `dynamic` (batch, time, height, width, 1), both
    float32; returns videos (batch, time, height, width, 3).
    """

    def __init__(self, **kwargs):
        for fixed in ("filters", "kernel_size", "strides", "padding", "data_format"):
            kwargs.pop(fixed, None)
        super().__init__(3, (3, 3, 3), padding=(1, 1, 1), **kwargs)

    def build(self, static_shape, dynamic_shape=None):
        super().build((None, None, None, None, 4))

    def call(self, static, dynamic):
        return super().call(with_motion(static, dynamic))

    def compute_output_shape(self, static_shape, dynamic_shape):
        return (*dynamic_shape[:4], 3)


def with_motion(static, dynamic):
    """Join stills (n, H, W, 3), repeated over time, with motion clips (n, T, H, W, 1): (n, T, H, W, 4)."""
    frames = ops.repeat(ops.expand_dims(static, 1), dynamic.shape[1], axis=1)
    return ops.concatenate([frames, ops.cast(dynamic, frames.dtype)], axis=-1)
