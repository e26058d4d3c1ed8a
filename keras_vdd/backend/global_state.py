"""What Keras and the backends keep for a whole process, left as it was found."""

import contextlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from keras.src.utils.rng_utils import GLOBAL_RANDOM_SEED

# Keras' own defaults, in which this package computes: what a user's `keras.json`, environment or script chose for other
# work would change its numbers without a word.
_SETTINGS = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "max_epochs": None,
    "max_steps_per_epoch": None,
}
# Not by `keras.config`, which makes a policy of floatx where nobody chose one: it would no longer follow floatx.
_POLICY = "dtype_policy"


@contextlib.contextmanager
def global_state_kept() -> Iterator[None]:
    """Return a context after which random states and settings of the process are what they were before it.

    Those are the states of `random`, `numpy.random`, torch and TensorFlow, Keras' own seed and generator, and the
    settings of `keras.config`: dtype policy, floatx, epsilon, image data format, and limits of epochs and steps.
    Training sets seeds, and each layer that is made draws one: the code that calls this package should draw what it
    would draw without it. Within the context the settings have Keras' defaults.
    """
    settings = {name: getattr(keras.config, name)() for name in _SETTINGS}
    policy = global_state.get_global_attribute(_POLICY)
    restorers = [_python(), _numpy(), _keras(), _torch(), _tensorflow()]
    try:
        _set(_SETTINGS)
        global_state.set_global_attribute(_POLICY, None)
        yield
    finally:
        _set(settings)
        global_state.set_global_attribute(_POLICY, policy)
        for restore in restorers:
            restore()


def _set(settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        getattr(keras.config, f"set_{name}")(value)


def _python() -> Callable[[], None]:
    state = random.getstate()
    return lambda: random.setstate(state)


def _numpy() -> Callable[[], None]:
    state = np.random.get_state()
    return lambda: np.random.set_state(state)


def _keras() -> Callable[[], None]:
    seed = global_state.get_global_attribute(GLOBAL_RANDOM_SEED)
    generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
    value = None if generator is None else keras.ops.convert_to_numpy(generator.state)

    def restore() -> None:
        global_state.set_global_attribute(GLOBAL_RANDOM_SEED, seed)
        global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, generator)
        if generator is not None:
            generator.state.assign(value)

    return restore


def _torch() -> Callable[[], None]:
    torch = sys.modules.get("torch")
    if torch is None or keras.config.backend() != "torch":
        return _nothing
    state = torch.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def restore() -> None:
        torch.set_rng_state(state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)

    return restore


def _tensorflow() -> Callable[[], None]:
    # Keras seeds it on any backend where it is imported.
    if sys.modules.get("tensorflow") is None:
        return _nothing
    from tensorflow.python.eager.context import context

    eager = context()
    seed, draws = eager._seed, getattr(eager, "_rng", None)
    state = None if draws is None else draws.getstate()

    def restore() -> None:
        eager._seed, eager._rng = seed, draws
        if draws is not None:
            draws.setstate(state)

    return restore


def _nothing() -> None:
    pass
