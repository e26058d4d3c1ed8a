"""Layers with right second derivatives on every backend, how their weights are drawn, and the integrator."""

from keras_vdd.layers.convolution import Conv2D, Conv3D
from keras_vdd.layers.draws import Constant, Normal, Uniform
from keras_vdd.layers.frame_weights import FrameWeights
from keras_vdd.layers.instance_norm import InstanceNorm
from keras_vdd.layers.integrator import Integrator
from keras_vdd.layers.max_pool3d import MaxPool3D
from keras_vdd.layers.recurrent import GRU, LSTM, RNN

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Constant",
    "Conv2D",
    "Conv3D",
    "FrameWeights",
    "InstanceNorm",
    "Integrator",
    "MaxPool3D",
    "Normal",
    "Uniform",
]
