"""The integrator H: a still and a motion clip become a video."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_vdd.errors import UsageError
from keras_vdd.layers.convolution import Conv3D
from keras_vdd.tensors import Shape, Tensor

KERNEL_SHAPE = (3, 3, 3, 4, 3)
STARTS = ("random", "identity")


@keras.saving.register_keras_serializable(package="keras_vdd")
class Integrator(Conv3D):
    """H(S, D): the still repeated over time, joined with the motion clip on channels, one Conv3D 4 -> 3.

    "Dancing with Still Images" (CVPR 2024), section 4; its text calls H a MiniC3D, its code uses this
    single 3x3x3 layer with bias: 327 parameters.

    Call with `static` (batch, height, width, 3) and `dynamic` (batch, time, height, width, 1), both
    float32; returns videos (batch, time, height, width, 3).
    """

    def __init__(self, **kwargs: Any) -> None:
        for fixed in ("filters", "kernel_size", "strides", "padding", "data_format"):
            kwargs.pop(fixed, None)
        super().__init__(3, (3, 3, 3), padding=(1, 1, 1), **kwargs)

    def build(self, static_shape: Shape, dynamic_shape: Shape | None = None) -> None:
        super().build((None, None, None, None, 4))

    # Keras passes as many arguments as the layer is called with.
    def call(self, static: Tensor, dynamic: Tensor) -> Tensor:  # type: ignore[override]
        return super().call(with_motion(static, dynamic))

    def compute_output_shape(  # type: ignore[override]
        self, static_shape: Shape, dynamic_shape: Shape
    ) -> Shape:
        return (*dynamic_shape[:4], 3)


def start_weights(
    rng: np.random.Generator, start: str = "random", scale: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the weights that an integrator starts from.

    Args:
        rng: `numpy.random.Generator`.
        start: "random", the reference's U(-b, b) with b = 1 / sqrt(fan_in), whose first videos are
            scrambled stills; or "identity", which passes the still through and adds `scale` times the
            same draw, so that motion has a gradient from the first step.
        scale: float, of the random part of "identity".

    Returns:
        (kernel, bias): float32 (3, 3, 3, 4, 3) and (3,).

    Raises:
        UsageError: `start` is none of `STARTS`, or `scale` is negative or not finite.
    """
    if start not in STARTS:
        raise UsageError(f"An integrator cannot start as {start!r}: choose one of {', '.join(STARTS)}.")
    if not 0 <= scale < math.inf:
        raise UsageError(f"scale={scale!r} of an integrator's random part must be at least 0, and finite.")
    bound = 1 / math.sqrt(math.prod(KERNEL_SHAPE[:-1]))
    kernel, bias = (
        rng.uniform(-bound, bound, shape).astype(np.float32) for shape in (KERNEL_SHAPE, KERNEL_SHAPE[-1:])
    )
    if start == "identity":
        kernel, bias = np.float32(scale) * kernel, np.float32(scale) * bias
        channels = np.arange(KERNEL_SHAPE[-1])
        kernel[1, 1, 1, channels, channels] += 1
    return kernel, bias


def with_motion(static: Tensor, dynamic: Tensor) -> Tensor:
    """Join stills (n, H, W, 3), repeated over time, with motion clips (n, T, H, W, 1): (n, T, H, W, 4)."""
    frames = ops.repeat(ops.expand_dims(static, 1), dynamic.shape[1], axis=1)
    return ops.concatenate([frames, ops.cast(dynamic, frames.dtype)], axis=-1)
