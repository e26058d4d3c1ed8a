"""Standardisation of a batch by its own mean and deviation."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_vdd")
class BatchStandardise(keras.layers.Layer):
    """Subtract the mean of the whole batch and divide by its standard deviation: two numbers a batch.

    The same in training and in test, as the evaluation of "Dancing with Still Images" (CVPR 2024) does
    in its released code. Computed in float32; a constant batch gives zeros.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def call(self, x):
        x = x - ops.mean(x)
        return x / ops.maximum(ops.sqrt(ops.mean(ops.square(x))), 1e-6)

    def compute_output_shape(self, input_shape):
        return input_shape
