"""Max pooling of videos, safe to differentiate twice on every backend."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_vdd")
class MaxPool3D(keras.layers.Layer):
    """Maximum over non-overlapping windows, incomplete windows dropped (floor mode).

    TensorFlow's 3-D max pooling on CPU sends the gradient of a near-tie to both inputs, which puts DM
    0.7 % and MTT 30 % off. Space is therefore pooled frame by frame and time by `ops.maximum`.

    A window never exceeds its input, so that small videos pass; where the input is as large as the
    window this changes nothing.

    Args:
        pool_size: (time, height, width) ints; time 1 or 2.
        data_format: `"channels_last"` or `"channels_first"`.
    """

    def __init__(self, pool_size, data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.pool_size = tuple(pool_size)
        self.data_format = data_format
        if len(self.pool_size) != 3 or self.pool_size[0] not in (1, 2):
            raise ValueError(f"pool_size is (time 1 or 2, height, width), got {pool_size}")

    def call(self, x):
        time_axis = 1 if self.data_format == "channels_last" else 2
        shape = ops.shape(x)
        window = [min(p, n) for p, n in zip(self.pool_size, shape[time_axis : time_axis + 3])]
        if max(window[1:]) > 1:
            x = self._pool_space(x, shape, window[1:])
        if window[0] == 2:
            pairs = shape[time_axis] // 2
            before = (slice(None),) * time_axis
            x = ops.maximum(
                x[(*before, slice(0, 2 * pairs, 2))], x[(*before, slice(1, 2 * pairs, 2))]
            )
        return x

    def _pool_space(self, x, shape, window):
        if self.data_format == "channels_last":
            frames = ops.reshape(x, (-1, *shape[2:]))
        else:
            frames = ops.reshape(x, (shape[0], -1, *shape[3:]))
        frames = ops.max_pool(
            frames, tuple(window), strides=tuple(window), padding="valid", data_format=self.data_format
        )
        return ops.reshape(frames, self._pooled_shape(shape, window))

    def _pooled_shape(self, shape, window):
        height, width = (n // w for n, w in zip(self._space(shape), window))
        if self.data_format == "channels_last":
            return (-1, shape[1], height, width, shape[4])
        return (-1, shape[1], shape[2], height, width)

    def _space(self, shape):
        return shape[2:4] if self.data_format == "channels_last" else shape[3:5]

    def compute_output_shape(self, input_shape):
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(input_shape)
        for axis, pool in enumerate(self.pool_size, start=first):
            if shape[axis] is not None:
                shape[axis] //= min(pool, shape[axis])
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size, "data_format": self.data_format}
