"""Cost of FRePo: real clips forward, the set forward and back, and a training step of the pool's network."""

import math
from typing import Any

from keras_vdd.methods.cost import FORWARD, TO_VIDEOS, Cost, raw_and_normalised
from keras_vdd.models.footprint import activation_bytes, first_order_bytes, weight_bytes


def cost(settings: Any, network: Any, classes: int, videos: int, sample: int) -> Cost:
    """The `Cost` of an iteration; arguments as `Method.cost` says."""
    features, real = math.prod(network.feature_shape), settings.real_clips
    pool = 3 * settings.pool * weight_bytes(network)
    # The kernel and what solves it, and the features it is made of, are in float64.
    kernel = 8 * (3 * videos**2 + (real + videos) * (features + videos))
    held = raw_and_normalised(real * sample) + settings.chunk * activation_bytes(network)
    held += first_order_bytes(network, videos) + kernel + pool
    # The regression looks through the set's videos, and the pool's network is trained on them.
    passes = FORWARD * real + TO_VIDEOS * videos + videos
    return Cost(passes, held, {"networks of the pool": settings.pool, "bytes of the pool": pool})
