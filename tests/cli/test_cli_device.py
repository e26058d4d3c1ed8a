"""`--device` and what `vdd doctor` says of devices."""

import json
import shlex
import subprocess
import sys

import pytest

from keras_vdd.cli import backend, doctor
from keras_vdd.cli.main import main


def vdd(capsys, *words):
    code = main([*words])
    text = capsys.readouterr()
    assert "Traceback" not in text.err
    return code, text.out, text.err


@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_a_device_that_is_not_there_is_one_sentence_and_leaves_nothing(capsys, tmp_path, monkeypatch, dry):
    monkeypatch.chdir(tmp_path)
    code, printed, said = vdd(capsys, "-q", "distill", "--recipe", "quickstart", "--device", "cuda:99", *dry)
    assert (code, printed) == (2, "") and said.startswith("error: run.device=cuda:99 is not here: ")
    assert said.count("\n") == 1 and "Choose one of these or run.device=auto" in said
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_none_is_told_with_the_nearest(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed, said = vdd(capsys, "distill", "--recipe", "quickstart", "--device", "cuda:x")
    assert (code, printed) == (
        2,
        "",
    ) and "run.device=cuda:x must be one of auto, cpu, gpu, cuda, mps or cuda:N" in said
    assert said.endswith("did you mean cuda:0?\n")


def test_the_option_is_the_setting(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = "data.size=16 data.frames=2 evaluation.width=4 dynamic.width=4 static.width=4 evaluation.stem=4"
    words = ["distill", "--recipe", "quickstart", "--device", "cpu", "--dry-run", "--json", *small.split()]
    code, printed, _ = vdd(capsys, *words)
    assert code == 0 and json.loads(printed)["machine"]["device"] == "cpu"


@pytest.mark.slow
def test_the_example_of_doctor_names_the_devices_of_every_backend(tmp_path):
    program, *words = shlex.split(doctor.command.epilog.splitlines()[-1])
    assert program == "vdd" and "--json" in words
    command = [sys.executable, "-P", "-m", "keras_vdd.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    backends = json.loads(done.stdout)["backends"]
    for name in filter(backend.installed, backend.NAMES):
        facts = backends[name]
        assert facts["works"] and facts["devices"]["cpu"] == {"label": "cpu", "memory_bytes": None}
        assert facts["auto"] in facts["devices"]
        if facts["auto"] == "cpu":
            assert facts["deterministic"] is True
