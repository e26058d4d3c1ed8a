"""What holds for every matching loss there is: its gradient, resuming, planning; a new folder inherits this."""

import json
import math

import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, tensor, wide
from method_cases import NAMES, SHARED, TWO, options
from tiny_networks import Wide
from tiny_stage import (
    CLASSES,
    FRAMES,
    KINDS,
    SIZE,
    Bank,
    Stop,
    gradient_function,
    learn,
    learned_values,
    make,
    recipe_of,
)

from keras_vdd import models
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.matching import ridge
from keras_vdd.methods import METHODS
from keras_vdd.planning.plan import plan

COUNTS = {"still": (), "full-video": TWO, **dict.fromkeys(KINDS, ()), "static-dynamic": SHARED}


class StillPool:
    """One network that never learns, in the place of FRePo's pool."""

    def __init__(self, weights):
        self._weights = weights

    def weights(self, member):
        return self._weights

    def update(self, member, videos, labels):
        pass


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", NAMES)
def test_its_gradient_meets_differences_in_all_that_it_learns(loss, kind, monkeypatch):
    """Through a network that has derivatives everywhere, in float64, with every option on."""
    monkeypatch.setattr(ridge, "WIDEST_FLOAT", "float64")
    rng = np.random.default_rng(0)
    with wide():
        _, objective, condenser = make(loss, kind, *COUNTS[kind], *options(loss))
        in_float64(condenser.memory)
        objective.network = network = Wide(CLASSES, SIZE, frames=FRAMES)
        objective.bank = Bank(network)
        weights = models.fresh_weights(network, rng)
        if hasattr(objective, "pool"):
            objective.pool = StillPool(tensor(weights))
        batch = objective.make_batch(0)
        if "network" in batch:
            batch["network"] = tuple(weights)
        values = learned_values(condenser)
        if "labels" in values:
            values["labels"] = values["labels"] + 0.3 * rng.standard_normal(values["labels"].shape)
        if "step_size" in values:
            values["step_size"] = np.array(0.3)
        evaluate = gradient_function(objective, condenser, batch, "float64")
        found = assert_gradient(evaluate, values, compiled=not objective.host_side)
        assert len(found) == len(condenser.trainable_variables)


@pytest.mark.parametrize("loss", NAMES)
def test_what_it_learns_is_what_it_declares(loss):
    for kind in KINDS:
        for settings in ((), options(loss)):
            recipe, objective, condenser = make(loss, kind, *COUNTS[kind], *settings)
            declared = set(METHODS.get(loss).learned(recipe.dynamic))
            assert set(condenser.extras) == declared
            assert set(objective.rates) >= declared
            arrays, _ = objective.results(condenser)
            assert set(arrays) == declared & {"labels"}
            names = {name.removeprefix("dynamic.") for name in objective.lr_settings}
            assert all(hasattr(recipe.dynamic, name.split(".")[0]) for name in names)


def same(found, expected):
    assert found.facts == expected.facts and found.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    for name in ("log.jsonl", "dynamic/memory.safetensors"):
        assert (found.folder / name).read_bytes() == (expected.folder / name).read_bytes()
    assert not (found.folder / "dynamic" / "checkpoint.safetensors").exists()


INT4 = ("memory.quantise=true", "export.dtype=int4")


STOPPED = [(name, "static-dynamic" if METHODS.get(name).learns else "still", ()) for name in NAMES]
STOPPED += [("frepo", "static-dynamic", INT4), ("mtt", "still", ())]


@pytest.mark.parametrize("loss, kind, more", STOPPED)
def test_stopped_in_its_midst_and_begun_again_it_ends_with_the_same_bytes(loss, kind, more, tmp_path):
    counts = TWO if kind == "static-dynamic" else ()
    settings = (loss, kind, *counts, *options(loss), *more, "dynamic.iterations=5")
    whole = learn(tmp_path / "whole", *settings)
    # Before there is a checkpoint; between two; after the last iteration.
    for at in (1, 3, 5):
        with pytest.raises(KeyboardInterrupt):
            learn(tmp_path / "stopped", *settings, progress=Stop(at))
    kept, facts = load_arrays(tmp_path / "stopped/runs/quickstart/dynamic/checkpoint.safetensors")
    assert facts["iteration"] == 4 and any(name.startswith("pool/") for name in kept) == (loss == "frepo")
    resumed = learn(tmp_path / "stopped", *settings)
    same(resumed, whole)
    # Nothing is learned again.
    same(learn(tmp_path / "stopped", *settings, progress=Stop(0)), whole)
    assert all(np.isfinite(array).all() for array in resumed.arrays.values())
    learned = METHODS.get(loss).learned(recipe_of(*settings).dynamic)
    assert resumed.facts.get("label_kind") == (METHODS.get(loss).label_kind if "labels" in learned else None)
    if "step_size" in learned:
        last = (resumed.folder / "log.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["step_size"] == resumed.facts["step_size"]
    if resumed.facts.get("label_kind") == "probabilities":
        np.testing.assert_allclose(resumed.arrays["labels"].sum(-1), 1, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", NAMES)
def test_it_is_planned_and_twice_the_iterations_take_twice_the_time(loss, kind, monkeypatch):
    monkeypatch.setattr("keras_vdd.planning.stage_costs.training_pass", lambda network: 1.0)
    once, twice = (plan(recipe_of(loss, kind, f"dynamic.iterations={count}")) for count in (3, 6))
    one, two = once["estimates"]["dynamic"], twice["estimates"]["dynamic"]
    assert 0 < one["bytes of memory"] == two["bytes of memory"] and one["iterations"] == 3
    assert math.isclose(two["seconds"], 2 * one["seconds"], abs_tol=0.1) and one["seconds"] > 0
    assert ("labels" in once["shapes"]) == (
        "labels" in METHODS.get(loss).learned(recipe_of(loss, kind).dynamic)
    )
    assert ("experts" in once["estimates"]) == (METHODS.get(loss).expert_epochs is not None)
    assert once["title"].startswith(METHODS.get(loss).title)


@pytest.mark.parametrize("loss", NAMES)
def test_its_settings_say_what_they_are(loss):
    settings = METHODS.get(loss).settings
    assert settings.__doc__ and all(field.description for field in settings.model_fields.values())
    assert all(
        getattr(settings(), name, True) is not None
        for name in METHODS.get(loss).smaller
        if name != "batch_size"
    )
