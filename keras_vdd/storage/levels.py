"""To what levels memories are rounded, by storage type; plain facts, which need no numpy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A rule of rounding: value = level * scale.

    Attributes:
        levels: int, how many there are each side of zero.
        scale: str, numpy type of the scales.
        group: int, values of an item that share a scale; None for all.
    """

    levels: int
    scale: str
    group: int | None = None


RULES = {"int8": Rule(127, "float32"), "int4": Rule(7, "float16", 64)}
