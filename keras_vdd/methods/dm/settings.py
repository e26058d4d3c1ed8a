"""Settings of DM."""

from typing import Literal

from keras_vdd.methods.settings import ClassSettings


class DistributionSettings(ClassSettings):
    """DM: match the mean features of each class on a fresh network."""

    loss: Literal["dm"] = "dm"
    """Matching loss: dm, the distance of mean features of each class."""
