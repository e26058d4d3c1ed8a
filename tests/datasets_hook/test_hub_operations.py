"""Every operation of the folder `operations`, in processes of their own, in every order of imports."""

import json
import os
import pathlib

import numpy as np
import pytest
from datasets_hook.operations import run
from datasets_hook.operations.case import OPERATIONS, integrate

import keras_vdd

pytestmark = [pytest.mark.slow, pytest.mark.once]
SCRIPT = pathlib.Path(run.__file__).read_text(encoding="utf-8")
TESTS = pathlib.Path(run.__file__).parents[2]
PATHS = os.pathsep.join(map(str, (TESTS.parent, TESTS)))
LIMIT = 400
HOW = ("before", "after", "probed first", "not imported", "not installed")


@pytest.fixture
def published(make_set, tmp_path):
    """(folder, file of what its rows must be), with another set beside it."""
    made = make_set()
    folder = keras_vdd.export(made, tmp_path / "set")
    other = make_set(kernels=made.kernels[::-1].copy())
    keras_vdd.export(other, tmp_path / "other")
    pairs = made.pairs()
    truth = tmp_path / "truth.npz"
    videos, others = (
        np.stack(
            [
                integrate(
                    one.static[label, static],
                    one.dynamic[label, dynamic, ..., 0],
                    one.kernels[one.integrator_of(label)],
                    one.biases[one.integrator_of(label)],
                )
                for label, static, dynamic in pairs
            ]
        )
        for one in (made, other)
    )
    np.savez(truth, videos=videos, others=others, labels=pairs[:, 0], pairs=pairs)
    return folder, truth


@pytest.mark.parametrize("how", HOW)
def test_operations(published, fresh, how):
    out = fresh(SCRIPT, *published, how, streams=True, limit=LIMIT, PYTHONPATH=PATHS)
    alone, libraries = map(json.loads, out.splitlines()[-2:])
    assert not alone["wrong"] + libraries["wrong"], out
    assert len(alone["done"]) >= 120
    # Without keras_vdd there are memories, of which other libraries make nothing.
    assert bool(libraries["done"]) == (not how.startswith("not"))


def test_there_are_enough():
    assert len(OPERATIONS) >= 120
