"""Seconds of an MTT and a DM iteration on torch, beside a plain PyTorch loop on the same sizes.

    python tests/benchmarks/step_time.py [--losses mtt dm] [--classes 5] [--inner-steps 5] [--rounds 5]
        [--json]

Ours is what `vdd distill` runs: batches made ahead of time out of a store (whose videos lie in memory),
`fit`, the objective and the optimizer. The plain loop is in `plain_torch.py`. MiniC3D, 8 frames of 64 pixels,
one static-dynamic video a class of two stills and two motion clips. Before anything is timed, both are
checked to give one gradient on one input. Then plain float32, ours in float32 and ours in bfloat16 take
turns, in one process on all cores: medians are printed, and of each round's ratios. What bfloat16 costs is
the cosine of its gradient with the one of float32 on the same inputs, for motion and integrator. Not a test:
a time depends on the machine.
"""

import argparse
import json
import os
import statistics
import time

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
import torch
from contestants import LARGEST_ERROR, Ours, Plain, gradient_errors
from made_stage import MadeStore, recipe_of

WAYS = ("plain, float32", "ours, float32", "ours, bfloat16")
VIDEOS_PER_CLASS = 16


def cosines(wide, narrow, batches):
    """The mean cosine of the gradients of two precisions, by part."""
    found = {}
    for number in range(batches):
        batch = wide.objective.make_batch(10**7 + number)
        (_, a), (_, b) = wide.gradient(batch), narrow.gradient(batch)
        for part in ("dynamic", "integrator"):
            cosine = a[part] @ b[part] / np.linalg.norm(a[part]) / np.linalg.norm(b[part])
            found.setdefault(part, []).append(float(cosine))
    return {part: statistics.mean(values) for part, values in found.items()}


def recipe(loss, precision, args):
    more = [f"run.precision={precision}"]
    if loss == "mtt":
        more += [f"dynamic.inner_steps={args.inner_steps}", f"dynamic.gradient={args.gradient}"]
    else:
        more += [f"dynamic.real_per_class={args.real}"]
    return recipe_of(loss, *more, width=args.width)


def measure(loss, args):
    store = MadeStore(args.classes, args.classes * VIDEOS_PER_CLASS)
    wide, narrow = (Ours(recipe(loss, precision, args), store) for precision in ("float32", "bfloat16"))
    contestants = dict(zip(WAYS, (Plain(loss, wide, VIDEOS_PER_CLASS), wide, narrow)))
    for part, error in gradient_errors(wide, contestants[WAYS[0]]).items():
        if not error < LARGEST_ERROR:
            raise SystemExit(f"{loss}: gradients to {part} differ by {error:.1e} of their norm")
    kept = cosines(wide, narrow, args.cosines)
    for contestant in contestants.values():
        contestant.iterate(1)
    clocks = {"seconds": time.perf_counter, "processor": time.process_time}
    spent = {way: {clock: [] for clock in clocks} for way in WAYS}
    for _ in range(args.rounds):
        for way, contestant in contestants.items():
            before = {clock: tell() for clock, tell in clocks.items()}
            contestant.iterate(args.iterations)
            for clock, tell in clocks.items():
                spent[way][clock].append((tell() - before[clock]) / args.iterations)
    rows = []
    for way, times in spent.items():
        row = {"loss": loss, "way": way, "cosines": kept if way == WAYS[2] else {}}
        for clock, values in times.items():
            ratios = [mine / plain for mine, plain in zip(values, spent[WAYS[0]][clock])]
            row[clock] = statistics.median(values)
            row |= {f"{clock} ratio": statistics.median(ratios), f"{clock} ratios": ratios}
        rows.append(row)
    return rows


def main(args):
    torch.set_num_threads(args.threads)
    load = os.getloadavg()[0]
    rows = [row for loss in args.losses for row in measure(loss, args)]
    facts = {"cores": os.cpu_count(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    facts["load before"] = load
    if args.json:
        print(json.dumps({**facts, **vars(args), "rows": rows}))
        return
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    heads = "loss", "way", "seconds", "ratio", "of rounds", "processor seconds", "ratio"
    print(f"\n| {' | '.join(heads)} | cosine: motion, integrator |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        spread = f"{min(row['seconds ratios']):.2f} to {max(row['seconds ratios']):.2f}"
        kept = ", ".join(f"{value:.4f}" for value in row["cosines"].values()) or "1"
        print(
            f"| {row['loss']} | {row['way']} | {row['seconds']:.3f} | **{row['seconds ratio']:.2f}** "
            f"| {spread} | {row['processor']:.3f} | {row['processor ratio']:.2f} | {kept} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", nargs="+", choices=("mtt", "dm"), default=["mtt", "dm"])
    parser.add_argument("--classes", type=int, default=5)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--inner-steps", type=int, default=5)
    parser.add_argument("--gradient", choices=("unrolled", "adjoint", "tesla"), default="unrolled")
    parser.add_argument("--real", type=int, default=16, help="real clips of a class (dm)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=3, help="in a row, of each way, in a round")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cosines", type=int, default=3, help="batches that the cosines are a mean of")
    parser.add_argument("--json", action="store_true")
    main(parser.parse_args())
