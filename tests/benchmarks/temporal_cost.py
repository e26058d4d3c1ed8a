"""Seconds and peak memory of a DM iteration beside the frames and segments that are matched (figures 5 and 6).

    python tests/benchmarks/temporal_cost.py [--frames 1 2 4 8 16] [--segments 1 2 4 8 16] [--size 112] [--classes 4]
        [--real 8] [--width 32] [--iterations 5] [--threads N] [--csv FOLDER]

Whole videos of 16 frames by DM on ConvNet + GRU, as in section 3.3 of "Dancing with Still Images": each pair of
stored frames (N_syn) and as many or more real frames (N_real) with one segment, then each number of segments (K) at the
largest pair.
Each point is a process of its own on torch, which builds stage 2 as `vdd distill` does on made videos, notes its
resident memory, has the kernel forget the peak, runs two iterations and reads the peak, and then times some more
under `fit`, with batches made ahead: the median is given, and of memory what is above that of before. All real clips
go through the network at once, so that memory is that of the frames. glibc is told to give every large block back to
the system when it is freed; that costs time, so times are taken in a second process without it. Linux only. Not a
test: a time depends on the machine.

With `--csv` the two tables are also written to FOLDER as temporal-cost.csv and temporal-segments.csv.
"""

import argparse
import csv
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

PLACE = pathlib.Path(__file__).resolve()
LENGTH = 16
FREED_AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536"}
FOLLOWS = ("frames", "segments", "size", "classes", "real", "width", "iterations", "threads")


def measure(what, stored, real, segments, asked):
    """Seconds or bytes of an iteration at one point; in this process."""
    import torch
    from contestants import Ours
    from made_stage import MadeStore
    from peak_memory import resident_at_peak

    from keras_vdd.recipe.load import load_recipe

    torch.set_num_threads(asked.threads)
    sizes = {
        "data.frames": LENGTH, "data.size": asked.size, "data.interval": 1, "memory.stored_frames": stored,
        "memory.interpolation": "duplicate", "dynamic.real_frames": real, "dynamic.segments": segments,
        "dynamic.real_per_class": asked.real, "dynamic.chunk": asked.real * asked.classes, "dynamic.width": asked.width,
        "dynamic.network": "convnet_gru", "dynamic.learning_rates.video": 1,
    }  # fmt: skip
    recipe = load_recipe("dm-ucf101-naive", [f"{name}={value}" for name, value in sizes.items()])
    store = MadeStore(asked.classes, asked.classes * asked.real, size=asked.size, length=20, distinct=8)
    ours = Ours(recipe, store)
    if what == "bytes":
        return resident_at_peak(lambda: ours.iterate(2))
    ours.iterate(2)
    # The first of a run waits for its batch and is not among the times.
    return statistics.median(ours.iterate(1 + asked.iterations))


def in_a_process(what, point, asked):
    """What `measure` returns, of a process of its own."""
    words = [f"--{name}={getattr(asked, name)}" for name in FOLLOWS if name not in ("frames", "segments")]
    done = subprocess.run(
        [sys.executable, str(PLACE), *words, "--one", what, *map(str, point)],
        env={**os.environ, "KERAS_BACKEND": "torch", **(FREED_AT_ONCE if what == "bytes" else {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def point_of(stored, real, segments, asked):
    """(seconds, GB) at one point, told on stderr."""
    point = stored, real, segments
    seconds, nbytes = in_a_process("seconds", point, asked), in_a_process("bytes", point, asked)
    told = f"N_syn {stored}, N_real {real}, K {segments}: {seconds:.3f} s, {nbytes / 1e9:.3f} GB"
    print(told, file=sys.stderr, flush=True)
    return f"{seconds:.3f}", f"{nbytes / 1e9:.3f}"


def tables(asked):
    """{name: rows} of the two tables, every value as text."""
    most = max(asked.frames)
    pairs, cost = {}, []
    for stored in asked.frames:
        pairs |= {(stored, real): point_of(stored, real, 1, asked) for real in asked.frames if real >= stored}
        row = {"stored_frames": str(stored)}
        for column, unit in enumerate(("s", "gb")):
            row |= {f"{unit}_at_{real}": pairs.get((stored, real), ("", ""))[column] for real in asked.frames}
        cost.append(row)
    cut = []
    for count in asked.segments:
        seconds, memory = pairs[most, most] if count == 1 else point_of(most, most, count, asked)
        cut.append({"segments": str(count), "s": seconds, "gb": memory})
    return {"temporal-cost": cost, "temporal-segments": cut}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--frames", nargs="+", type=int, default=[1, 2, 4, 8, 16], help="of N_syn and of N_real"
    )
    parser.add_argument("--segments", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--classes", type=int, default=4)
    parser.add_argument("--real", type=int, default=8, help="real clips of a class")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--iterations", type=int, default=5, help="that are timed")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--csv", metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        what, *point = asked.one
        print(json.dumps(measure(what, *map(int, point), asked)))
        return
    load = os.getloadavg()[0]
    made = tables(asked)
    print(f"torch, {asked.threads} threads of {os.cpu_count()} cores, load before {load:.1f}")
    for rows in made.values():
        print("\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            print("| " + " | ".join(row.values()) + " |")
    if asked.csv:
        write(made, asked)


def write(made, asked):
    import keras_vdd

    values = {name: getattr(asked, name) for name in FOLLOWS}
    words = [
        [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
        for name, value in values.items()
    ]
    command = shlex.join(
        ["python", "tests/benchmarks/temporal_cost.py", *(word for pair in words for word in pair)]
    )
    for name, rows in made.items():
        asked.csv.mkdir(parents=True, exist_ok=True)
        with (asked.csv / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*rows[0], "backend", "version", "command"], lineterminator="\n")
            writer.writeheader()
            facts = {"backend": "torch", "version": keras_vdd.__version__, "command": command}
            writer.writerows(row | facts for row in rows)


if __name__ == "__main__":
    main()
