"""A network as it is evaluated: behind the standardisation of its batch.

With this module imported, `keras.models.load_model` reads what `vdd train --save` wrote.
"""

import keras
from keras import ops

from keras_vdd.backend import JIT_COMPILE

# Losses, optimizers and networks are imported to be known where a saved classifier is loaded.
from keras_vdd.evaluation import losses, optimizers  # noqa: F401
from keras_vdd.evaluation.standardise import BatchStandardise
from keras_vdd.models.registry import NETWORKS

for network in NETWORKS:
    network.builder()


@keras.saving.register_keras_serializable(package="keras_vdd")
class Classifier(keras.Model):
    """A network behind `BatchStandardise`; videos (batch, T, H, W, 3) to logits (batch, classes)."""

    def __init__(self, network, **kwargs):
        super().__init__(**kwargs)
        self.standardise, self.network = BatchStandardise(), network
        self.built = True

    def call(self, videos, training=False):
        return self.network(self.standardise(videos), training=training)

    def get_config(self):
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network}

    @classmethod
    def from_config(cls, config):
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)


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
