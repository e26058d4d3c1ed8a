"""The same ten iterations twice, as torch computes them and with its deterministic algorithms.

`main(report, size)`. A row has: whether both ended with equal bits; how far apart what was learned is, relative to its
norm; seconds of ten iterations. "strict" fails where torch has no deterministic algorithm and names it.
"""

import time

import keras
import numpy as np
import torch
from contestants import Ours, array

from gpu_parts.sizes import SIZES

MODES = {"as it is": None, "deterministic, strict": False, "deterministic, else warned": True}


def main(report, size):
    # Ten iterations at the least of the sizes are soon done, and the kernels are of the same kinds.
    geometry = SIZES[size][-1]
    for loss in ("mtt", "dm", "frepo"):
        store = geometry.store(geometry.real_clips if loss == "frepo" else None)
        for mode, warn_only in MODES.items():
            name = f"{geometry.label} {loss}, {mode}"
            with report.attempt(name):
                torch.use_deterministic_algorithms(warn_only is not None, warn_only=bool(warn_only))
                try:
                    report.row(name, **compare(geometry, loss, store))
                finally:
                    torch.use_deterministic_algorithms(False)


def compare(geometry, loss, store):
    spent, learned = [], []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        ours = Ours(geometry.recipe(loss), store)
        ours.iterate(1)
        started = time.perf_counter()
        ours.iterate(9)
        spent.append(time.perf_counter() - started)
        variables = ours.condenser.trainable_variables
        learned.append(np.concatenate([array(v.value).ravel() for v in variables]).astype("float64"))
    apart = np.linalg.norm(learned[0] - learned[1]) / np.linalg.norm(learned[0])
    equal = bool((learned[0] == learned[1]).all())
    return {"equal": equal, "apart": float(apart), "seconds": 10 / 9 * min(spent)}
