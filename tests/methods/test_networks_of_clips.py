"""Every network of clips is learned through by DM, and ConvNet + GRU by every matching loss, as `distill` runs them."""

import json

import numpy as np
import pytest
from keras import ops
from method_cases import NAMES
from tiny_stage import learn

from keras_vdd.models.registry import names_of

CASES = [("dm", name) for name in names_of("clips")]
# Seconds to compile, and FRePo's pool of them most of a minute on TensorFlow: its second derivatives are
# those that the tests of layers compare on every backend.
SLOW = {"frepo": [pytest.mark.slow, pytest.mark.once]}
CASES += [
    pytest.param(loss, "convnet_gru", marks=SLOW.get(loss, pytest.mark.slow))
    for loss in NAMES
    if loss != "dm"
]


@pytest.mark.parametrize("loss, network", CASES)
def test_it_moves_the_motion_of_every_video(loss, network, tmp_path):
    settings = (loss, "static-dynamic", f"dynamic.network={network}", "dynamic.width=8")
    start = []

    def keep(memory):
        start.append(ops.convert_to_numpy(memory.dynamic))

    moved = learn(tmp_path, *settings, "dynamic.iterations=2", prepare=keep)
    log = [json.loads(line) for line in (moved.folder / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in log if "loss" in line]
    assert losses and np.isfinite(losses).all()
    change = np.abs(moved.arrays["dynamic"] - start[0])
    assert change.max(axis=tuple(range(2, change.ndim))).min() > 0
