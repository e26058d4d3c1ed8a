"""Tries of what users may bring, drawn by hypothesis, until the time is over; what is wrong is told as the least of it.

A part is a module of this folder with `drawn`, a strategy, and `attempt(what it gave) -> (outcome, what is wrong or "",
seconds)`. Tries are made by the hundred: a number names a hundred, and makes the same again.
"""

import importlib
import time
from collections import Counter

import hypothesis

HUNDRED = 100
SETTINGS = hypothesis.settings(
    database=None,
    deadline=None,
    phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
    report_multiple_bugs=False,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def run(part, first=0, count=None, seconds=None, say=lambda line: None):
    """Try a part; return (Counter of outcomes, list of what is wrong, seconds of the longest try).

    Args:
        part: its name.
        first: number of the first hundred.
        count: int, how many tries; None for no end.
        seconds: after which no other hundred is begun; None for no end.
        say: is told what is wrong as it is found.
    """
    module = importlib.import_module(f"{__package__}.{part}")
    found, wrong, longest, began, number, left = Counter(), [], 0.0, time.monotonic(), first, count

    def attempt(drawn):
        nonlocal longest
        outcome, complaint, took = module.attempt(drawn)
        found[outcome] += 1
        longest = max(longest, took)
        if complaint:
            raise AssertionError(complaint)

    while (left is None or left > 0) and (seconds is None or time.monotonic() - began < seconds):
        size = HUNDRED if left is None else min(left, HUNDRED)
        tried = hypothesis.given(module.drawn)(attempt)
        tried = hypothesis.settings(SETTINGS, max_examples=size)(hypothesis.seed(number)(tried))
        try:
            tried()
        except Exception as error:  # whatever it is, the tries that led to it are named
            told = "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
            again = f"python -m tests.fuzz {part} --first {number} --count {size}"
            wrong.append(f"{part}: {told}\nTried again by: {again}")
            say(wrong[-1])
        number, left = number + 1, None if left is None else left - size
    return found, wrong, longest
