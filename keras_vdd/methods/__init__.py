"""What learning minimises: one folder a matching loss, with all that the package knows of it.

A folder `methods/<name>/` declares a `Method` as `METHOD`, and has the settings that recipes offer, the
objective (what is minimised, in which batches, by which optimizer) and the cost. Another loss is another folder,
or a call of `register_method`; recipes, plans, help texts and tests take it up from there.
"""

from keras_vdd.methods.method import Method
from keras_vdd.methods.registry import METHODS, register_method
from keras_vdd.methods.settings import ClassSettings, LearningRates, MatchingSettings, SegmentSettings
from keras_vdd.registry import on_call

__all__ = [
    "METHODS",
    "ClassSettings",
    "LearningRates",
    "MatchingSettings",
    "Method",
    "SegmentSettings",
    "on_call",
    "register_method",
]
