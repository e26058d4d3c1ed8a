"""Peak memory of an MTT iteration by its form and number of inner steps, on each backend.

    python tests/benchmarks/mtt_memory.py [--backends torch tensorflow jax] [--forms unrolled adjoint tesla]
        [--steps 2 5 10 20] [--width 128] [--classes 5] [--json]

Each figure is of a process of its own, which builds stage 2 as `vdd distill` does on made videos of 8 frames
of 64 pixels, notes its resident memory, has the kernel forget the peak, runs two iterations and reads the
peak. Compiling is part of it. glibc is told to give every large block back to the system when it is freed, so
that the peak is of what is alive and not of holes between blocks. Linux only.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536", "TF_CPP_MIN_LOG_LEVEL": "3"}
PLACE = pathlib.Path(__file__).resolve().parent


def measure(form, steps, width, classes):
    """Bytes that two iterations take at their peak, above what was resident before; in this process."""
    from made_stage import MadeStore, condenser_of, recipe_of
    from peak_memory import resident_at_peak

    from keras_vdd.data.batches import IterationBatches

    store = MadeStore(classes, classes)
    recipe = recipe_of("mtt", f"dynamic.gradient={form}", f"dynamic.inner_steps={steps}", width=width)
    condenser = condenser_of(recipe, store)
    batches = IterationBatches(0, 2, lambda i: (condenser.objective.make_batch(i),))
    return resident_at_peak(lambda: condenser.fit(batches, epochs=1, verbose=0, shuffle=False))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backends", nargs="+", default=["torch", "tensorflow", "jax"])
    parser.add_argument("--forms", nargs="+", default=["unrolled", "adjoint", "tesla"])
    parser.add_argument("--steps", nargs="+", type=int, default=[2, 5, 10, 20])
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--classes", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("FORM", "STEPS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(measure(asked.one[0], int(asked.one[1]), asked.width, asked.classes))
        return
    figures = {}
    for backend in asked.backends:
        for form in asked.forms:
            row = [_in_a_process(backend, form, steps, asked) for steps in asked.steps]
            figures[f"{backend} {form}"] = row
            print(f"{backend} {form}: {row}", file=sys.stderr)
    if asked.json:
        print(json.dumps({"steps": asked.steps, "bytes": figures}))
        return
    print("| GB above what was there before | " + " | ".join(f"{n} steps" for n in asked.steps) + " |")
    print("|---|" + "---:|" * len(asked.steps))
    for name, row in figures.items():
        cells = ["failed" if nbytes is None else f"{nbytes / 1e9:.2f}" for nbytes in row]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _in_a_process(backend, form, steps, asked):
    """Bytes, or None where the process failed, as for want of memory."""
    sizes = ["--width", str(asked.width), "--classes", str(asked.classes)]
    done = subprocess.run(
        [sys.executable, str(PLACE / "mtt_memory.py"), *sizes, "--one", form, str(steps)],
        env={**os.environ, **ENVIRONMENT, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return int(done.stdout.split()[-1])


if __name__ == "__main__":
    main()
