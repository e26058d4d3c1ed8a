"""ConvNet + RNN: frames' features through a plain recurrent layer."""

import keras

from keras_vdd.layers import RNN
from keras_vdd.models.frame_encoder import HIDDEN_SHARE, FrameEncoder


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetRNN(FrameEncoder):
    __doc__ = f"""ConvNet + RNN; `embed` is the mean over time of the RNN's outputs, features / 8 of them.

    {FrameEncoder.__doc__}"""

    def head(self, features: int) -> RNN:
        return RNN(max(1, features // HIDDEN_SHARE), name="rnn")


NETWORK = ConvNetRNN
