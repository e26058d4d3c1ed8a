"""ConvNet + MLP: each feature a weighted sum over its frames."""

import keras

from keras_vdd.layers import FrameWeights
from keras_vdd.models.frame_encoder import FrameEncoder


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetMLP(FrameEncoder):
    __doc__ = f"""ConvNet + MLP; `embed` is each feature's weighted sum over time.

    {FrameEncoder.__doc__}"""

    any_length = False

    def head(self, features: int) -> FrameWeights:
        return FrameWeights(name="frame_weights")


NETWORK = ConvNetMLP
