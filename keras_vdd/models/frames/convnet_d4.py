"""ConvNetD4, the network of static learning in the paper."""

from typing import Any

import keras

from keras_vdd.models.convnet import ConvNet


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetD4(ConvNet):
    """ConvNet of depth 4: the network of static learning in the paper."""

    def __init__(self, classes: int, size: int = 112, width: int = 128, **kwargs: Any) -> None:
        kwargs.pop("depth", None)
        super().__init__(classes, size, width, depth=4, **kwargs)


NETWORK = ConvNetD4
