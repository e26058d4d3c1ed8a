"""ConvNet + LSTM, of the paper's comparison of architectures (Table 4)."""

import keras

from keras_vdd.layers import LSTM
from keras_vdd.models.frame_encoder import FrameEncoder


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetLSTM(FrameEncoder):
    __doc__ = f"""ConvNet + LSTM; `embed` is the mean over time of the LSTM's outputs, as many as a frame's features.

    At width 128 and 64 pixels those are 8192: 537 million weights, 2.1 GB.

    {FrameEncoder.__doc__}"""

    def head(self, features: int) -> LSTM:
        return LSTM(features, name="lstm")


NETWORK = ConvNetLSTM
