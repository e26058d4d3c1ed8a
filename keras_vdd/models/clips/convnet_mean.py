"""ConvNet + mean: frames' features averaged over time, which tells nothing of their order."""

import keras

from keras_vdd.models.frame_encoder import FrameEncoder


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetMean(FrameEncoder):
    __doc__ = f"""ConvNet + mean; `embed` is the mean of the frames' features.

    {FrameEncoder.__doc__}"""

    def head(self, features: int) -> None:
        return None


NETWORK = ConvNetMean
