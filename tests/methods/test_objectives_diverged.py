"""Losses that diverge stop with the settings to lower, and keep the last good checkpoint."""

import numpy as np
import pytest
from method_cases import TWO, options
from tiny_stage import learn

from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays

ITERATIONS = "dynamic.iterations=5"


def test_mtt_that_diverges_says_what_to_lower_and_keeps_the_last_good_checkpoint(tmp_path):
    rates = "dynamic.learning_rates={dynamic: 1e30, integrator: 0, step_size: 1e-6, labels: 0}"
    with pytest.raises(VddError, match=r"Stage dynamic diverged at iteration \d") as raised:
        learn(
            tmp_path,
            "mtt",
            "static-dynamic",
            *TWO,
            *options("mtt"),
            ITERATIONS,
            "run.checkpoint_every=1",
            rates,
        )
    named = "lower dynamic.learning_rates.dynamic or dynamic.learning_rates.step_size or dynamic.step_size; "
    assert named in str(raised.value) and "the last good checkpoint is kept in" in str(raised.value)
    arrays, facts = load_arrays(tmp_path / "runs/quickstart/dynamic/checkpoint.safetensors")
    assert facts["iteration"] >= 1 and all(np.isfinite(array).all() for array in arrays.values())


def test_dm_that_diverges_names_the_one_rate_it_has(tmp_path):
    settings = ("dynamic.learning_rates={video: 1e30}", ITERATIONS)
    with pytest.raises(VddError, match=r"lower dynamic.learning_rates.video; "):
        learn(tmp_path, "dm", "full-video", *settings)
