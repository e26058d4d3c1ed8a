"""ConvNet + GRU, the network of the paper's studies of temporal compression (section 3)."""

import keras

from keras_vdd.layers import GRU
from keras_vdd.models.frame_encoder import HIDDEN_SHARE, FrameEncoder


@keras.saving.register_keras_serializable(package="keras_vdd")
class ConvNetGRU(FrameEncoder):
    __doc__ = f"""ConvNet + GRU; `embed` is the mean over time of the GRU's outputs, features / 8 of them.

    {FrameEncoder.__doc__}"""

    def head(self, features: int) -> GRU:
        return GRU(max(1, features // HIDDEN_SHARE), name="gru")


NETWORK = ConvNetGRU
