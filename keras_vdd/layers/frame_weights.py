"""A weighted sum over time, the head of the paper's CNN + MLP."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_vdd.layers.draws import Normal
from keras_vdd.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_vdd")
class FrameWeights(keras.layers.Layer):
    """Sum each feature over time, every frame and feature with a weight of its own, and add a bias.

    Kernel and bias are drawn from N(0, 1), as in the released code of "Dancing with Still Images" (CVPR 2024).

    Call with (batch, time, features), returns (batch, features). The kernel has shape (time, features), so that
    gradient matching compares it feature by feature; the bias (features,).
    """

    # How each weight is drawn, by name.
    draws: ClassVar[dict[str, Normal]] = {"kernel": Normal(), "bias": Normal()}

    def build(self, input_shape: Shape) -> None:
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(name="kernel", shape=input_shape[1:], initializer=normal)
        self.bias = self.add_weight(name="bias", shape=input_shape[2:], initializer=normal)

    def call(self, x: Tensor) -> Tensor:
        return ops.add(ops.sum(ops.multiply(x, self.kernel), axis=1), self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], input_shape[2])

    def as_stock(self, x: Tensor) -> Tensor:
        """Take a symbolic tensor through Keras' own layer with copies of the weights."""
        size, name = x.shape[2:], self.name
        layer = keras.layers.EinsumDense("btf,tf->bf", size, bias_axes="f", name=name, dtype="float32")
        x = layer(x)
        layer.set_weights(self.get_weights())
        return x

    def products(self, output_shape: Shape) -> int:
        """Products of its weights with frames, for outputs of this shape."""
        return math.prod(output_shape) * self.kernel.shape[0]

    def get_config(self) -> dict[str, Any]:
        return super().get_config()
