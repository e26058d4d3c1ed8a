"""Small distilled sets of every kind, and a runner for fresh Python processes."""

import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

import keras_vdd
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.temporal.key_frames import as_moments

TIME_LIMIT = 120
# What Arrow's threads now and then do, with or without keras_vdd, to an interpreter that has ended.
ARROW_ABORT = (-signal.SIGABRT, "terminate called without an active exception\n")
WITHOUT = "import sys\nsys.modules['keras_vdd'] = None\n"


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


@pytest.fixture
def make_set():
    """A function (kind, **changes) -> DistilledSet of 12 classes, 2 slots, 5 frames of 8 x 9."""

    def make(kind="static-dynamic", **changes):
        classes, slots, frames, size = 12, 2, 5, (8, 9)
        settings = dict(
            kind=kind,
            class_names=tuple(f"class {label}" for label in range(classes)),
            frames=frames,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            videos_per_class=slots,
            recipe="name: small\nrun:\n  seed: 0\n",
            provenance={"source": "shapes", "seed": 0, "real_bytes": 123_456_789},
        )
        if kind == "full-video":
            settings["video"] = numbers(1, classes, slots, frames, *size, 3)
        elif kind == "key-frames":
            keys = numbers(6, classes, slots, frames) > 0
            keys[..., [0, -1]] = True
            settings["positions"] = moments = as_moments(keys)
            stored = numbers(7, *moments.shape, *size, 3)
            settings["key_frames"] = stored * (moments >= 0)[..., None, None, None]
        else:
            settings["static"] = numbers(2, classes, 2 * slots, *size, 3)
        if kind == "static-dynamic":
            settings["dynamic"] = numbers(3, classes, 2 * slots, frames, *size, 1)
            settings["kernels"] = 0.1 * numbers(4, 3, 3, 3, 3, 4, 3)
            settings["biases"] = 0.1 * numbers(5, 3, 3)
        return DistilledSet(**(settings | changes))

    return make


@pytest.fixture
def fresh(tmp_path):
    """A function (code, *arguments, known=True) that runs code in a fresh process and returns what it prints.

    The process has caches of its own, no network, and, unless `known`, no keras_vdd. With `streams` it may
    end with Arrow's abort.
    """
    root = str(pathlib.Path(keras_vdd.__file__).parents[1])

    def run(code, *arguments, known=True, streams=False, limit=TIME_LIMIT, **more):
        script = tmp_path / "script.py"
        script.write_text(code if known else WITHOUT + code, encoding="utf-8")
        home = tmp_path / "hub-home"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        environment |= {
            "HF_HOME": str(home),
            "HF_DATASETS_CACHE": str(home / "datasets"),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": root,
            **more,
        }
        done = subprocess.run(
            [sys.executable, str(script), *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=limit,
        )
        aborted = streams and done.returncode == ARROW_ABORT[0] and done.stderr.endswith(ARROW_ABORT[1])
        assert done.returncode == 0 or aborted, done.stdout + done.stderr
        return done.stdout

    return run
