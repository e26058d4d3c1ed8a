"""What `python -m tests.kills` calls not well: a try of it that cannot fail would say nothing."""

import shlex
import signal

import numpy as np
import pytest
from kills.__main__ import _wrong, chosen
from kills.commands import commands
from kills.processes import Ended

from keras_vdd.learning.checkpoint import save_arrays

pytestmark = pytest.mark.once
GOES_ON = "interrupted; the same command goes on: vdd {}\n"


@pytest.fixture
def command(tmp_path):
    return commands(tmp_path, "torch")["interpolator"]


def ended(command, code, said=GOES_ON):
    return Ended(code, said.format(shlex.join(command.words)), "", 1.0, True)


@pytest.mark.parametrize(
    "signals, code, said, told",
    [
        ((signal.SIGINT,), 130, GOES_ON, ""),
        ((signal.SIGTERM, signal.SIGHUP), 129, GOES_ON.replace("interrupted", "stopped by SIGHUP"), ""),
        (
            (signal.SIGTERM, signal.SIGINT),
            130,
            GOES_ON.replace("interrupted", "stopped by SIGTERM"),
            "than it says",
        ),
        ((signal.SIGINT, signal.SIGHUP), -1, GOES_ON, "than it says"),
        ((signal.SIGKILL,), -9, "", ""),
        ((signal.SIGTERM,), 0, "", ""),
        ((signal.SIGINT,), 130, "interrupted\n", "not named"),
        ((signal.SIGINT,), 143, GOES_ON, "exit code 143"),
        ((signal.SIGKILL,), 1, "", "exit code 1"),
        ((signal.SIGINT,), 130, "Traceback (most recent call last):\n" + GOES_ON, "a traceback"),
    ],
)
def test_how_a_process_ends(signals, code, said, told, command, tmp_path):
    found = _wrong(ended(command, code, said), signals, command, tmp_path)
    assert told in found and bool(told) == bool(found)


def test_a_checkpoint_that_does_not_load_is_told(command, tmp_path):
    path = tmp_path / "dynamic" / "checkpoint.safetensors"
    path.parent.mkdir()
    save_arrays(path, {"memory": np.zeros(4)}, iteration=2)
    assert not _wrong(ended(command, 130), (signal.SIGINT,), command, tmp_path)
    path.write_bytes(path.read_bytes()[:-3])
    assert "is damaged" in _wrong(ended(command, 130), (signal.SIGINT,), command, tmp_path)


def test_every_command_meets_every_signal(tmp_path):
    names = list(commands(tmp_path, "torch"))
    met = {chosen(number, names, False)[:2] for number in range(100)}
    assert met == {
        (name, (s,)) for name in names for s in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
