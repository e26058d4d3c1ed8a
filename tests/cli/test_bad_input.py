"""Bad input at the command line: one clear sentence, the right exit code, nothing half-written.

Unknown recipes and keys are in `test_cli_recipes.py`, backends that are not there in `test_cli_backend.py`.
"""

import contextlib
import csv
import errno
import json
import os
import subprocess
import sys

import av
import numpy as np
import pytest

from keras_vdd.cli.main import main
from keras_vdd.data.store import split as split_build

RECIPE = """
data: {set: folder, size: 16, frames: 4, interval: 2, root: videos}
memory: {kind: still, statics_per_class: 1}
static: {iterations: 2, width: 4, network: convnet_d3, real_per_class: 2}
evaluation:
  {evaluator: stable, width: 4, stem: 4, seeds: 1, steps: 1, batch_size: 2, test_clips: 1, compare: []}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a recipe and two classes of three videos."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(RECIPE)
    for name in ("jump", "walk"):
        for number in range(3):
            write_video(tmp_path / "videos" / name / f"{number}.mp4", 6)
    return tmp_path


def write_video(path, frames):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4" if path.suffix == ".avi" else "libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(frames):
            picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if frames:
            container.mux(stream.encode())
        else:
            container.start_encoding()
    return path


def vdd(capsys, *words):
    """Run a command; return its exit code, standard output and standard error."""
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def refused(capsys, *words, code=1):
    """Run a command that must be refused and return the sentence that says why."""
    given, printed, said = vdd(capsys, *words)
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    assert (given, printed, len(errors)) == (code, "", 1), said
    assert said.splitlines()[-1] == errors[0]
    return errors[0].removeprefix("error: ")


def distil(*settings):
    return ["distill", "--recipe", "my.yaml", *settings]


def made(place):
    return sorted(p.name for p in place.iterdir() if p.name not in ("my.yaml", "videos", "ucf"))


def test_missing_root(capsys, place):
    for root, code in (("nowhere", 1), ("my.yaml", 1), ("null", 2)):
        said = refused(capsys, *distil(f"data.root={root}"), code=code)
        assert "data.root" in said and (root in said or code == 2)
        assert made(place) == []


def test_a_class_without_videos(capsys, place):
    (place / "videos" / "swim").mkdir()
    said = refused(capsys, *distil())
    assert "swim" in said and "data.classes" in said and made(place) == []
    # The way out that the sentence names.
    assert vdd(capsys, "prepare", "--recipe", "my.yaml", "data.classes=present")[0] == 0


def test_a_class_that_is_not_there(capsys, place):
    said = refused(capsys, *distil("data.classes=[jump,wlak]"), code=2)
    assert "wlak" in said and "walk" in said and made(place) == []


@pytest.fixture
def ucf(place):
    """UCF101 in little, of which the folder of one class in the split list is missing."""
    lists, classes = place / "ucf" / "ucfTrainTestlist", ("Archery", "Biking", "Bowling")
    lists.mkdir(parents=True)
    (lists / "classInd.txt").write_text("".join(f"{i} {name}\n" for i, name in enumerate(classes, 1)))
    files = {name: [f"{name}/v_{name}_g{group:02d}_c01.avi" for group in (1, 2)] for name in classes}
    train = "".join(f"{files[name][0]} {label}\n" for label, name in enumerate(classes, 1))
    (lists / "trainlist01.txt").write_text(train)
    (lists / "testlist01.txt").write_text("".join(f"{files[name][1]}\n" for name in classes))
    for name in classes[:2]:
        for file in files[name]:
            write_video(place / "ucf" / "UCF-101" / file, 4)
    return place


def test_a_class_of_the_split_list_that_is_absent(capsys, ucf):
    settings = ["data.set=ucf101", "data.root=ucf"]
    said = refused(capsys, *distil(*settings))
    assert "Bowling" in said and "present" in said and made(ucf) == []
    code, printed, _ = vdd(
        capsys, "prepare", "--recipe", "my.yaml", *settings, "data.classes=present", "--json"
    )
    assert code == 0 and json.loads(printed)["splits"]["train"]["classes"] == 2


def test_not_enough_test_videos(capsys, place):
    for name in ("jump", "walk"):
        for number in (1, 2):
            (place / "videos" / name / f"{number}.mp4").unlink()
    said = refused(capsys, *distil())
    assert said.startswith("Not enough test videos") and made(place) == []


@pytest.mark.slow
def test_bad_videos_among_good_ones_are_listed_and_the_run_goes_on(capsys, place):
    for split in ("train", "test"):
        for name in ("jump", "walk"):
            write_video(place / "split" / split / name / "good.mp4", 6)
    bad = place / "split" / "train" / "jump"
    (bad / "text.avi").write_text("no video\n" * 100)
    (bad / "empty.mp4").touch()
    write_video(bad / "no-frames.avi", 0)
    cut = write_video(bad / "cut.mp4", 24)
    cut.write_bytes(cut.read_bytes()[:300])
    write_video(bad / "one-frame.mp4", 1)
    (place / "split").rename(place / "videos" / "split")

    code, printed, said = vdd(capsys, *distil("data.root=videos/split", "--json"))
    assert code == 0 and json.loads(printed)["rows"][-1]["clips"] == 2
    assert "4 of 7 train videos could not be decoded" in said and "failed.csv" in said
    (table,) = (place / "stores").glob("folder-*/train/failed.csv")
    with open(table, newline="") as file:
        failed = dict(list(csv.reader(file))[1:])
    assert sorted(failed) == ["jump/cut.mp4", "jump/empty.mp4", "jump/no-frames.avi", "jump/text.avi"]
    assert all(failed.values())
    index = json.loads((table.parent / "index.json").read_text())
    assert dict(zip(index["names"], index["frames"]))["jump/one-frame.mp4"] == 1


def test_videos_of_one_frame_are_enough(capsys, place):
    for path in (place / "videos").glob("*/*.mp4"):
        write_video(path, 1)
    code, printed, said = vdd(capsys, *distil("--json"))
    assert code == 0, said
    assert json.loads(printed)["rows"][-1]["diverged"] == 0


def test_a_class_of_which_nothing_decodes(capsys, place):
    for path in (place / "videos" / "jump").iterdir():
        path.write_text("no video")
    for _ in range(2):
        said = refused(capsys, *distil())
        assert "jump" in said and "failed.csv" in said and "data.classes" in said
    assert not list(place.rglob("memory.safetensors")) and not list(place.rglob("log.jsonl"))


def test_the_folder_of_another_run(capsys, place):
    assert vdd(capsys, *distil())[0] == 0
    before = {path: path.read_bytes() for path in (place / "runs").rglob("*") if path.is_file()}
    said = refused(capsys, *distil("static.learning_rate=0.2"))
    assert "runs/my" in said and "static.learning_rate" in said and "run.name" in said
    assert before == {path: path.read_bytes() for path in (place / "runs").rglob("*") if path.is_file()}
    (place / "runs" / "mine").mkdir()
    (place / "runs" / "mine" / "letter.txt").write_text("mine")
    assert "runs/mine" in refused(capsys, *distil("--name", "mine"))
    assert [p.name for p in (place / "runs" / "mine").iterdir()] == ["letter.txt"]


def test_a_run_folder_that_cannot_be_made(capsys, place):
    said = refused(capsys, *distil("run.dir=my.yaml"))
    assert "run.dir" in said and made(place) == []


@contextlib.contextmanager
def full_disk(monkeypatch, where):
    """Let the disk be full for the decoded store, for checkpoints, or for the exported set."""

    def full(*arguments, **others):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if where == "store":
            patch.setattr(split_build, "_append", full)
        elif where == "checkpoint":
            patch.setattr("keras_vdd.learning.checkpoint.save", full)
        elif where == "export":
            patch.setattr("keras_vdd.hub.rows.write_table", full)
        elif where == "scores":
            patch.setattr("keras_vdd.evaluation.scoring.write_json", full)
        else:
            patch.setattr("PIL.Image.Image.save", full)
        yield


@pytest.mark.parametrize("where", ["store", "checkpoint", "export", "scores", "pictures"])
def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(capsys, place, monkeypatch, where):
    with full_disk(monkeypatch, where):
        said = refused(capsys, *distil())
    assert ("disk" in said.lower() and "full" in said) or "No space left" in said
    run = place / "runs" / "my"
    assert not (run / "results.json").exists()
    assert not list(run.rglob("*.tmp")) and not list(run.rglob("*.partial*"))
    assert vdd(capsys, *distil())[0] == 0
    assert (run / "results.json").exists() and (run / "report" / "strip.png").exists()


@pytest.fixture
def tiny_disk(tmp_path):
    """A function (bytes) -> folder on a real disk of that size; only root can make one."""
    mounted = []

    def make(size):
        folder = tmp_path / f"tiny{size}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"a disk of {size} bytes cannot be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid(), reason="only root on Linux can mount a small disk"
)
@pytest.mark.parametrize("key, size", [("data.store", 8192), ("run.dir", 8192), ("run.dir", 28672)])
def test_a_disk_that_is_really_full(capsys, place, tiny_disk, key, size):
    folder = tiny_disk(size)
    said = refused(capsys, *distil(f"{key}={folder}"))
    assert "disk" in said.lower() or "No space left" in said
    assert not list(folder.rglob("*.tmp")) and not list(folder.rglob("*.partial*"))
