"""The losses of classifiers, by the names that training sets give them."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_vdd")
class SquaredError(keras.losses.Loss):
    """Squared error summed over classes, mean over clips, as FRePo's labels are learned for.

    `keras.losses.MeanSquaredError` takes the mean over classes, whose gradient is as many times smaller.
    """

    def call(self, labels, logits):
        return ops.sum(ops.square(logits - ops.cast(labels, logits.dtype)), axis=-1)


def create(name):
    """Return the Keras loss of one of `training_sets.LOSSES`."""
    if name == "squared error":
        return SquaredError()
    kind = {
        "sparse cross-entropy": keras.losses.SparseCategoricalCrossentropy,
        "cross-entropy": keras.losses.CategoricalCrossentropy,
    }[name]
    return kind(from_logits=True)
