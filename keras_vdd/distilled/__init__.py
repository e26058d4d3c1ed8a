"""A distilled set as arrays: its shapes, its labels and its exact bytes, whatever kind of memory it is of."""

from keras_vdd.distilled.distilled_set import DistilledSet

__all__ = ["DistilledSet"]
