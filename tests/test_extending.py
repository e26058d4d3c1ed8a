"""The pages about adding something: their files, saved in a new folder, run by their commands."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from small_run import SMALL

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(
    r"[Ss]ave\s+(?:this|it)\s+as\s+`([\w.]+)`:\n\n```\w+\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE
)
COMMANDS = re.compile(r"^```bash\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
# Settings that make a run short and leave alone what the pages set.
SHORT = [setting for setting in SMALL if not setting.startswith(("data.", "evaluation.compare"))]
SHAPES = ["data.shapes.train_per_class=3", "data.shapes.test_per_class=2"]
GESTURES = [*SHORT, "evaluation.compare=[]", "data.frames=4"]


def follow(page, place):
    """Save the files of a page in `place`; return its commands, each a list of words after `vdd`."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, content in BLOCK.findall(text):
        (place / name).write_text(content, encoding="utf-8")
    return [shlex.split(line)[1:] for block in COMMANDS.findall(text) for line in block.splitlines()]


def vdd(place, words, *settings, code=0):
    """Run a command as a user would, in a process of its own that ends with `code`; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "keras_vdd.cli", *words, *settings],
        cwd=place, capture_output=True, text=True, timeout=600, env=os.environ,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


def rows_of(run):
    """Return the rows of a run's results by name."""
    return {row["method"]: row for row in json.loads((run / "results.json").read_text())["rows"]}


def test_the_network_of_the_page_runs(tmp_path, vdd_here):
    (words,) = follow("adding-a-network.md", tmp_path)
    vdd(tmp_path, words, *SHORT, *SHAPES, "evaluation.compare=[]")
    run = tmp_path / "runs" / "gru"
    results = json.loads((run / "results.json").read_text())
    assert results["architecture"] == "frame_gru" and results["rows"][0]["top1"]["mean"] is not None
    (plugin,) = json.loads((run / "environment.json").read_text())["plugins"]
    assert plugin["file"] == "frame_gru.py" and len(plugin["sha256"]) == 64
    assert sorted(p.name for p in tmp_path.iterdir()) == ["frame_gru.py", "runs", "stores"]
    # The run is known again with the plugin, and without it the setting that is wrong is named.
    again = vdd_here(["--plugin", "frame_gru.py", "evaluate", "runs/gru"], "--json")
    assert json.loads(again.out)["architecture"] == "frame_gru"
    assert "frame_gru must be one of convnet_gru, " in vdd_here(["evaluate", "runs/gru"], code=2).err


def test_processes_that_train_experts_know_the_network_too(tmp_path):
    follow("adding-a-network.md", tmp_path)
    experts = ["experts.count=2", "experts.processes=2", "experts.batch_size=12"]
    matched = [
        "dynamic.network=frame_gru",
        "dynamic.width=4",
        "dynamic.inner_steps=2",
        "dynamic.max_start_epoch=2",
    ]
    words = ["experts", "--recipe", "mtt-shapes", "--plugin", "frame_gru.py", "--json"]
    done = vdd(tmp_path, words, *experts, *matched, "data.frames=4", *SHAPES)
    assert len(json.loads(done.stdout)["experts"]) == 2


def paint(path, step):
    """Write a video of a bright bar that moves by `step` pixels a frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for frame in range(8):
            picture = np.zeros((32, 32, 3), np.uint8)
            picture[:, (16 + step * frame) % 28 :][:, :4] = 250
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def test_the_dataset_of_the_page_runs(tmp_path, vdd_here):
    prepare, distill = follow("adding-a-dataset.md", tmp_path)
    (tmp_path / "my_gestures").mkdir()
    for name, step in (("left", -2), ("right", 2), ("still", 0)):
        for number in range(6):
            paint(tmp_path / "my_gestures" / f"{name}_{number}.mp4", step)
    made = json.loads(vdd_here(prepare, "--json", "data.frames=4").out)["splits"]
    assert (made["train"]["videos"], made["test"]["videos"], made["train"]["classes"]) == (12, 6, 3)
    vdd_here(distill, *GESTURES)
    (row,) = rows_of(tmp_path / "runs" / "gestures").values()
    assert row["pairs"]["mean"] is not None
    # Wrong settings, under another name each: a finished run would be answered from its files.
    said = vdd_here(distill[:-1], *GESTURES, "run.name=rootless", code=2).err
    assert "needs data.root" in said
    said = vdd_here(distill, *GESTURES, "run.name=misspelt", "data.classes=left,rihgt", code=2).err
    assert "did you mean 'right'" in said


def test_the_row_of_the_page_runs(tmp_path, vdd_here):
    (words,) = follow("extending.md", tmp_path)
    vdd_here(words, *SHORT, *SHAPES)
    rows = rows_of(tmp_path / "runs" / "shuffled")
    plain, shuffled = rows["random clips"], rows["random clips, frames shuffled"]
    for same in ("clips", "bytes", "videos_per_class"):
        assert plain[same] == shuffled[same]
    assert [n["loss"] for n in plain["networks"]] != [n["loss"] for n in shuffled["networks"]]
    planned = vdd_here(words, *SHORT, *SHAPES, "--dry-run", "--json")
    assert json.loads(planned.out)["estimates"]["evaluation of the rows beside it"]["networks"] == 4


@pytest.mark.parametrize("page", ["adding-a-network.md", "adding-a-dataset.md", "extending.md"])
def test_a_page_has_a_file_to_save_and_a_command(page, tmp_path):
    assert follow(page, tmp_path) and list(tmp_path.glob("*.py"))
