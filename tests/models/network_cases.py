"""Every network of the package in small: each file of `models/frames` and `models/clips` inherits the tests."""

import numpy as np
from derivatives import tensor

from keras_vdd import models

CLASSES, FRAMES, SIZE, WIDTH, STEM = 3, 4, 16, 4, 4
NAMES = models.NETWORKS.names()


def small(name="mini_c3d", precision="float32", size=SIZE):
    return models.create(name, CLASSES, FRAMES, size, WIDTH, STEM, precision)


def inputs(network, n=2, seed=0):
    shape = (n, *models.sample_shape(network))
    return tensor(np.random.default_rng(seed).standard_normal(shape), "float32")
