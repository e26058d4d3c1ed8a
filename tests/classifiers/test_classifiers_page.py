"""`docs/classifiers.md` as it is written, on a small run; and other models for `train` and `evaluate`."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from keras_vdd.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "classifiers.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def place(whole, tmp_path, monkeypatch):
    """A folder with the run and the videos that the page names."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "quickstart").symlink_to(whole.folder)
    clips = sorted(next(whole.store.glob("shapes-source-*/test/disk-up")).iterdir())
    shutil.copy(clips[0], tmp_path / "clip.mp4")
    (tmp_path / "more_videos").mkdir()
    shutil.copy(clips[1], tmp_path / "more_videos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.once
@pytest.mark.slow
def test_the_page_runs(place, capsys):
    train, ask = (shlex.split(block)[1:] for block in blocks("bash"))
    assert main([*train, "--json"]) == 0
    trained = json.loads(capsys.readouterr().out)
    assert trained["saved"] == "classifier.keras" and {"top1", "protocol_top1"} <= trained.keys()
    (script,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    said, *rows = done.stdout.splitlines()
    assert said == re.search(r"# (pixels_.*)", script)[1]
    assert len(rows) == 2 and (place / "classifier.weights.h5").exists()
    assert main(ask) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "clip.mp4" and len(lines) == 12 and lines[6].startswith("more_videos/")
    assert abs(sum(float(line.split()[1]) for line in lines[1:6]) - 1) < 0.5


@pytest.mark.once
def test_another_model_by_name_or_by_its_file(place, whole, capsys):
    short = ["evaluation.seeds=1", "evaluation.steps=2", "--json"]
    assert main(["train", "runs/quickstart", "--save", "a.keras", *short]) == 0
    first = json.loads(capsys.readouterr().out)
    # The architecture of the file is that of the recipe, and its weights are drawn as the recipe's.
    # Scores may be published, so they have the file's name and not where it lies.
    assert main(["evaluate", "runs/quickstart", "--model", os.path.abspath("a.keras"), *short]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert scored["architecture"] == "a.keras" and "evaluator stable: a.keras" in scored["protocol"]
    assert scored["top1"]["values"] == [pytest.approx(first["protocol_top1"], abs=3)]
    assert main(["train", "runs/quickstart", "--model", "a.keras", "--save", "b.keras", *short]) == 0
    assert json.loads(capsys.readouterr().out)["saved"] == "b.keras"
    weights = [keras.models.load_model(name).count_params() for name in ("a.keras", "b.keras")]
    assert weights[0] == weights[1]
    for model, words in (
        ("mini_c3", "did you mean mini_c3d"),
        ("none.keras", "There is no model none.keras"),
    ):
        assert main(["evaluate", "runs/quickstart", "--model", model]) == 2
        assert words in capsys.readouterr().err
