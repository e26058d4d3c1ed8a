"""The golden values: what the paper's own implementation computes, and how its inputs are regenerated.

`VDD_GOLDEN` names another file of the same form; every size is taken from the file.
"""

import json
import os
import pathlib
import zlib

import numpy as np

_PATH = os.environ.get("VDD_GOLDEN") or pathlib.Path(__file__).parent / "golden" / "reference_small.json"
GOLDEN = json.loads(pathlib.Path(_PATH).read_text())
GEOMETRY = GOLDEN["geometry"]


def draw(name, shape, scale, shift):
    """The standard normal draw that belongs to a name, scaled and shifted, float32."""
    seed = (zlib.crc32(name.encode()) + GOLDEN["seed"]) % 2**32
    return (shift + scale * np.random.RandomState(seed).standard_normal(shape)).astype("float32")


def golden_input(name):
    """An input array in the reference's layout."""
    spec = GOLDEN["inputs"][name]
    return draw(name, spec["shape"], spec["scale"], spec["shift"])


def channels_last(x):
    """(..., T, C, H, W) or (..., C, H, W) to channels last."""
    return np.moveaxis(x, -3, -1)


def kernel(w):
    """A reference weight (out, in, ...) as (..., in, out); vectors stay."""
    return w if w.ndim < 2 else np.moveaxis(w, (0, 1), (-1, -2))


def relative_error(value, expected):
    value, expected = np.asarray(value, "float64").ravel(), np.asarray(expected, "float64").ravel()
    return np.linalg.norm(value - expected) / max(np.linalg.norm(expected), 1e-30)


def golden_errors(name, value):
    """How far an array in the reference's layout is from the golden output `name`: dict of relative errors.

    Small outputs are stored whole; of larger ones the norm, the product with a random probe (a third of its
    error counts, relative to the norm: the probe's entries are standard normal) and 32 entries are stored.
    """
    expected = GOLDEN["outputs"][name]
    value = np.asarray(value, "float64")
    assert list(value.shape) == expected["shape"], name
    if "values" in expected:
        return {"values": relative_error(value, expected["values"])}
    flat = value.ravel()
    probe = draw("probe:" + name, [flat.size], 1.0, 0.0).astype("float64")
    return {
        "norm": abs(np.linalg.norm(flat) / expected["norm"] - 1),
        "probe": abs(flat @ probe - expected["probe_dot"]) / (3 * expected["norm"]),
        "entries": relative_error(flat[np.asarray(expected["index"])], expected["at_index"]),
    }


def assert_golden(name, value, tolerance):
    """Compare an array in the reference's layout with the golden output `name`."""
    for what, error in golden_errors(name, value).items():
        assert error < tolerance, f"{name}: {what} differ by {error:.2e}"
