"""ConvNetD3, the frame encoder of the taxonomy study in the paper."""

from typing import Any

import keras

from keras_vdd.models.convnet import ConvNet


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetD3(ConvNet):
    """ConvNet of depth 3: the frame encoder of the taxonomy study in the paper."""

    def __init__(self, classes: int, size: int = 112, width: int = 128, **kwargs: Any) -> None:
        kwargs.pop("depth", None)
        super().__init__(classes, size, width, depth=3, **kwargs)


NETWORK = ConvNetD3
