"""Code that calls this package draws, and computes in, what it would without it."""

import random

import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

import keras_vdd
from keras_vdd.backend.global_state import global_state_kept
from keras_vdd.placement import computing

SETTINGS = (
    "floatx", "epsilon", "image_data_format", "max_epochs", "max_steps_per_epoch", "dtype_policy",
)  # fmt: skip


def draws():
    """What each source of the process gives next."""
    found = [random.random(), np.random.random(), float(keras.random.uniform(()))]
    found += [keras.initializers.GlorotUniform().seed]
    backend = keras.config.backend()
    if backend == "torch":
        import torch

        found.append(torch.rand(()).item())
    if backend == "tensorflow":
        import tensorflow as tf

        found.append(float(tf.random.uniform(())))
    return found


def settings():
    return [getattr(keras.config, name)() for name in SETTINGS]


def meddle():
    keras.utils.set_random_seed(7)
    draws()
    keras.config.set_floatx("float16")
    keras.config.set_epsilon(0.1)
    keras.config.set_image_data_format("channels_first")
    keras.config.set_max_epochs(1)
    keras.config.set_max_steps_per_epoch(1)
    keras.config.set_dtype_policy("mixed_bfloat16")


def test_what_others_chose_changes_no_number():
    before = settings()
    with global_state_kept():  # which also puts back what is changed here
        defaults = settings()
        meddle()
        chosen = settings()
        with computing():
            assert settings() == defaults
        assert settings() == chosen != defaults
    assert settings() == before


@pytest.mark.parametrize("context", [global_state_kept, computing])
@pytest.mark.parametrize("fails", [False, True])
def test_all_is_left_as_it_was_found(context, fails):
    before = settings()
    keras.utils.set_random_seed(1)
    expected = draws(), draws()
    keras.utils.set_random_seed(1)
    assert draws() == expected[0]
    try:
        with context():
            meddle()
            if fails:
                raise ValueError
    except ValueError:
        assert fails
    assert draws() == expected[1]
    assert settings() == before


def test_where_nobody_has_drawn_yet():
    keras.utils.set_random_seed(1)
    with global_state_kept():
        meddle()
    found = draws()
    keras.utils.set_random_seed(1)
    assert found == draws()


def test_a_policy_that_nobody_chose_still_follows_floatx():
    chosen = keras.config.dtype_policy()
    try:
        global_state.set_global_attribute("dtype_policy", None)
        with global_state_kept():
            meddle()
        keras.config.set_floatx("float16")
        assert keras.config.dtype_policy().name == "float16"
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(chosen)


def test_a_public_call_that_makes_networks_draws_nothing_of_others():
    keras.utils.set_random_seed(1)
    expected = draws()
    keras.utils.set_random_seed(1)
    keras_vdd.plan("quickstart", **{"data.size": 16, "static": None, "dynamic.width": 8, "dynamic.stem": 8})
    assert draws() == expected
