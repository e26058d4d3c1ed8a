"""What checksums cost: their share of the time of a run, and of reading and writing alone.

    python tests/benchmarks/checksum_cost.py [KEY=VALUE ...]

A recipe (quickstart, with the settings given) is distilled in a temporary folder, in this process, and the time is
taken that passes in checking frames of the store, in checksums of checkpoints and results, and in seals of JSON,
the making of its text included. Beside it: microseconds a frame and milliseconds a megabyte. Not a test: a time depends
on the machine.
"""

import functools
import sys
import tempfile
import time

import numpy as np

from keras_vdd import sealed
from keras_vdd.data.store import reader
from keras_vdd.learning import checkpoint
from keras_vdd.pipeline import distill
from keras_vdd.recipe.load import load_recipe


def timed(owner, name, spent):
    """Replace a function by one that adds the seconds it takes to `spent`."""
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def outer(*args, **more):
        started = time.perf_counter()
        try:
            return inner(*args, **more)
        finally:
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - started

    setattr(owner, name, outer)


def main(settings):
    stores, checkpoints = {}, {}
    content = np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    started = time.perf_counter()
    for _ in range(200):
        reader.zlib.crc32(content)
    frame = (time.perf_counter() - started) / 200
    print(
        f"a frame of 112x112: {1e6 * frame:.0f} microseconds; a megabyte: {1e3 * frame / content.nbytes * 1e6:.2f} ms"
    )
    timed(reader.Store, "_check", stores)
    for owner, name in (
        (checkpoint, "checksum_of"),
        (checkpoint, "seal"),
        (checkpoint, "unseal"),
        (sealed, "seal"),
    ):
        timed(owner, name, checkpoints)
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        places = [f"run.dir={place}/runs", f"data.store={place}/stores"]
        distill(load_recipe("quickstart", [*settings, *places]))
        total = time.perf_counter() - started
    for what, spent in (("reading the store", stores), ("checkpoints, results and JSON", checkpoints)):
        seconds = sum(spent.values())
        print(f"{what}: {seconds:.3f} s of {total:.1f} s, {100 * seconds / total:.2f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
