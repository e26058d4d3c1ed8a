"""A network as it is evaluated: behind the standardisation of its batch."""

import keras
from keras import ops

from keras_vdd.backend import JIT_COMPILE
from keras_vdd.evaluation.standardise import BatchStandardise


class Classifier(keras.Model):
    """A network behind `BatchStandardise`; videos (batch, T, H, W, 3) to logits (batch, classes)."""

    def __init__(self, network, **kwargs):
        super().__init__(**kwargs)
        self.standardise, self.network = BatchStandardise(), network
        self.built = True

    def call(self, videos, training=False):
        return self.network(self.standardise(videos), training=training)


class Embedding(keras.Model):
    """The features that a `Classifier` sees: videos (batch, T, H, W, 3) to float32 (batch, features).

    Args:
        classifier: a `Classifier`, whose layers and weights are shared.
    """

    def __init__(self, classifier):
        super().__init__()
        self.standardise, self.network = classifier.standardise, classifier.network
        self.compile(jit_compile=JIT_COMPILE)
        self.built = True

    def call(self, videos):
        return ops.cast(self.network.embed(self.standardise(videos)), "float32")
