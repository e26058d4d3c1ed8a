"""MiniC3D, the video network of the paper."""

import math
from typing import Any

import keras
from keras import ops

from keras_vdd.backend import DATA_FORMAT
from keras_vdd.layers import Conv3D, MaxPool3D
from keras_vdd.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_vdd")
class MiniC3D(keras.Model):
    """Three strided 3-D convolutions with pooling, no normalisation, and a convolutional head.

    The backbone of "Dancing with Still Images" (CVPR 2024), Table 2: convolutions (3, 7, 7) with stride
    (1, 2, 2), ReLU and max pools (1, 2, 2), (2, 2, 2), (2, 2, 2); average pool, dropout and a 1x1x1
    convolution to the classes; maximum over time. 3,647,666 parameters for 50 classes at width 128.

    Args:
        classes: int, number of logits.
        frames: int, frames of a clip.
        size: int, height and width of a frame.
        width: int, channels of the second and third convolution.
        stem: int, channels of the first.
        dropout: float in [0, 1), before the head.

    Call with float32 videos (batch, frames, size, size, 3); returns logits (batch, classes).
    """

    def __init__(
        self,
        classes: int,
        frames: int = 16,
        size: int = 112,
        width: int = 128,
        stem: int = 64,
        dropout: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.classes, self.frames, self.size = classes, frames, size
        self.width, self.stem, self.dropout_rate = width, stem, dropout
        layout = {"data_format": DATA_FORMAT}
        self.convolutions = [
            Conv3D(n, (3, 7, 7), strides=(1, 2, 2), padding=(1, 3, 3), name=f"conv{i}", **layout)
            for i, n in enumerate((stem, width, width))
        ]
        self.pools = [MaxPool3D(pool, **layout) for pool in ((1, 2, 2), (2, 2, 2), (2, 2, 2))]
        # Without a seed of its own, torch would draw the mask globally and ignore the layer's state.
        self.dropout = keras.layers.Dropout(dropout, seed=0)
        self.head = Conv3D(classes, (1, 1, 1), name="head", dtype="float32", **layout)
        self.build((None, frames, size, size, 3))

    def build(self, input_shape: Shape) -> None:
        time, height, channels = self.frames, self.size, 3
        for convolution, pool in zip(self.convolutions, self.pools):
            convolution.build((None, time, height, height, channels) if _LAST else (None, channels))
            height, channels = (height + 1) // 2, convolution.filters
            time //= min(pool.pool_size[0], time)
            height //= min(2, height)
        self.feature_shape = (time, height, height, channels)
        self.head.build((None, channels))
        self.built = True

    def embed(self, x: Tensor, training: bool = False) -> Tensor:
        """Features of the last pool, flattened from (time, height, width, channels): (batch, features)."""
        x = self._features(x)
        return ops.reshape(
            x if _LAST else ops.transpose(x, (0, 2, 3, 4, 1)), (-1, math.prod(self.feature_shape))
        )

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        return self.classify(self._features(x), training)

    def _features(self, x: Tensor) -> Tensor:
        x = ops.cast(x, self.compute_dtype)
        if not _LAST:
            x = ops.transpose(x, (0, 4, 1, 2, 3))
        for convolution, pool in zip(self.convolutions, self.pools):
            # As if clipped first, to the bit, for both keep order; but on an eighth or a quarter of the work.
            x = ops.relu(pool(convolution(x)))
        return x

    def classify(self, features: Tensor, training: bool = False) -> Tensor:
        """Logits (batch, classes) of unflattened features in the backend's layout."""
        # Wide from here on, as the head is; torch on CPU has no narrow average pool of videos.
        x = ops.cast(features, self.head.compute_dtype)
        x = ops.average_pool(x, self._window, strides=1, padding="valid", data_format=DATA_FORMAT)
        x = self.head(self.dropout(x, training=training))
        # Space is a single position at the paper's sizes; where it is larger its mean is taken.
        x = ops.mean(x, axis=(2, 3) if _LAST else (3, 4))
        return ops.max(x, axis=1 if _LAST else 2)

    @property
    def _window(self) -> tuple[int, ...]:
        """Of the average pool before the head."""
        wanted = (2, 2, 2) if self.size > 64 else (2, 1, 1)
        return tuple(min(w, n) for w, n in zip(wanted, self.feature_shape))

    def as_stock(self, x: Tensor) -> Tensor:
        """Logits of symbolic clips by Keras' own layers, which have copies of the weights."""
        layout = {"data_format": "channels_last", "dtype": "float32"}
        for convolution, pool in zip(self.convolutions, self.pools):
            x = keras.layers.ReLU(dtype="float32")(pool.as_stock(convolution.as_stock(x)))
        x = keras.layers.AveragePooling3D(self._window, strides=1, **layout)(x)
        x = self.head.as_stock(keras.layers.Dropout(self.dropout_rate, dtype="float32")(x))
        _, time, *space, _ = x.shape
        x = keras.layers.AveragePooling3D((1, *space), **layout)(x)
        x = keras.layers.Reshape((time, self.classes), dtype="float32")(x)
        return keras.layers.GlobalMaxPooling1D(data_format="channels_last", dtype="float32")(x)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "classes": self.classes,
            "frames": self.frames,
            "size": self.size,
            "width": self.width,
            "stem": self.stem,
            "dropout": self.dropout_rate,
        }


_LAST = DATA_FORMAT == "channels_last"

NETWORK = MiniC3D
