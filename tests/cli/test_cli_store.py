"""`vdd prepare` and `vdd inspect` on decoded stores: figures, failures, pictures."""

import json

import av
import numpy as np
import pytest
from PIL import Image

from keras_vdd.cli.main import main

RECIPE = """
data: {set: folder, size: 16, frames: 4, interval: 2, root: videos}
memory: {kind: still, statics_per_class: 1}
static: {iterations: 2, width: 4, network: convnet_d3, real_per_class: 2}
evaluation: {compare: []}
"""


def write_video(path, frames, level=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(frames):
            picture = np.full((32, 32, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a recipe and two classes, two videos each to train on and one to test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(RECIPE)
    for label, name in enumerate(("jump", "walk")):
        for split, count in (("train", 2), ("test", 1)):
            for i in range(count):
                write_video(tmp_path / "videos" / split / name / f"{i}.mp4", 5 + i, 60 + 120 * label)
    (tmp_path / "videos" / "train" / "walk" / "broken.avi").write_text("nothing to see")
    return tmp_path


def vdd(capsys, *words, code=0):
    given = main([str(word) for word in words])
    said = capsys.readouterr()
    assert given == code, said.err
    return said.out, said.err


def prepare(capsys, *more):
    return vdd(capsys, "prepare", "--recipe", "my.yaml", *more)


def test_prepare_as_json(capsys, place):
    printed, said = prepare(capsys, "--json")
    result = json.loads(printed)
    train = {"videos": 4, "classes": 2, "frames": 22, "bytes": 22 * 768, "failed": 1}
    assert result["splits"] == {
        "train": train,
        "test": {**train, "videos": 2, "frames": 10, "bytes": 7680, "failed": 0},
    }
    (failure,) = result["failures"]
    assert (
        failure["split"] == "train"
        and failure["video"] == "walk/broken.avi"
        and "does not open" in failure["reason"]
    )
    decoded = result["decoded"]
    # The broken one was work as well.
    assert (decoded["videos"], decoded["frames"]) == (7, 32) and decoded["videos_per_second"] > 0
    assert decoded["frames_per_second"] == pytest.approx(32 / decoded["seconds"], rel=0.05)
    assert "frames a second" in said and "1 of 5 train videos could not be decoded" in said
    again = json.loads(prepare(capsys, "--json")[0])
    assert again["decoded"] == {"videos": 0, "frames": 0, "seconds": 0.0, "taken": 0}
    assert {**again, "decoded": None} == {**result, "decoded": None}


def test_prepare_in_words(capsys, place):
    printed, _ = prepare(capsys)
    lines = printed.splitlines()
    assert lines[-1].startswith("failed  train  walk/broken.avi: it does not open as a video")
    assert any(line.split() == ["frames", "22"] for line in lines) and "videos_per_second" in printed


def test_many_failures_are_counted(capsys, place):
    for i in range(30):
        (place / "videos" / "train" / "walk" / f"empty{i}.avi").touch()
    lines = prepare(capsys, "data.failed_share=1")[0].splitlines()
    assert sum(line.startswith("failed  ") for line in lines) == 20 and lines[-1].startswith(
        "and 11 more, in failed.csv"
    )


@pytest.mark.parametrize(
    "codec, part", [("raw", "whole"), ("jpeg", "whole"), ("raw", "middle"), ("jpeg", "middle")]
)
def test_inspect_tells_what_a_store_holds(capsys, place, codec, part):
    folder = json.loads(prepare(capsys, f"data.codec={codec}", f"data.part={part}", "--json")[0])["store"]
    facts = json.loads(vdd(capsys, "inspect", folder, "--json")[0])
    train = facts[f"{folder}/train"]
    assert (train["videos"], train["classes"], train["size"], train["failed"]) == (4, 2, 16, 1)
    assert (train["codec"], train["part"].split(",")[0]) == (codec, part)
    lengths = (5, 5.5, 6) if part == "whole" else (4, 4, 4)
    assert (train["shortest"], train["median"], train["longest"]) == lengths
    assert train["videos of each class"] == {"jump": 2, "walk": 2}
    assert vdd(capsys, "inspect", f"{folder}/test")[0].count("videos of each class") == 1


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_a_contact_sheet_shows_the_videos_of_each_class(capsys, place, codec):
    folder = json.loads(prepare(capsys, f"data.codec={codec}", "--json")[0])["store"]
    facts = json.loads(vdd(capsys, "inspect", folder, "--picture", "sheet.png", "--json")[0])
    assert facts["picture"] == "sheet.png"
    with Image.open(place / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("L")).astype(int)
    # Two videos to train on and one to test, 64 x 64 pixels each: dark for one class, light for the other.
    for level in (60, 180):
        assert abs(int((abs(pixels - level) <= 6).sum()) - 3 * 64 * 64) < 200
    vdd(capsys, "inspect", f"{folder}/train", "--picture", "one.png")
    with Image.open(place / "one.png") as one:
        assert one.height < sheet.height


def test_one_picture_is_of_one_set(capsys, place):
    prepare(capsys, "data.failed_share=1")
    prepare(capsys, "data.size=24")
    _, said = vdd(capsys, "inspect", "stores", "--picture", "sheet.png", code=2)
    assert "one set" in said and said.count("stores/folder-") == 2 and not (place / "sheet.png").exists()


def test_settings_of_the_store_are_checked(capsys, place):
    for setting, known in (("data.codec=png", "jpeg"), ("data.part=end", "middle")):
        _, said = vdd(capsys, "prepare", "--recipe", "my.yaml", setting, code=2)
        assert setting.split("=")[0] in said and known in said
    assert not (place / "stores").exists()
