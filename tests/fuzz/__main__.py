"""`python -m tests.fuzz --seconds 600`: what users may bring, at random, until the time is over.

`python -m tests.fuzz recipes --count 5000` runs one part, so many tries; `--first 7 --count 100` the hundred of that
number again, with the least that is wrong in it.
"""

import argparse
import sys
import tempfile

from hypothesis.configuration import set_hypothesis_home_dir

from tests.fuzz.tries import run

PARTS = ("recipes", "sets")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("part", nargs="*", help=f"which, of {', '.join(PARTS)}; all by default")
    parser.add_argument("--seconds", type=float, help="for how long, each part its share; 60 by default")
    parser.add_argument("--count", type=int, help="how many tries of each part, whatever time they take")
    parser.add_argument("--first", type=int, default=0, help="number of the first hundred")
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
    with tempfile.TemporaryDirectory() as kept:  # not a folder of hypothesis' in the tree
        set_hypothesis_home_dir(kept)
        sys.exit(main())
