"""Max pooling of videos, safe to differentiate twice on every backend."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_vdd.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_vdd")
class MaxPool3D(keras.layers.Layer):
    """Maximum over non-overlapping windows, incomplete windows dropped (floor mode).

    TensorFlow's 3-D max pooling on CPU sends the gradient of a near-tie to both inputs, which puts DM
    0.7 % and MTT 30 % off. Space is therefore pooled frame by frame and time by `ops.maximum`. With
    channels first, which only torch computes with, its own 3-D pooling is right, and quicker.

    A window never exceeds its input, so that small videos pass; where the input is as large as the
    window this changes nothing.

    Args:
        pool_size: (time, height, width) ints; time 1 or 2.
        data_format: `"channels_last"` or `"channels_first"`.
    """

    def __init__(self, pool_size: Sequence[int], data_format: str = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size = tuple(pool_size)
        self.data_format = data_format
        if len(self.pool_size) != 3 or self.pool_size[0] not in (1, 2):
            raise ValueError(f"pool_size is (time 1 or 2, height, width), got {pool_size}")

    def call(self, x: Tensor) -> Tensor:
        shape = ops.shape(x)
        first = 1 if self.data_format == "channels_last" else 2
        window = [min(p, n) for p, n in zip(self.pool_size, shape[first : first + 3])]
        if self.data_format == "channels_first":
            return self._pool(x, window)
        if max(window[1:]) > 1:
            frames = self._pool(ops.reshape(x, (-1, *shape[2:])), window[1:])
            x = ops.reshape(frames, (-1, shape[1], *frames.shape[1:]))
        if window[0] == 2:
            pairs = shape[1] // 2
            x = ops.maximum(x[:, 0 : 2 * pairs : 2], x[:, 1 : 2 * pairs : 2])
        return x

    def _pool(self, x: Tensor, window: Sequence[int]) -> Tensor:
        return ops.max_pool(x, tuple(window), tuple(window), padding="valid", data_format=self.data_format)

    def as_stock(self, x: Tensor) -> Tensor:
        """Take a symbolic tensor, channels last and of known size, through Keras' own layer."""
        window = tuple(min(p, n) for p, n in zip(self.pool_size, x.shape[1:4]))
        return keras.layers.MaxPooling3D(window, data_format="channels_last", dtype="float32")(x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(input_shape)
        for axis, pool in enumerate(self.pool_size, start=first):
            if shape[axis] is not None:
                shape[axis] //= min(pool, shape[axis])
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pool_size": self.pool_size, "data_format": self.data_format}
