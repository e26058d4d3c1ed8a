"""Stage 2 stopped in its midst and begun again in the same process ends with the same bytes."""

import json

import numpy as np
import pytest
from tiny_stage import Stop, learn

from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays

ITERATIONS = "dynamic.iterations=5"
TWO = ("memory.videos_per_class=2", "memory.statics_per_class=2", "memory.dynamics_per_class=2")
SOFT = ("dynamic.soft_labels=true", "dynamic.learning_rates.labels=0.1")
CASES = {
    "mtt": ("mtt", "static-dynamic", "dynamic.gradient=adjoint", *TWO, "dynamic.batch_size=4", *SOFT),
    "frepo in int8": (
        "frepo",
        "static-dynamic",
        "dynamic.max_updates=2",
        "memory.quantise=true",
        "export.dtype=int8",
    ),
    "dm": ("dm", "still", "dynamic.networks=experts", "experts.epochs=2"),
}


def check_same(found, expected):
    assert found.facts == expected.facts and found.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    for name in ("log.jsonl", "dynamic/memory.safetensors"):
        assert (found.folder / name).read_bytes() == (expected.folder / name).read_bytes()
    assert not (found.folder / "dynamic" / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("case", CASES)
def test_stopped_and_begun_again(case, tmp_path):
    settings = (*CASES[case], ITERATIONS)
    whole = learn(tmp_path / "whole", *settings)
    # Before there is a checkpoint; between two; after the last iteration.
    for at in (1, 3, 5):
        with pytest.raises(KeyboardInterrupt):
            learn(tmp_path / "stopped", *settings, progress=Stop(at))
    kept, facts = load_arrays(tmp_path / "stopped/runs/quickstart/dynamic/checkpoint.safetensors")
    assert facts["iteration"] == 4 and any(name.startswith("pool/") for name in kept) == case.startswith(
        "frepo"
    )
    resumed = learn(tmp_path / "stopped", *settings)
    check_same(resumed, whole)
    # Nothing is learned again.
    check_same(learn(tmp_path / "stopped", *settings, progress=Stop(0)), whole)
    assert all(np.isfinite(array).all() for array in resumed.arrays.values())
    if case == "mtt":
        assert resumed.facts.keys() == {"step_size", "label_kind"}
        last = (resumed.folder / "log.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["step_size"] == resumed.facts["step_size"]
        np.testing.assert_allclose(resumed.arrays["labels"].sum(-1), 1, rtol=1e-6)


def test_mtt_that_diverges_says_what_to_lower_and_keeps_the_last_good_checkpoint(tmp_path):
    rates = "dynamic.learning_rates={dynamic: 1e30, integrator: 0, step_size: 1e-6, labels: 0}"
    with pytest.raises(VddError, match=r"Stage dynamic diverged at iteration \d") as raised:
        learn(tmp_path, *CASES["mtt"], ITERATIONS, "run.checkpoint_every=1", rates)
    named = "lower dynamic.learning_rates.dynamic or dynamic.learning_rates.step_size or dynamic.step_size; "
    assert named in str(raised.value) and "the last good checkpoint is kept in" in str(raised.value)
    arrays, facts = load_arrays(tmp_path / "runs/quickstart/dynamic/checkpoint.safetensors")
    assert facts["iteration"] >= 1 and all(np.isfinite(array).all() for array in arrays.values())


def test_dm_that_diverges_names_the_one_rate_it_has(tmp_path):
    settings = ("dynamic.learning_rates={video: 1e30}", ITERATIONS)
    with pytest.raises(VddError, match=r"lower dynamic.learning_rates.video; "):
        learn(tmp_path, "dm", "full-video", *settings)
