"""Baselines by name: added from outside, planned as they are trained."""

import numpy as np
import pytest
from small_run import small

from keras_vdd.distilled.budget import stored_bytes
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import UsageError
from keras_vdd.evaluation import Amount, Baseline, Beside
from keras_vdd.evaluation.baselines import BASELINES, register_baseline
from keras_vdd.recipe.load import load_recipe

NAMES = BASELINES.names()
SIZE, FRAMES, LENGTH = 32, 8, 20


class Store:
    """Four videos in each of the eight classes."""

    size = SIZE
    labels = np.repeat(np.arange(8), 4).astype(np.int32)
    lengths = np.full(32, LENGTH, np.int32)

    def __len__(self):
        return 32

    def by_class(self):
        return [np.flatnonzero(self.labels == label) for label in range(8)]

    def frames(self, row):
        return np.full((LENGTH, SIZE, SIZE, 3), row, np.uint8)


class Nothing(Baseline):
    name, title = "nothing", "nothing"

    def refusal(self, recipe):
        return "and says nothing" if recipe.memory.kind == "still" else ""

    def amount(self, beside):
        return Amount(0, 0, 0, 0)

    def training(self, beside, number):
        raise AssertionError("nothing is trained on")


@pytest.mark.parametrize("name", NAMES)
def test_a_row_trains_on_as_much_as_it_says(name, tmp_path):
    recipe = small(tmp_path)
    static = np.random.default_rng(0).normal(size=(8, 1, SIZE, SIZE, 3)).astype("float32")
    beside = Beside(recipe, [4] * 8, 10 * FRAMES * SIZE * SIZE * 3, Store(), static)
    baseline = BASELINES.get(name)
    assert baseline.name == name and baseline.title and baseline.refusal(recipe) == ""
    amount, training = baseline.amount(beside), baseline.training(beside, 0)
    assert len(training) == amount.videos > 0
    clips = training.read(np.arange(2), np.random.default_rng(0))
    assert clips.shape == (2, FRAMES, SIZE, SIZE, 3) and clips.dtype == np.float32
    # What a plan says, it says without the files; only the bytes of whole videos need them.
    planned = baseline.amount(Beside(recipe, [4] * 8, beside.nbytes))
    assert planned == amount or (name == "full" and planned.nbytes == 0)
    assert (planned.videos, planned.frames, planned.epochs) == (amount.videos, amount.frames, amount.epochs)
    assert amount.frames == {"full": 0, "static-only": FRAMES}.get(name, 1 if "stills" in name else FRAMES)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_stills_alone_take_the_bytes_that_they_are_stored_in(dtype, tmp_path):
    recipe = small(
        tmp_path, f"export.dtype={dtype}", "memory.statics_per_class=2", "memory.dynamics_per_class=2"
    )
    static = np.zeros((8, 2, SIZE, SIZE, 3), np.float32)
    made = DistilledSet("still", list("abcdefgh"), FRAMES, (0.5,) * 3, (0.25,) * 3, 2, static=static)
    amount = BASELINES.get("static-only").amount(Beside(recipe, [4] * 8))
    assert (amount.nbytes, amount.videos, amount.per_class) == (stored_bytes(made, dtype), 16, 2)


@pytest.mark.parametrize("number", [0, 1])
def test_random_rows_draw_by_their_own_name_and_number(number, tmp_path):
    recipe = small(tmp_path)
    beside = Beside(recipe, [4] * 8, 0, Store())
    row = BASELINES.get("random-clips")
    one, again, other = (row.training(beside, n) for n in (number, number, number + 2))
    np.testing.assert_array_equal(one.videos, again.videos)
    assert not np.array_equal(one.videos, other.videos)


def test_rows_of_ones_own_are_taken_and_may_refuse(forgetting):
    with pytest.raises(UsageError, match=r"evaluation.compare\[0\]=nothing must be one of full, "):
        load_recipe("quickstart", ["evaluation.compare=nothing"])
    register_baseline(Nothing())
    assert load_recipe("quickstart", ["evaluation.compare=nothing"]).evaluation.compare == ("nothing",)
    with pytest.raises(UsageError, match="evaluation.compare has nothing, and says nothing"):
        load_recipe("static-dc-shapes", ["evaluation.compare=nothing"])
