"""Small sets, and processes of their own to read them in."""

from small_sets import fresh, make_set

__all__ = ["fresh", "make_set"]
