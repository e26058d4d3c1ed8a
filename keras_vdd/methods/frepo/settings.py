"""Settings of FRePo."""

from typing import Annotated, Literal

from pydantic import Field

from keras_vdd.methods.settings import SegmentSettings
from keras_vdd.settings import Above0, Positive, Rate, Real


class RidgeSettings(SegmentSettings):
    """FRePo: predict real labels from the set by kernel ridge regression on a pool's features."""

    loss: Literal["frepo"] = "frepo"
    """Matching loss: frepo, the error of a ridge regression from synthetic to real clips."""
    real_clips: Positive = 512
    """Real clips at an iteration."""
    chunk: Positive = 64
    """Real clips in one pass; smaller takes less memory and gives the same result to rounding."""
    pool: Positive = 10
    """Networks trained on the set while it is learned; each iteration looks through one of them."""
    max_updates: Positive = 100
    """Training steps after which a network of the pool is drawn anew."""
    network_rate: Rate = 1e-4
    """Adam step of the pool's networks."""
    regulariser: Above0 = 1e-6
    """Ridge, relative to the mean of the kernel's diagonal."""
    last_rate: Annotated[Real, Field(ge=0, le=1)] = 0.1
    """All learning rates fall along a cosine to this share of them."""
