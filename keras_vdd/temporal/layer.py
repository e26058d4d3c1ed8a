"""The interpolator's network as a Keras layer, to be trained."""

from typing import Any

import keras
from keras import ops

from keras_vdd.temporal.timesformer import Architecture, recover
from keras_vdd.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_vdd")
class TimeSformer(keras.layers.Layer):
    """Video transformer with divided space-time attention that adds to a clip what it lacks.

    Args:
        stored_frames, frames, size, patch, width, depth, heads, mlp_ratio: int, as `Architecture` says.

    Call with float32 clips (n, frames, size, size, 3); returns the same shape. Its weights have the names and order of
    `Architecture.shapes()`; until others are assigned all are zero, and it gives what it was given.
    """

    def __init__(
        self, stored_frames: int, frames: int, size: int, patch: int, width: int, depth: int, heads: int,
        mlp_ratio: int, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.about = Architecture(stored_frames, frames, size, patch, width, depth, heads, mlp_ratio)
        for name, shape in self.about.shapes().items():
            self.add_weight(name=name.replace(".", "_"), shape=shape, initializer="zeros")
        self.built = True

    def call(self, clips: Tensor) -> Tensor:
        weights = [ops.convert_to_tensor(weight) for weight in self.trainable_variables]
        return self.recovered(weights, clips)

    def recovered(self, weights: list[Tensor], clips: Tensor) -> Tensor:
        """As a call, with these tensors for weights."""
        return recover(dict(zip(self.about.shapes(), weights, strict=True)), clips, self.about, ops)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **vars(self.about)}
