"""A set made on each backend and loaded on each: the same videos, and evaluations alike."""

import contextlib
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

# Makes its set; loads each once the standard input tells their folders.
CODE = """
import json, sys, numpy as np, keras, keras_vdd
keras_vdd.distill(keras_vdd.load_recipe("quickstart", sys.argv[2:]))
print("made", flush=True)
for number, folder in enumerate(json.loads(sys.stdin.readline())):
    loaded = keras_vdd.load(folder)
    videos, labels = loaded.videos()
    batches = loaded.as_pydataset(batch_size=3)
    same = np.concatenate([batches[at][0] for at in range(len(batches))])
    assert np.abs(same - videos).max() <= 1e-5
    np.savez(f"{sys.argv[1]}-{number}.npz", videos=videos, labels=labels)
    row = keras_vdd.evaluate(folder)
    print(json.dumps({"set": number, "loss": row["loss"]["mean"], "top1": row["top1"]["mean"]}))
"""


@contextlib.contextmanager
def started(backend, settings, place):
    """A process of a backend that runs CODE."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with (
        open(place / f"{backend}.err", "w+", encoding="utf-8") as said,
        subprocess.Popen(
            [sys.executable, "-P", "-c", CODE, backend, *settings],
            cwd=place, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def told(place, backend):
    return (place / f"{backend}.err").read_text(encoding="utf-8")


def test_videos_are_equal_and_evaluations_alike(tmp_path):
    backends = [name for name in BACKENDS if installed(name)]
    folders = [tmp_path / "runs" / backend for backend in backends]
    found = {}
    with contextlib.ExitStack() as stack:
        processes = {}
        for backend in backends:
            settings = overrides(tmp_path, *STEPS, f"run.name={backend}")
            processes[backend] = stack.enter_context(started(backend, settings, tmp_path))
            # One after the other: they share a store.
            assert processes[backend].stdout.readline() == "made\n", told(tmp_path, backend)
        for folder in folders:
            assert json.loads((folder / "results.json").read_text())["backend"] == folder.name
        for backend, process in processes.items():
            printed, _ = process.communicate(
                json.dumps([str(folder) for folder in folders]) + "\n", timeout=600
            )
            assert process.returncode == 0, told(tmp_path, backend)
            for line in printed.splitlines():
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
