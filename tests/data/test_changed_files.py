"""A set that changes: what was decoded is taken, and only new content is decoded."""

import json
import os
import pathlib
import shutil

import numpy as np
import pytest

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import open_store, prepare
from keras_vdd.data.store.known import KnownVideos, head_of
from keras_vdd.errors import VddError

pytestmark = pytest.mark.once


@pytest.fixture
def videos(tmp_path, write_video):
    """Two classes in train and test; the folder."""
    for split, count in (("train", 3), ("test", 1)):
        for label, name in enumerate(("hop", "run")):
            for i in range(count):
                write_video(
                    tmp_path / "videos" / split / name / f"{i}.mp4", 2 + 4 * i + label + 2 * (split == "test")
                )
    return tmp_path / "videos"


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that are decoded, as they are."""
    names, ask = [], Pool.ask

    def noted(pool, job):
        names.extend([os.path.basename(job["path"])] if "part" in job else [])
        return ask(pool, job)

    monkeypatch.setattr(Pool, "ask", noted)
    return names


def contents(stores):
    return {
        split: {path.name: path.read_bytes() for path in pathlib.Path(store.folder).iterdir()}
        for split, store in stores.items()
    }


@pytest.fixture(params=["raw", pytest.param("jpeg", marks=pytest.mark.slow)])
def data(request, settings):
    return settings(codec=request.param)


@pytest.fixture
def before(videos, data, decoded):
    stores = prepare(find_videos(data), data)
    assert len(decoded) == 8
    decoded.clear()
    return stores


CHANGES = {
    "an added file": (lambda write, train: write(train / "hop" / "0new.mp4", 9), ["0new.mp4"]),
    "a changed file": (lambda write, train: write(train / "run" / "1.mp4", 14), ["1.mp4"]),
    "a removed file": (lambda write, train: (train / "run" / "1.mp4").unlink(), []),
    "a renamed file": (lambda write, train: (train / "hop" / "0.mp4").rename(train / "hop" / "z.mp4"), []),
    "a file of another class": (
        lambda write, train: (train / "hop" / "0.mp4").rename(train / "run" / "h.mp4"),
        [],
    ),
    "a file moved to test": (
        lambda write, train: (train / "hop" / "0.mp4").rename(train.parent / "test" / "hop" / "h.mp4"),
        [],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("change, new", CHANGES.values(), ids=CHANGES)
def test_only_what_changed_is_decoded(before, data, videos, decoded, write_video, listener, change, new):
    change(write_video, videos / "train")
    stores = prepare(find_videos(data), data, listener)
    assert decoded == new
    assert stores.decoded["videos"] == len(new) and stores.decoded["taken"] == sum(
        map(len, stores.values())
    ) - len(new)
    assert any("where they were decoded already" in text for text in listener.said)
    # The store is the one that decoding all of it gives, to the byte.
    data.store += "-afresh"
    assert contents(prepare(find_videos(data), data)) == contents(stores)


def touch(videos):
    for path in videos.rglob("*.mp4"):
        os.utime(path, ns=(10**18 + 7, 10**18 + 7))


@pytest.mark.parametrize("how", ["touched", "copied", "moved"])
def test_a_touch_or_another_place_costs_nothing(before, data, videos, decoded, how, tmp_path):
    if how == "touched":
        touch(videos)
    elif how == "copied":
        shutil.copytree(videos, tmp_path / "copy", copy_function=shutil.copyfile)
        data.root = str(tmp_path / "copy")
    else:
        videos.rename(tmp_path / "moved")
        data.root = str(tmp_path / "moved")
    for _ in range(2):
        stores = prepare(find_videos(data), data)
        assert [s.folder for s in stores.values()] == [s.folder for s in before.values()]
    assert decoded == [] and not list(pathlib.Path(data.store).rglob("parts"))


def test_a_touched_file_of_other_bytes_is_decoded(before, data, videos, decoded):
    path = videos / "train" / "hop" / "0.mp4"
    content = bytearray(path.read_bytes())
    content[content.index(b"mdat") - 5] ^= 0  # the size stays
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    stores = prepare(find_videos(data), data)
    assert decoded == ["0.mp4"] and stores["train"].folder != before["train"].folder


def test_what_a_store_under_way_has_is_taken(videos, settings, decoded, write_video, monkeypatch):
    data, asked = settings(), Pool.ask
    monkeypatch.setattr(
        Pool,
        "ask",
        lambda pool, job: {"disk_full": True} if "/run/1.mp4" in job["path"] else asked(pool, job),
    )
    with pytest.raises(VddError, match="is full"):
        prepare(find_videos(data), data, workers=1)
    done = len(decoded)
    monkeypatch.setattr(Pool, "ask", asked)
    decoded.clear()
    write_video(videos / "test" / "run" / "new.mp4", 13)
    stores = prepare(find_videos(data), data)
    # One more may have been decoded ahead of the one that met the full disk, or have been broken off.
    assert done - 1 <= stores.decoded["taken"] <= done and done >= 4
    assert len(decoded) == 9 - stores.decoded["taken"]


def test_damaged_frames_are_not_taken(videos, settings, decoded, write_video):
    data = settings()
    before = prepare(find_videos(data), data)
    with open(os.path.join(before["train"].folder, "frames.u8"), "r+b") as file:
        byte = file.read(1)
        file.seek(0)
        file.write(bytes([byte[0] ^ 1]))
    decoded.clear()
    write_video(videos / "train" / "run" / "new.mp4", 13)
    stores = prepare(find_videos(data), data)
    assert sorted(decoded) == ["0.mp4", "new.mp4"]
    assert np.array_equal(stores["train"].frames(0), open_store(stores["train"].folder).frames(0))


def test_a_store_of_an_earlier_version_gives_what_it_has(videos, settings, decoded, write_video):
    data = settings()
    before = pathlib.Path(prepare(find_videos(data), data)["train"].folder).parent
    (before / "files.json").unlink()
    decoded.clear()
    write_video(videos / "train" / "run" / "new.mp4", 13)
    prepare(find_videos(data), data)
    assert decoded == ["new.mp4"]


def test_a_folder_of_images_that_was_touched_is_the_same(tmp_path, settings, decoded):
    from PIL import Image

    for split in ("train", "test"):
        folder = tmp_path / "videos" / split / "a" / "clip"
        folder.mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (24, 24), (i, 9, 9)).save(folder / f"{i}.png")
    data = settings()
    before = prepare(find_videos(data), data)
    for path in (tmp_path / "videos").rglob("*.png"):
        os.utime(path, ns=(10**18 + 7, 10**18 + 7))
    decoded.clear()
    assert prepare(find_videos(data), data)["train"].folder == before["train"].folder and decoded == []
    Image.new("RGB", (24, 24), (200, 0, 0)).save(tmp_path / "videos" / "train" / "a" / "clip" / "1.png")
    prepare(find_videos(data), data)
    assert decoded == ["clip"]


def test_the_test_split_alone(videos, settings, decoded):
    data = settings()
    stores = prepare(find_videos(data), data, splits=("test",))
    assert list(stores) == ["test"] and len(decoded) == 2
    assert len(prepare(find_videos(data), data)["train"]) == 6 and len(decoded) == 8


def test_what_failed_too_often_is_tried_again_with_what_was_decoded(videos, settings, decoded, monkeypatch):
    data, ask = settings(failed_share=0.3), Pool.ask
    monkeypatch.setattr(
        Pool, "ask", lambda pool, job: {"failed": "no decoder"} if "/run/" in job["path"] else ask(pool, job)
    )
    for _ in range(2):
        with pytest.raises(VddError, match=r"3 of 8 videos.*no decoder \(3 of them\)"):
            prepare(find_videos(data), data, workers=1)
    monkeypatch.setattr(Pool, "ask", ask)
    decoded.clear()
    stores = prepare(find_videos(data), data)
    assert stores.decoded["taken"] >= 3 and len(decoded) <= 5
    assert sorted(os.listdir(os.path.dirname(stores["train"].folder))) == [
        "files.json",
        "lock",
        "test",
        "train",
    ]


def test_files_json_says_what_the_store_was_made_from(before, videos, data):
    told = json.loads((pathlib.Path(before["train"].folder).parent / "files.json").read_text())
    stat = (videos / "train" / "hop" / "0.mp4").stat()
    assert told["train"][0] == ["hop/0.mp4", 0, stat.st_size, stat.st_mtime_ns, True]
    assert told["codec"] == data.codec and told["class_names"] == ["hop", "run"]


def test_a_store_beside_that_lacks_bytes_is_no_obstacle(videos, settings, decoded, write_video):
    data = settings(codec="jpeg")
    store = prepare(find_videos(data), data)["train"]
    os.truncate(os.path.join(store.folder, "frames.ends"), 0)
    write_video(videos / "train" / "hop" / "0new.mp4", 9)
    decoded.clear()
    # Nothing of its training videos can be taken.
    assert len(prepare(find_videos(data), data)["train"]) == 7
    assert len(decoded) == 7


def test_a_store_that_is_finished_while_its_parts_are_looked_at(videos, settings, tmp_path, monkeypatch):
    """The process that finishes it removes the journal and the folder of the parts after they were seen to be there."""
    cut = Cut.of(settings(codec="raw"))
    for name in ("isdir", "exists"):
        monkeypatch.setattr(os.path, name, lambda path: True)
    known = KnownVideos(cut)
    known.add(str(tmp_path), {**head_of(cut), "train": [["hop/0.mp4", 0, 1, 1, True]]})
    assert len(known) == 0
