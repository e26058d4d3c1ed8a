"""ConvNet on every frame and a head over time: the networks of section 3 of the paper, but for their heads."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_vdd.models.convnet import Blocks, Embedder
from keras_vdd.tensors import Tensor

CROP = 64  # pixels: larger frames are cropped to their centre, as the reference does with 112
DEPTH = 3
HIDDEN_SHARE = 8  # features of a frame for each hidden number of a GRU or an RNN


class FrameEncoder(Embedder):
    """ConvNet of depth 3 on each frame, what a subclass makes of the frames' features over time, a linear classifier.

    The backbone of the studies in section 3 of "Dancing with Still Images" (CVPR 2024) and of its Table 4, as its
    released code has it (`VideoConvNetGRU` and its kin). Frames of more than 64 pixels are cropped to the 64 in
    their centre; smaller ones are taken whole. The released code crops in front of a network, and in evaluation
    before a batch is standardised; here the network crops, so the statistics are those of whole frames.

    Args:
        classes: int, number of logits.
        frames: int, frames of a clip.
        size: int, height and width of a frame, at least 8.
        width: int, channels of every block.
        stem: not used; the first block is as wide as the others.

    Call with float32 clips (batch, frames, size, size, 3); returns logits (batch, classes). `embed` gives what the
    classifier reads, (batch, features).

    Raises:
        UsageError: frames are too small.
    """

    def __init__(
        self,
        classes: int,
        frames: int = 16,
        size: int = 112,
        width: int = 128,
        stem: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.frames, self.size, self.width = frames, size, width
        self.crop = min(size, CROP)
        self.blocks = Blocks(self.crop, width, DEPTH, name="blocks")
        self.blocks.build((None, self.crop, self.crop, 3))
        self.feature_shape: tuple[int, ...] = self.blocks.feature_shape
        self.temporal = self.head(self.blocks.feature_count)
        if self.temporal is not None:
            over_time = (None, frames, self.blocks.feature_count)
            self.temporal.build(over_time)
            self.feature_shape = (self.temporal.compute_output_shape(over_time)[-1],)
        self.classify_from(classes, math.prod(self.feature_shape))
        self.built = True

    any_length: ClassVar[bool] = True
    """Whether clips of other lengths than `frames` have as many features too."""

    def head(self, features: int) -> keras.layers.Layer | None:
        """Make the layer that reads the frames' features in order, (batch, frames, features); None where there is none.

        It returns (batch, frames, hidden), of which the mean over time is taken, or (batch, hidden).
        """
        raise TypeError(f"{type(self).__name__} does not say what reads the features of its frames")

    def embed(self, x: Tensor, training: bool = False) -> Tensor:
        """Features of clips: what the head makes of the frames' features, its mean over time: (batch, features)."""
        start = (self.size - self.crop) // 2
        inside = slice(start, start + self.crop)
        x = ops.cast(x, self.compute_dtype)[:, :, inside, inside]
        frames = x.shape[1] if self.any_length else self.frames
        x = self.blocks.features(ops.reshape(x, (-1, self.crop, self.crop, 3)))
        x = ops.reshape(x, (-1, frames, self.blocks.feature_count))
        if self.temporal is not None:
            x = self.temporal(x)
        return ops.mean(x, axis=1) if len(x.shape) == 3 else x

    def as_stock(self, x: Tensor) -> Tensor:
        """Logits of symbolic clips by Keras' own layers, which have copies of the weights."""
        left = self.size - self.crop
        sides = (left // 2, left - left // 2)
        layout = {"data_format": "channels_last", "dtype": "float32"}
        x = keras.layers.Cropping3D(((0, 0), sides, sides), **layout)(x)
        frame = keras.Input((self.crop, self.crop, 3))
        frames = keras.Model(frame, self.blocks.as_stock(frame), name="frame")
        x = keras.layers.TimeDistributed(frames, dtype="float32", name="frames")(x)
        if self.temporal is not None:
            x = self.temporal.as_stock(x)
        if len(x.shape) == 3:
            x = keras.layers.GlobalAveragePooling1D(**layout)(x)
        return self.classified_as_stock(x)

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("classes", "frames", "size", "width")}
        return {**super().get_config(), **own}
