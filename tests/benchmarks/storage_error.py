"""How far each storage type leaves a set from what it was, and in how many bits a value.

    python tests/benchmarks/storage_error.py SET_OR_RUN [SET_OR_RUN ...] [--json]

For each type, and for int4 with other groups of values that share a scale: exact bits a value, scales among them, and
the root of the mean square error in percent of the standard deviation of the values, for each memory. Sets must be
stored as float32, and not learned rounded.
"""

import argparse
import dataclasses
import json
from unittest.mock import patch

import numpy as np

import keras_vdd
from keras_vdd.storage.storage_types import STORAGE_TYPES

OTHERS = [
    {"group": 32, "scale": "float16"}, {"group": 64, "scale": "float16"}, {"group": 128, "scale": "float16"},
    {"group": 32, "scale": "float32"}, {"group": 64, "scale": "float32"}, {"group": None, "scale": "float32"},
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="+", metavar="SET_OR_RUN")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sets = [keras_vdd.load(path) for path in asked.sets]
    names = [items.array for items in sets[0].memory.items]
    four = STORAGE_TYPES["int4"]
    kinds = [STORAGE_TYPES[name] for name in ("float16", "int8")]
    kinds += [dataclasses.replace(four, **changes) for changes in OTHERS]
    rows = [row(kind, sets, names) for kind in kinds]
    if asked.json:
        print(json.dumps(rows))
        return
    for each in rows:
        errors = ", ".join(f"{name} {each[name]['error']:.2f} %" for name in names)
        print(
            f"{each['dtype']}, {each['group']} to a scale ({each['scale']}): {each['bits']:.3f} bits; {errors}"
        )


def row(kind, sets, names):
    """Bits a value over all memories of all sets, and the error of each memory: the mean over sets."""
    stored = values = 0
    errors = {name: [] for name in names}
    # The rule of rounding finds its type by name.
    with patch.dict(STORAGE_TYPES, {kind.name: kind}):
        for distilled in sets:
            for name in names:
                items = distilled.arrays[name].reshape(-1, *distilled.arrays[name].shape[2:])
                shape = items.shape[1:]
                back = kind.decode(*kind.encode(items, None, None), shape, None, None)
                errors[name].append(100 * np.sqrt(np.mean((back - items) ** 2)) / items.std())
                stored, values = stored + len(items) * kind.nbytes(shape), values + items.size
    found = {name: {"error": float(np.mean(each)), "sets": len(each)} for name, each in errors.items()}
    return {
        "dtype": kind.name,
        "group": kind.group,
        "scale": kind.scale,
        "bits": 8 * stored / values,
        **found,
    }


if __name__ == "__main__":
    main()
