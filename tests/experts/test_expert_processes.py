"""Processes that train experts end with the one that started them, however it ends."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from keras_vdd.data.store.reader import FAILED_FILE, FORMAT, FRAMES_FILES, INDEX_FILE
from keras_vdd.experts.training import ExpertTraining

LIMIT_S = 120
# Far more epochs than are trained here.
TRAINING = ExpertTraining(
    network="mini_c3d", width=4, stem=4, precision="float32", frames=3, interval=2, flip=True,
    mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), augment=(), epochs=20_000, learning_rate=0.01,
    batch_size=6, seed=3,
)  # fmt: skip
PARENT = """
import contextlib, json, sys
from keras_vdd.data.store import open_store
from keras_vdd.progress import Silent
from keras_vdd.experts.training import ExpertTraining
from keras_vdd.experts.engine import train_experts

class Told(Silent):
    def task(self, title, total=None):
        return contextlib.nullcontext(lambda done, **figures: print(done, flush=True))

train, test, folder, training = sys.argv[1:]
try:
    settings = ExpertTraining(**json.loads(training))
    train_experts(open_store(train), open_store(test), settings, folder, 2, 2, Told())
except KeyboardInterrupt:
    sys.exit(130)
"""


def write_store(folder, split):
    """A store of six videos of noise in two classes; returns where it lies."""
    folder = folder / split
    folder.mkdir(parents=True)
    frames = np.random.default_rng(0).integers(0, 256, (6 * 5, 8, 8, 3), dtype=np.uint8)
    (folder / FRAMES_FILES["raw"]).write_bytes(frames.tobytes())
    index = {
        "format": FORMAT, "codec": "raw", "split": split, "size": 8, "class_names": ["a", "b"],
        "names": [f"{i}.avi" for i in range(6)], "sources": [f"{i}" for i in range(6)],
        "labels": [0, 0, 0, 1, 1, 1], "frames": 6 * [5], "offsets": [5 * i for i in range(6)],
    }  # fmt: skip
    (folder / INDEX_FILE).write_text(json.dumps(index))
    (folder / FAILED_FILE).write_text("video,reason\n")
    return os.fspath(folder)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        # A zombie has ended: who takes it away is not decided here.
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks in /proc")
@pytest.mark.skipif(
    keras.config.backend() != "torch", reason="what ends processes knows no backend; see torch"
)
@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_all_end_and_nothing_is_half_written(tmp_path, number, status):
    splits, folder = (
        [write_store(tmp_path / "stores", split) for split in ("train", "test")],
        tmp_path / "experts",
    )
    folder.mkdir()
    command = [sys.executable, "-P", "-c", PARENT, *splits, folder, json.dumps(dataclasses.asdict(TRAINING))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        try:
            begun = parent.stdout.readline()
            assert begun and int(begun) > 0, parent.stderr.read()
            trainers = children(parent.pid)
            assert len(trainers) == 2 and all(map(alive, trainers))
            parent.send_signal(number)
            said = parent.communicate(timeout=LIMIT_S)[1]
        finally:
            parent.kill()
    assert parent.returncode == status and "Traceback" not in said, said
    until = time.monotonic() + LIMIT_S
    while any(map(alive, trainers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, trainers))
    assert [path.name for path in folder.iterdir() if path.name != "locks"] == []
