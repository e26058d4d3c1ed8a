"""DC on the classes of a memory, whose network looks at clips or at stills."""

import functools

from keras_vdd.matching.gradient import gradient_matching
from keras_vdd.methods.class_matching import ClassMatching


def loss(network, weights, real, synthetic, settings):
    """DC's loss and its gradient to the synthetic samples; arguments as `ClassMatching` says."""
    return gradient_matching(network, weights, real, synthetic, settings.chunk)


objective = functools.partial(ClassMatching, loss)
