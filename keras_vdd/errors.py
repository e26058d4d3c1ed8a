"""The errors that a user can cause; the command line prints them as one sentence and exits."""

import difflib
from collections.abc import Iterable


class VddError(Exception):
    """Something in the user's data, files or machine stops the work.

    The message is one clear sentence: what was wrong, the offending value and what to do about it.
    """

    exit_code = 1


class UsageError(VddError):
    """The request itself is wrong: an unknown recipe, key, value or option."""

    exit_code = 2


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Return the candidate that looks most like `word` in a list, or an empty one: for "did you mean"."""
    return difflib.get_close_matches(word, list(candidates), n=1, cutoff=cutoff)
