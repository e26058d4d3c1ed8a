"""Options beyond the paper that are off: none of their code runs, and a run is what it was before them."""

from unittest.mock import patch

import numpy as np
import pytest
from method_cases import NAMES
from tiny_stage import learn

from keras_vdd.memory import layer
from keras_vdd.methods import class_matching
from keras_vdd.methods.mtt import objective as trajectory
from keras_vdd.temporal import upsampling

# What only an option calls, where it is called.
CALLS = [
    (class_matching, "augment"),
    (class_matching, "draw"),
    (class_matching, "augmented"),
    (trajectory, "augment"),
    (trajectory, "draw"),
    (trajectory, "confident_logits"),
    (layer, "straight_through"),
    (layer, "quantised"),
    (upsampling, "interpolation_matrix"),
]
ON = {
    "augmentation": ("dm", ["dynamic.augment=[scale]"]),
    "augmentation of MTT": ("mtt", ["dynamic.augment=[scale]"]),
    "soft labels": ("mtt", ["dynamic.soft_labels=true", "dynamic.learning_rates.labels=1"]),
    "int8": ("dm", ["memory.quantise=true", "export.dtype=int8"]),
    "int4": ("dm", ["memory.quantise=true", "export.dtype=int4"]),
    "small motion": ("dm", ["memory.dynamic_size=4"]),
    "slow motion": ("dm", ["memory.stored_frames=2"]),
}


class Ran(Exception):
    pass


@pytest.fixture
def refused():
    """Where code of an option is reached, `Ran` is raised."""
    patches = [patch.object(module, name, side_effect=Ran(name)) for module, name in CALLS]
    for each in patches:
        each.start()
    yield
    for each in patches:
        each.stop()


@pytest.mark.parametrize("loss", NAMES)
def test_what_is_off_does_not_run(loss, refused, tmp_path):
    learned = learn(tmp_path, loss, "static-dynamic", "dynamic.iterations=1")
    assert np.isfinite(learned.arrays["dynamic"]).all()


@pytest.mark.parametrize("name", ON)
def test_what_is_on_does(name, refused, tmp_path):
    loss, settings = ON[name]
    with pytest.raises(Ran):
        learn(tmp_path, loss, "static-dynamic", "dynamic.iterations=1", *settings)
