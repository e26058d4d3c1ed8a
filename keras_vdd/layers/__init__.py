"""Layers with right second derivatives on every backend, how their weights are drawn, and the integrator."""

from keras_vdd.layers.convolution import Conv2D, Conv3D
from keras_vdd.layers.draws import Constant, Uniform
from keras_vdd.layers.instance_norm import InstanceNorm
from keras_vdd.layers.integrator import Integrator
from keras_vdd.layers.max_pool3d import MaxPool3D

__all__ = ["Constant", "Conv2D", "Conv3D", "InstanceNorm", "Integrator", "MaxPool3D", "Uniform"]
