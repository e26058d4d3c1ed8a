"""Clips a second from a store in memory to the device, and whether an iteration waits for them.

`main(report, size)`, for DM and FRePo, which read real clips at each iteration. A row has: the seconds in which one
thread makes a batch, and the clips a second of that; the GB a second at which the batch goes to the device, as it is
and from pinned memory; the seconds of an iteration whose batch is on the device, and under `fit` with one and with
four batches made ahead; and the share of the latter two that is waiting.
"""

import statistics
import time

import torch
from contestants import Ours

from gpu_parts.device import on_gpu, wait
from gpu_parts.sizes import SIZES
from gpu_parts.steps import WITH
from gpu_parts.ways import Way


def main(report, size):
    for geometry in SIZES[size]:
        for precision in ("float32", "bfloat16"):
            for loss in ("dm", "frepo"):
                name = f"{geometry.label} {loss} {precision}"
                with report.attempt(name):
                    measure(report, name, geometry, loss, precision)


def measure(report, name, geometry, loss, precision):
    store = geometry.store(geometry.real_clips if loss == "frepo" else None)
    ours = Ours(geometry.recipe(loss, f"run.precision={precision}"), store)
    making = shortest(lambda: ours.objective.make_batch(0))
    real = ours.objective.make_batch(0)["real"]
    clips = real.size // (geometry.frames * geometry.size**2 * 3)
    figures = {
        "making": making,
        "clips/s": clips / making,
        "GB/s": real.nbytes / 1e9 / shortest(lambda: sent(real)),
    }
    if on_gpu():
        pinned = torch.from_numpy(real).pin_memory()
        figures["pinned GB/s"] = real.nbytes / 1e9 / shortest(lambda: sent(pinned))
    way = Way(ours, (WITH,))
    way.iterate(1)
    figures["step"] = way.step_seconds()
    for ahead in (1, 4):
        with WITH():
            seconds = statistics.median(ours.iterate(4, ahead))
        figures[f"fit, {ahead} ahead"] = seconds
        figures[f"waits, {ahead} ahead"] = max(0.0, 1 - figures["step"] / seconds)
        report.row(name, **figures)


def shortest(call, times=2):
    spent = []
    for _ in range(times):
        wait()
        started = time.perf_counter()
        call()
        wait()
        spent.append(time.perf_counter() - started)
    return min(spent)


def sent(array):
    """On a processor this copies nothing."""
    return torch.as_tensor(array, device="cuda" if on_gpu() else "cpu")
