"""What a GPU makes of this package, in a few minutes: exactness, seconds, memory, feeding, determinism, experts.

    python tests/benchmarks/gpu.py [--size paper|small|tiny] [--device auto|cuda|cpu] [--minutes 8] [--out runs/gpu]
        [--parts PART ...] [--imports]

`gpu.sh` starts it where the package and what it needs are not installed. Each part, in `gpu_parts/`, is run in a
process of its own with its own time limit, in the order of worth: one that fails or takes too long leaves the others,
and where time runs out the last are skipped. What was measured is in `OUT/results.json` at once, what parts printed
in `OUT/log.txt`; tables come last. Videos are made in memory and nothing is decoded. "paper" is MiniUCF's size;
"small" and "tiny" are for seeing on a processor that all of it runs.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]

from gpu_parts.runner import PATHS, Part, run
from gpu_parts.table import tables

TORCH, JAX = {"KERAS_BACKEND": "torch"}, {"KERAS_BACKEND": "jax"}
# Cublas has deterministic algorithms only where this says so before it starts.
CUBLAS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
PARTS = (
    Part("exactness", "gpu_parts.exactness", 75, (), TORCH),
    Part("mtt", "gpu_parts.steps", 110, ("mtt",), TORCH),
    Part("dm", "gpu_parts.steps", 100, ("dm",), TORCH),
    Part("frepo", "gpu_parts.steps", 50, ("frepo",), TORCH),
    Part("dm variants", "gpu_parts.variants", 90, ("dm",), TORCH),
    Part("mtt variants", "gpu_parts.variants", 60, ("mtt",), TORCH),
    Part("feeding", "gpu_parts.feeding", 60, (), TORCH),
    Part("determinism", "gpu_parts.determinism", 60, (), {**TORCH, **CUBLAS}),
    Part("experts", "gpu_parts.experts", 90, (), TORCH),
    Part("exactness, jax", "gpu_parts.exactness", 150, (), JAX),
)
# One thread: its times say nothing, and threads that wait for busy cores take many times as long.
CPU = {
    "CUDA_VISIBLE_DEVICES": "",
    "JAX_PLATFORMS": "cpu",
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",
}
# JAX takes most of a GPU's memory at its start unless told otherwise; cheaper compiling is for processors.
GPU = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "XLA_FLAGS": os.environ.get("XLA_FLAGS", "")}
PACKAGES = ("torch", "jax", "keras", "numpy")
# What the last table and the ending of processes take of the time.
RESERVE_S = 5


def main():
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=("paper", "small", "tiny"), default="paper")
    parser.add_argument(
        "--device", choices=("auto", "cuda", "cpu"), default="auto", help="auto: a GPU where one is"
    )
    parser.add_argument("--minutes", type=float, default=8.0, help="for all parts together")
    parser.add_argument("--out", default="runs/gpu", help="folder for results.json and log.txt")
    parser.add_argument(
        "--parts", nargs="+", metavar="PART", choices=names, default=names, help=", ".join(names)
    )
    parser.add_argument("--imports", action="store_true", help="only import what the parts need")
    asked = parser.parse_args()
    if asked.imports:
        return import_all()
    card = None if asked.device == "cpu" else find_card()
    if asked.device == "cuda" and card is None:
        sys.exit("error: neither nvidia-smi nor torch shows a GPU; --device cpu runs without one")
    facts = {"device": card or "processor", **versions(), "size": asked.size, "cores": os.cpu_count()}
    chosen = [part for part in PARTS if part.name in asked.parts]
    # Ended from outside, it still ends the part that runs and says what there is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(chosen, asked.size, 60 * asked.minutes - RESERVE_S, asked.out, facts, GPU if card else CPU)
    finally:
        print(tables(json.loads((pathlib.Path(asked.out) / "results.json").read_text(encoding="utf-8"))))


def find_card():
    """Name, memory and driver of the first GPU as `nvidia-smi` says them, or its name as torch does, or None."""
    smi = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    code = "import torch; print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else '')"
    for command in (smi, [sys.executable, "-c", code]):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            if lines := done.stdout.strip().splitlines():
                return lines[0].replace(", ", " / ")
    return None


def versions():
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def import_all():
    """Import every part's module, on torch; a missing package ends this with its name."""
    os.environ.update(TORCH)
    sys.path[:0] = [str(path) for path in PATHS]
    from gpu_parts.child import find_recipes

    find_recipes()
    for module in dict.fromkeys(part.module for part in PARTS):
        importlib.import_module(module)
        print(f"imported {module}")
    from gpu_parts.sizes import SIZES

    for loss in ("mtt", "dm", "frepo"):
        SIZES["paper"][0].recipe(loss)


if __name__ == "__main__":
    main()
