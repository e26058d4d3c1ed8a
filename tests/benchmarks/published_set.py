"""A published set of 100 videos of 16 x 112 x 112: reading it, side by side with plain parquet, on each backend.

    python tests/benchmarks/published_set.py [--rounds 3] [--csv docs/results/published-set.csv]

A static-dynamic set of noise (50 classes, 2 slots, 2 stills and 2 motion clips a class) is exported in each storage
type. What is measured is of processes of their own, with nothing of `datasets` in their caches; files are in memory:

- cold load: `datasets.load_dataset(folder, split="train")`, imports not counted, with keras_vdd imported and, as plain
  parquet, without; the two take turns, and the least of `--rounds` is given, with the peak memory of the process;
- first streamed row: the same with `streaming=True`, until the first row is there;
- reconstruction: milliseconds a row of `ds[i : i + 50]["video"]` and of `ds[i]["video"]` with no format, of the
  float32 set, once it is loaded and the backend is at work; the least of rounds.

Not a test: a time depends on the machine, and on what else it does.
"""

import argparse
import csv
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
BACKENDS = ("torch", "tensorflow", "jax")
STORED = ("float32", "float16", "int8", "int4")
CLASSES, SLOTS, FRAMES, SIZE, BATCH = 50, 2, 16, 112, 50


def export_all(folder):
    """Export the set in each storage type; return {type: (bytes of data files, bytes of memories)}."""
    import numpy as np

    import keras_vdd
    from keras_vdd.distilled import DistilledSet

    rng = np.random.default_rng(0)

    def noise(*shape):
        return rng.standard_normal(shape, dtype=np.float32)

    made = DistilledSet(
        "static-dynamic", [f"class {label}" for label in range(CLASSES)], FRAMES, (0.5,) * 3, (0.2,) * 3, SLOTS,
        static=noise(CLASSES, SLOTS, SIZE, SIZE, 3), dynamic=noise(CLASSES, SLOTS, FRAMES, SIZE, SIZE, 1),
        kernels=0.1 * noise(1, 3, 3, 3, 4, 3), biases=noise(1, 3),
    )  # fmt: skip
    figures = {}
    for dtype in STORED:
        data = keras_vdd.export(made, folder / dtype, dtype=dtype) / "data"
        figures[dtype] = sum(path.stat().st_size for path in data.iterdir()), made.nbytes(dtype)
    return figures


def cold_load(folder, ours):
    """Seconds until all rows can be read, and the memory that it takes at its peak, in bytes."""
    if ours:
        import keras_vdd  # noqa: F401
    import datasets
    from peak_memory import resident_at_peak

    def load():
        started = time.perf_counter()
        rows = datasets.load_dataset(folder, split="train")
        seconds.append(time.perf_counter() - started)
        assert len(rows) == CLASSES * SLOTS and ("video" in rows.features) == ours

    seconds = []
    return {"bytes": resident_at_peak(load), "seconds": seconds[0]}


def first_row(folder, ours):
    """Seconds until the first row of a stream is there, a video or plain memories."""
    if ours:
        import keras_vdd  # noqa: F401
    import datasets

    started = time.perf_counter()
    stream = iter(datasets.load_dataset(folder, split="train", streaming=True))
    row = next(stream)
    seconds = time.perf_counter() - started
    assert ("static" in row) == ours
    return {"seconds": seconds}


def reconstruction(folder, backend):
    """Milliseconds a row in batches and alone, beside a backend that is at work or, for "numpy", without Keras."""
    import datasets

    import keras_vdd  # noqa: F401

    if backend != "numpy":
        from keras import ops

        ops.convert_to_numpy(ops.ones(1) + 1)
    rows = datasets.load_dataset(folder, split="train")
    count = len(rows)

    def batches():
        for start in range(0, count, BATCH):
            assert len(rows[start : start + BATCH]["video"]) == BATCH

    def singles():
        for row in range(0, count, 5):
            assert rows[row]["video"].shape == (FRAMES, SIZE, SIZE, 3)

    assert ("keras" in sys.modules) == (backend != "numpy")
    return {"batch": 1000 * least(batches) / count, "single": 1000 * least(singles) / len(range(0, count, 5))}


def least(function, seconds=8.0, rounds=3):
    """The least time of a function that was called once before, of at least three rounds and some seconds."""
    function()
    times, ended = [], time.perf_counter() + seconds
    while len(times) < rounds or time.perf_counter() < ended:
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def alone(part, folder, which, backend=None):
    """What a part gives in a process of its own, whose caches are empty."""
    with tempfile.TemporaryDirectory() as home:
        settings = {
            "HF_HOME": home, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3", **({"KERAS_BACKEND": backend} if backend else {}),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(HERE), "--one", part, str(folder), which],
            env=os.environ | settings, capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{part} {which} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def beside_plain(part, folder, rounds):
    """The least of each figure that turns of ours and of plain parquet gave: {figure: (ours, plain)}."""
    turns = [[alone(part, folder, way) for way in ("ours", "plain")] for _ in range(rounds)]
    return {
        figure: tuple(min(turn[way][figure] for turn in turns) for way in (0, 1)) for figure in turns[0][0]
    }


def measure(rounds):
    """Yield (what, of what, value, plain parquet's value or None, unit)."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for dtype, (files, memories) in export_all(folder).items():
            yield "data files", dtype, files, None, "bytes"
            yield "memories", dtype, memories, None, "bytes"
        for dtype in ("float32", "float16"):
            found = beside_plain("load", folder / dtype, rounds)
            yield "cold load", dtype, *found["seconds"], "s"
            yield "peak memory of a cold load", dtype, *found["bytes"], "bytes"
        found = beside_plain("stream", folder / "float32", rounds)
        yield "first streamed row", "float32", *found["seconds"], "s"
        for backend in ("numpy", *filter(importlib.util.find_spec, BACKENDS)):
            chosen = None if backend == "numpy" else backend
            found = alone("reconstruct", folder / "float32", backend, chosen)
            yield "reconstruction in batches of 50", backend, found["batch"], None, "ms a row"
            yield "reconstruction row by row", backend, found["single"], None, "ms a row"


def shown(value, unit):
    return "" if value is None else str(value) if unit == "bytes" else f"{value:.2f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--one", nargs=3, metavar=("PART", "FOLDER", "WHICH"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        part, folder, which = asked.one
        if part == "reconstruct":
            found = reconstruction(folder, which)
        else:
            found = {"load": cold_load, "stream": first_row}[part](folder, which == "ours")
        print(json.dumps(found))
        return
    import keras_vdd

    command, table = "python tests/benchmarks/published_set.py", []
    print("| what | of | ours | plain parquet | ratio | unit |\n|---|---|---:|---:|---:|---|")
    for what, of, ours, plain, unit in measure(asked.rounds):
        ratio = "" if plain is None else f"{ours / plain:.2f}"
        cells = [what, of, shown(ours, unit), shown(plain, unit), ratio, unit]
        print("| " + " | ".join(cells) + " |", flush=True)
        table.append([*cells, keras_vdd.__version__, command])
    if asked.csv:
        with open(asked.csv, "w", newline="", encoding="utf-8") as file:
            heads = ["what", "of", "ours", "plain_parquet", "ratio", "unit", "version", "command"]
            csv.writer(file, lineterminator="\n").writerows([heads, *table])


if __name__ == "__main__":
    main()
