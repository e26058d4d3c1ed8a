"""What might make an iteration quicker: memory format, larger passes, `torch.compile`. `main(report, size, loss)`.

All with TF32, at the size that counts most. `torch.compile` has no second derivatives, so that MTT goes without.
"""

from unittest.mock import patch

import plain_torch
import torch
from contestants import Ours, Plain

from gpu_parts.device import channels_last, on_gpu
from gpu_parts.sizes import ROUNDS, SIZES
from gpu_parts.steps import WITH
from gpu_parts.ways import Way, race
from keras_vdd.matching import distribution

BEFORE = "as it is"


def main(report, size, loss):
    geometry = SIZES[size][0]
    ways = distribution_ways(geometry) if loss == "dm" else trajectory_ways(geometry)
    race(report, geometry.label, ways, ROUNDS[size])


def trajectory_ways(geometry):
    store = geometry.store()
    wide, narrow = (
        Ours(geometry.recipe("mtt", "dynamic.gradient=adjoint", f"run.precision={precision}"), store)
        for precision in ("float32", "bfloat16")
    )
    return {
        BEFORE: Way(wide, (WITH,), BEFORE),
        "channels last": Way(wide, (WITH, channels_last), BEFORE),
        "bfloat16": Way(narrow, (WITH,), BEFORE),
        "bfloat16, channels last": Way(narrow, (WITH, channels_last), BEFORE),
    }


def distribution_ways(geometry):
    store, real = geometry.store(), geometry.real_per_class
    wide, narrow = (
        Ours(geometry.recipe("dm", f"dynamic.chunk={real}", f"run.precision={precision}"), store)
        for precision in ("float32", "bfloat16")
    )
    ways = {
        BEFORE: Way(wide, (WITH,), BEFORE),
        "channels last": Way(wide, (WITH, channels_last), BEFORE),
        "bfloat16, channels last": Way(narrow, (WITH, channels_last), BEFORE),
    }
    for classes in (4, geometry.classes):
        chunk = real * min(classes, geometry.classes)
        larger = Ours(geometry.recipe("dm", f"dynamic.chunk={chunk}"), store)
        ways[f"{chunk} clips a pass"] = Way(larger, (WITH,), BEFORE)
    ways["compiled"] = Way(wide, (WITH, compiled), BEFORE)
    plain = Plain("dm", wide, real)
    ways["plain"] = Way(plain, (WITH,), "plain")
    ways["plain, compiled"] = Way(plain, (WITH, plain_compiled), "plain")
    return ways


def compiled():
    """DM's passes through the network compiled, with the weights as inputs."""
    return patch.object(distribution, "features", _compiled("ours", distribution.features))


def plain_compiled():
    return patch.object(plain_torch.MiniC3D, "embed", _compiled("plain", plain_torch.MiniC3D.embed))


_MADE = {}


def _compiled(name, function):
    """`torch.compile`, once; on a processor without its own compiler, which would take most of the time."""
    if name not in _MADE:
        _MADE[name] = torch.compile(function, backend="inductor" if on_gpu() else "eager")
    return _MADE[name]
