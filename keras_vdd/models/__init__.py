"""Networks by name, how their weights are drawn afresh, and calls with other weights than their own.

Names are loaded when first used: which networks there are can be told without Keras.
"""

from keras_vdd.registry import loaded_when_used

_HOMES = {
    "ConvNet": "convnet",
    "ConvNetD3": "frames.convnet_d3",
    "ConvNetD4": "frames.convnet_d4",
    "ConvNetGRU": "clips.convnet_gru",
    "ConvNetLSTM": "clips.convnet_lstm",
    "ConvNetMLP": "clips.convnet_mlp",
    "ConvNetMean": "clips.convnet_mean",
    "ConvNetRNN": "clips.convnet_rnn",
    "MiniC3D": "clips.mini_c3d",
    "NETWORKS": "registry",
    "apply": "functional",
    "as_weights": "functional",
    "create": "building",
    "features": "functional",
    "fresh_weights": "fresh",
    "outline": "building",
    "register_network": "registry",
    "sample_shape": "building",
}

__all__ = sorted(_HOMES)


__getattr__, __dir__ = loaded_when_used(__name__, _HOMES, __all__)
