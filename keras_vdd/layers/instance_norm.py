"""Instance normalisation whose second derivative is right on every backend."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_vdd.layers.draws import Constant
from keras_vdd.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_vdd")
class InstanceNorm(keras.layers.Layer):
    """Normalise each channel of each sample over its positions, then scale and shift.

    Keras' own normalisation layers use `ops.moments`, which on TensorFlow hides a `stop_gradient`: the
    gradients of gradients that DC needs come out 15 % wrong. Here the variance is written out.

    Args:
        epsilon: float added to the variance, 1e-5 in the reference's ConvNet.
        data_format: `"channels_last"` or `"channels_first"`.
    """

    def __init__(self, epsilon: float = 1e-5, data_format: str = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.data_format = data_format

    # How each weight is drawn, by name.
    draws: ClassVar[dict[str, Constant]] = {"scale": Constant(1.0), "offset": Constant(0.0)}

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        self.scale = self.add_weight(name="scale", shape=(channels,), initializer="ones")
        self.offset = self.add_weight(name="offset", shape=(channels,), initializer="zeros")

    def call(self, x: Tensor) -> Tensor:
        first = 1 if self.data_format == "channels_last" else 2
        last = len(x.shape) - (1 if self.data_format == "channels_last" else 0)
        axes = tuple(range(first, last))
        centred = x - ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        shape = (-1,) if self.data_format == "channels_last" else (-1,) + (1,) * len(axes)
        scale, offset = ops.reshape(self.scale, shape), ops.reshape(self.offset, shape)
        return centred * ops.rsqrt(variance + self.epsilon) * scale + offset

    def as_stock(self, x: Tensor) -> Tensor:
        """Take a symbolic tensor, channels last, through Keras' own layer with copies of the weights."""
        layer = keras.layers.GroupNormalization(-1, epsilon=self.epsilon, name=self.name, dtype="float32")
        x = layer(x)
        layer.set_weights(self.get_weights())
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon, "data_format": self.data_format}
