"""A set made on each backend and loaded on each: the same videos, and evaluations alike."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from small_run import overrides

from keras_vdd.installed import BACKENDS, installed

pytestmark = [pytest.mark.slow, pytest.mark.once]
STEPS = ["static.iterations=2", "dynamic.iterations=3", "evaluation.compare=[]", "evaluation.seeds=1"]

MAKE = """
import sys, keras_vdd
keras_vdd.distill(keras_vdd.load_recipe("quickstart", sys.argv[1:]))
"""

LOAD = """
import json, sys, numpy as np, keras, keras_vdd
for number, folder in enumerate(sys.argv[2:]):
    loaded = keras_vdd.load(folder)
    videos, labels = loaded.videos()
    batches = loaded.as_pydataset(batch_size=3)
    same = np.concatenate([batches[at][0] for at in range(len(batches))])
    assert np.abs(same - videos).max() <= 1e-5
    np.savez(f"{sys.argv[1]}-{number}.npz", videos=videos, labels=labels)
    row = keras_vdd.evaluate(folder)
    print(json.dumps({"set": number, "loss": row["loss"]["mean"], "top1": row["top1"]["mean"]}))
"""


def run(backend, code, *arguments, place):
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        cwd=place, env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_videos_are_equal_and_evaluations_alike(tmp_path):
    backends = [name for name in BACKENDS if installed(name)]
    folders = []
    for backend in backends:
        settings = overrides(tmp_path, *STEPS, f"run.name={backend}")
        run(backend, MAKE, *settings, place=tmp_path)
        folders.append(tmp_path / "runs" / backend)
        assert json.loads((folders[-1] / "results.json").read_text())["backend"] == backend
    found = {}
    for backend in backends:
        for line in run(backend, LOAD, backend, *folders, place=tmp_path).splitlines():
            row = json.loads(line)
            found[row.pop("set"), backend] = row
    assert len(found) == len(backends) ** 2
    for number in range(len(backends)):
        first, *others = (np.load(tmp_path / f"{backend}-{number}.npz") for backend in backends)
        for other in others:
            np.testing.assert_array_equal(first["labels"], other["labels"])
            np.testing.assert_allclose(other["videos"], first["videos"], rtol=0, atol=1e-5)
        one, *rest = (found[number, backend] for backend in backends)
        for other in rest:
            # Dropout's masks are another on each backend; 12 percent are 2.5 standard errors of 48 clips.
            assert other["loss"] == pytest.approx(one["loss"], rel=2e-2)
            assert other["top1"] == pytest.approx(one["top1"], abs=12)
