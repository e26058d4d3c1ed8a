"""`python -m tests.fuzz --seconds 600`: what users may bring, at random, until the time is over.

`python -m tests.fuzz recipes --count 5000 --first 0` runs one part, so many tries from that number on; a try is
named by its number, and the same number makes the same try.
"""

import argparse
import importlib
import sys
import time
from collections import Counter

# Each a module of this folder with `attempt(number) -> (outcome, what is wrong or "")`.
PARTS = ("recipes", "sets")


def run(part, first=0, count=None, seconds=None, say=lambda line: None):
    """Try a part; return (Counter of outcomes, list of sentences on what is wrong, seconds of the longest try)."""
    attempt = importlib.import_module(f"{__package__}.{part}").attempt
    found, wrong, longest, began, number = Counter(), [], 0.0, time.monotonic(), first
    while (count is None or number < first + count) and (
        seconds is None or time.monotonic() - began < seconds
    ):
        outcome, complaint, took = attempt(number)
        found[outcome] += 1
        longest = max(longest, took)
        if complaint:
            wrong.append(f"{part} {number}: {complaint}")
            say(wrong[-1])
        number += 1
    return found, wrong, longest


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("part", nargs="*", help=f"which, of {', '.join(PARTS)}; all by default")
    parser.add_argument("--seconds", type=float, help="for how long, each part its share; 60 by default")
    parser.add_argument("--count", type=int, help="how many tries of each part, whatever time they take")
    parser.add_argument("--first", type=int, default=0, help="number of the first try")
    asked = parser.parse_args()
    if unknown := [part for part in asked.part if part not in PARTS]:
        parser.error(f"{unknown[0]} is no part; choose from {', '.join(PARTS)}")
    parts = asked.part or PARTS
    seconds = asked.seconds if asked.seconds or asked.count else 60
    failed = 0
    for part in parts:
        share = None if seconds is None else seconds / len(parts)
        found, wrong, longest = run(
            part, asked.first, asked.count, share, lambda line: print(line, flush=True)
        )
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.items()))
        print(f"{part}: {sum(found.values())} tried ({told}), {len(wrong)} wrong, longest {longest:.2f} s")
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
