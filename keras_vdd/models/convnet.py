"""ConvNet, the image network of dataset distillation, of any depth, and what networks of clips take of it."""

from typing import Any

import keras
from keras import ops

from keras_vdd.backend import DATA_FORMAT
from keras_vdd.errors import UsageError
from keras_vdd.layers import Conv2D, InstanceNorm
from keras_vdd.tensors import Shape, Tensor


class Blocks(keras.layers.Layer):
    """`depth` blocks of [Conv2D 3x3, InstanceNorm, ReLU, AvgPool 2]; a part of a network, which reads `features`.

    Args:
        size: int, height and width of an image, at least 2 ** depth; where it is odd, pools leave out the last row.
        width: int, channels of every block.
        depth: int, number of blocks.

    Raises:
        UsageError: images are too small.
    """

    def __init__(self, size: int, width: int, depth: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if size < 2**depth:
            raise UsageError(
                f"ConvNet of depth {depth} needs images of {2**depth} pixels or more, got {size}"
            )
        self.size, self.width, self.depth = size, width, depth
        layout = {"data_format": DATA_FORMAT}
        self.convolutions = [
            Conv2D(width, (3, 3), padding=(1, 1), name=f"conv{i}", **layout) for i in range(depth)
        ]
        self.norms = [InstanceNorm(name=f"norm{i}", **layout) for i in range(depth)]
        side = size // 2**depth
        self.feature_shape = (side, side, width)
        self.feature_count = side * side * width

    def build(self, input_shape: Shape) -> None:
        channels = 3
        for convolution, norm in zip(self.convolutions, self.norms):
            convolution.build((None, None, None, channels) if _LAST else (None, channels, None, None))
            channels = self.width
            norm.build((None, None, None, channels) if _LAST else (None, channels, None, None))
        self.built = True

    def features(self, x: Tensor) -> Tensor:
        """Features of images (batch, size, size, 3), flattened from (height, width, channels)."""
        x = x if _LAST else ops.transpose(x, (0, 3, 1, 2))
        for convolution, norm in zip(self.convolutions, self.norms):
            x = ops.relu(norm(convolution(x)))
            x = ops.average_pool(x, (2, 2), strides=(2, 2), padding="valid", data_format=DATA_FORMAT)
        x = x if _LAST else ops.transpose(x, (0, 2, 3, 1))
        return ops.reshape(x, (-1, self.feature_count))

    def as_stock(self, x: Tensor) -> Tensor:
        """Features of symbolic images by Keras' own layers, which have copies of the weights."""
        for convolution, norm in zip(self.convolutions, self.norms):
            x = keras.layers.ReLU(dtype="float32")(norm.as_stock(convolution.as_stock(x)))
            x = keras.layers.AveragePooling2D(2, data_format="channels_last", dtype="float32")(x)
        return keras.layers.Reshape((self.feature_count,), dtype="float32")(x)


class Embedder(keras.Model):
    """A network whose logits are linear in its features; a subclass has `embed` and calls `classify_from` once."""

    def classify_from(self, classes: int, features: int) -> None:
        """Make and build the linear classifier of so many features."""
        self.classes = classes
        # A 1x1 convolution over a single position: the linear classifier, initialised as the others.
        self.classifier = Conv2D(classes, (1, 1), name="classifier", dtype="float32")
        self.classifier.build((None, 1, 1, features))

    def embed(self, x: Tensor, training: bool = False) -> Tensor:
        raise TypeError(f"{type(self).__name__} does not say what its features are")

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        features = self.embed(x, training)
        logits = self.classifier(ops.reshape(features, (-1, 1, 1, features.shape[-1])))
        return ops.reshape(logits, (-1, self.classes))

    def classified_as_stock(self, features: Tensor) -> Tensor:
        """Logits of symbolic features by Keras' own layers."""
        x = self.classifier.as_stock(keras.layers.Reshape((1, 1, -1), dtype="float32")(features))
        return keras.layers.Reshape((self.classes,), dtype="float32")(x)


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNet(Embedder):
    """`depth` blocks of [Conv2D 3x3, InstanceNorm, ReLU, AvgPool 2], flatten, linear classifier.

    Args:
        classes: int, number of logits.
        size: int, height and width of an image, at least 2 ** depth.
        width: int, channels of every block.
        depth: int, number of blocks.

    Call with float32 images (batch, size, size, 3); returns logits (batch, classes).

    Raises:
        UsageError: images are too small.
    """

    def __init__(
        self, classes: int, size: int = 112, width: int = 128, depth: int = 4, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.width, self.depth = size, width, depth
        self.blocks = Blocks(size, width, depth, name="blocks")
        self.blocks.build((None, size, size, 3))
        self.feature_shape = self.blocks.feature_shape
        self.classify_from(classes, self.blocks.feature_count)
        self.built = True

    def embed(self, x: Tensor, training: bool = False) -> Tensor:
        """Features of the last block, flattened from (height, width, channels): (batch, features)."""
        return self.blocks.features(ops.cast(x, self.compute_dtype))

    def as_stock(self, x: Tensor) -> Tensor:
        """Logits of symbolic images by Keras' own layers, which have copies of the weights."""
        return self.classified_as_stock(self.blocks.as_stock(x))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "classes": self.classes,
            "size": self.size,
            "width": self.width,
            "depth": self.depth,
        }


_LAST = DATA_FORMAT == "channels_last"
