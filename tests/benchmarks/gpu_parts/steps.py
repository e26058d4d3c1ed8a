"""An iteration of DM, MTT or FRePo, of ours in several precisions and of the plain loop, in turns.

`main(report, size, loss)`. First, at the least of the sizes, the plain gradient and ours are compared. FRePo has no
plain loop beside it.
"""

import functools

from contestants import LARGEST_ERROR, Ours, Plain, gradient_errors

from gpu_parts.device import autocast, tf32
from gpu_parts.sizes import ROUNDS, SIZES
from gpu_parts.ways import Way, race

WITH, WITHOUT = functools.partial(tf32, True), functools.partial(tf32, False)


def main(report, size, loss):
    geometries = SIZES[size]
    if loss != "frepo":
        with report.attempt("gradient beside plain"):
            compare_gradients(report, loss, geometries[-1])
    for geometry in geometries:
        with report.attempt(geometry.label):
            race(report, geometry.label, ways_of(loss, geometry), ROUNDS[size])


def compare_gradients(report, loss, geometry):
    """In float32 without TF32, as largest errors by part."""
    few = ["dynamic.real_per_class=2"] if loss == "dm" else ["dynamic.gradient=unrolled"]
    ours = Ours(geometry.recipe(loss, *few), geometry.store())
    with WITHOUT():
        errors = gradient_errors(ours, Plain(loss, ours, 2))
    agree = all(error < LARGEST_ERROR for error in errors.values())
    report.row("gradient beside plain", **errors, agree=agree)


def ways_of(loss, geometry):
    """The ways by name; those that float32 with TF32 is compared with come first."""
    store = geometry.store(geometry.real_clips if loss == "frepo" else None)
    forms = {"mtt": ("unrolled", "adjoint")}.get(loss, (None,))
    ways, plain = {}, "plain, TF32"
    for form in forms:
        name = f"ours{f' {form}' if form else ''}"
        more = [f"dynamic.gradient={form}"] if form else []
        wide = Ours(geometry.recipe(loss, *more), store)
        narrow = Ours(geometry.recipe(loss, *more, "run.precision=bfloat16"), store)
        if loss != "frepo" and plain not in ways:
            loop = Plain(loss, wide, geometry.real_per_class)
            ways[plain] = Way(loop, (WITH,), plain)
            ways["plain, autocast"] = Way(loop, (WITH, autocast), plain)
            ways["plain, float32"] = Way(loop, (WITHOUT,), plain)
        ways[f"{name}, TF32"] = Way(wide, (WITH,), plain)
        ways[f"{name}, bfloat16"] = Way(narrow, (WITH,), "plain, autocast")
        ways[f"{name}, float32"] = Way(wide, (WITHOUT,), "plain, float32")
    return ways
