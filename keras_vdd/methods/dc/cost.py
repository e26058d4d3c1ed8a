"""Cost of DC: a training pass of every real sample, and second derivatives of the synthetic ones, class by class."""

from typing import Any

from keras_vdd.methods.cost import SECOND_ORDER, Cost, raw_and_normalised
from keras_vdd.models.footprint import first_order_bytes, second_order_bytes


def cost(settings: Any, network: Any, classes: int, videos: int, sample: int) -> Cost:
    """The `Cost` of an iteration; arguments as `Method.cost` says."""
    per_class = settings.real_per_class
    held = raw_and_normalised(classes * per_class * sample)
    held += first_order_bytes(network, min(settings.chunk, per_class))
    held += second_order_bytes(network, videos // classes)
    return Cost(classes * per_class + SECOND_ORDER * videos, held)
