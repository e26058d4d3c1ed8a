"""DM on the classes of a memory."""

import functools

from keras_vdd.matching.distribution import distribution_matching
from keras_vdd.methods.class_matching import ClassMatching


def loss(network, weights, real, synthetic, settings):
    """DM's loss and its gradient to the synthetic samples; arguments as `ClassMatching` says."""
    return distribution_matching(network, weights, real, synthetic, settings.chunk)


objective = functools.partial(ClassMatching, loss)
