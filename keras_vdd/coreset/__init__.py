"""Choosing real clips: at random, by herding or by k-centres. Pure functions on rows of features."""

from keras_vdd.coreset.herding import herding
from keras_vdd.coreset.k_center import k_center
from keras_vdd.coreset.random import random
from keras_vdd.coreset.selection import METHODS, select_per_class

__all__ = ["METHODS", "herding", "k_center", "random", "select_per_class"]
