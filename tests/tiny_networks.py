"""Networks so small that every derivative of them can be checked."""

import keras
from keras import ops

from keras_vdd.layers import Conv2D, Conv3D, InstanceNorm, Uniform


class Linear(keras.Model):
    """Features are all values of a sample times a matrix; `passes` has the size of every pass."""

    draws = {"kernel": Uniform(1.0)}

    def __init__(self, inputs, features):
        super().__init__()
        self.kernel = self.add_weight(name="kernel", shape=(inputs, features), initializer="zeros")
        self.passes = []
        self.built = True

    def embed(self, x, training=False):
        self.passes.append(x.shape[0])
        return ops.matmul(ops.reshape(x, (x.shape[0], -1)), self.kernel)

    def call(self, x, training=False):
        return self.embed(x, training)


class Smooth(keras.Model):
    """A convolution, a norm, tanh and a linear classifier: images, or videos where there are `frames`."""

    def __init__(self, classes, size, width=2, frames=None, dtype="float64"):
        super().__init__()
        rank, time = (2, 1) if frames is None else (3, frames)
        space = (size + 1) // 2
        self.features = time * space * space * width
        window, strides = (3,) * rank, (1,) * (rank - 2) + (2, 2)
        kind = Conv2D if frames is None else Conv3D
        self.convolution = kind(width, window, strides, padding=(1,) * rank, dtype=dtype)
        self.norm = InstanceNorm(dtype=dtype)
        self.head = Conv2D(classes, (1, 1), dtype=dtype)
        self.convolution.build((None,) * (rank + 1) + (3,))
        self.norm.build((None,) * (rank + 1) + (width,))
        self.head.build((None, 1, 1, self.features))
        self.built = True

    def embed(self, x, training=False):
        x = ops.tanh(self.norm(self.convolution(x)))
        return ops.reshape(x, (-1, self.features))

    def call(self, x, training=False):
        logits = self.head(ops.reshape(self.embed(x, training), (-1, 1, 1, self.features)))
        return ops.reshape(logits, (-1, logits.shape[-1]))


class Wide(Smooth):
    """Takes real clips, which are float32 always, to float64."""

    def embed(self, x, training=False):
        return super().embed(ops.cast(x, "float64"), training)

    def call(self, x, training=False):
        return super().call(ops.cast(x, "float64"), training)
