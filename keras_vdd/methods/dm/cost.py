"""Cost of DM: real clips forward alone, in chunks."""

from typing import Any

from keras_vdd.methods.cost import FORWARD, TO_VIDEOS, Cost, raw_and_normalised
from keras_vdd.models.footprint import activation_bytes, first_order_bytes


def cost(settings: Any, network: Any, classes: int, videos: int, sample: int) -> Cost:
    """The `Cost` of an iteration; arguments as `Method.cost` says."""
    real = classes * settings.real_per_class
    held = raw_and_normalised(real * sample) + min(real, settings.chunk) * activation_bytes(network)
    return Cost(FORWARD * real + TO_VIDEOS * videos, held + first_order_bytes(network, videos))
