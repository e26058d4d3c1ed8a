"""`vdd experts`: what it prints, that it goes on, and what it refuses."""

import json
from pathlib import Path

import pytest

from keras_vdd.cli.main import main

SETTINGS = (
    "data.shapes.train_per_class=1",
    "data.shapes.test_per_class=1",
    "dynamic.width=4",
    "dynamic.stem=4",
    "dynamic.learning_rates.step_size=1e-5",
    "dynamic.max_start_epoch=1",
    "experts.batch_size=8",
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # One at a time in this process, on any machine.
    monkeypatch.setattr("keras_vdd.experts.engine.processor_count", lambda: 1)
    return tmp_path


def vdd(capsys, *words, code=0):
    given = main(["experts", "--recipe", "quickstart", *words])
    said = capsys.readouterr()
    assert given == code and "Traceback" not in said.err, said.err
    return said.out, said.err


def test_experts_as_json_and_in_words(capsys, place):
    words = ("dynamic.loss=mtt", *SETTINGS, "experts.count=1")
    printed, said = vdd(capsys, *words, "--json")
    result = json.loads(printed)
    assert set(result) == {"set", "folder", "experts", "epochs", "bytes"} and "Training 1 expert:" in said
    assert (result["set"], result["epochs"]) == ("shapes", 1)
    (expert,) = result["experts"]
    assert set(expert) == {"number", "top1", "loss"} and expert["number"] == 0
    assert 0 <= expert["top1"] <= 100 and 0 < expert["loss"] < 10
    (file,) = Path(result["folder"]).glob("*.safetensors")
    assert Path(result["folder"]).parent == Path("experts") and result["bytes"] == file.stat().st_size
    before = file.read_bytes()

    printed, said = vdd(capsys, *words[:-1], "experts.count=2", "--json")
    more = json.loads(printed)
    assert "Training 1 expert:" in said and file.read_bytes() == before
    assert more["folder"] == result["folder"] and more["experts"][0] == expert and len(more["experts"]) == 2

    printed, said = vdd(capsys, *words[:-1], "experts.count=2")
    lines = dict(line.split(maxsplit=1) for line in printed.splitlines() if not line.startswith("top-1"))
    assert (lines["set"], lines["experts"], lines["bytes"]) == ("shapes", "2", f"{more['bytes']:,}")
    assert "Training" not in said and {"mean", "least", "most"} <= lines.keys()


def test_a_recipe_that_reads_no_experts(capsys, place):
    printed, said = vdd(capsys, code=2)
    assert printed == "" and "error: The recipe 'quickstart' reads no experts: set dynamic.loss=mtt" in said
    assert list(place.iterdir()) == []


def test_experts_that_diverge(capsys, place):
    printed, said = vdd(
        capsys,
        "dynamic.loss=mtt",
        *SETTINGS,
        "experts.count=1",
        "experts.learning_rate=2e38",
        "data.std=1e-4,1e-4,1e-4",
        code=1,
    )
    (error,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert printed == "" and "Expert 0 diverged" in error and "experts.learning_rate" in error
    assert not list(place.rglob("expert-*"))
