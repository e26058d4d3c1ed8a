"""Names that settings had before: recipes, sets and runs of then are read as if they had the names of now."""

from typing import Any

RENAMED = {"memory.dynamic_frames": "memory.stored_frames"}
"""Dotted names of before, and those of now."""


def renamed(values: dict[str, Any]) -> dict[str, Any]:
    """Return settings with today's names.

    Each layer of settings is renamed before it is laid over another, so that the upper one wins by whatever name.

    Raises:
        ValueError: a setting is given by both of its names.
    """
    for old, new in RENAMED.items():
        section, before = old.split(".")
        inner = values.get(section)
        if isinstance(inner, dict) and before in inner:
            now = new.split(".")[1]
            if now in inner:
                raise ValueError(both(old))
            values = {
                **values,
                section: {now if name == before else name: value for name, value in inner.items()},
            }
    return values


def both(old: str) -> str:
    """Return the sentence for a setting that is given by both of its names, `old` the one of before."""
    return f"{old} is the old name of {RENAMED[old]}, and both are given; drop {old}"
