"""Damage to a decoded store, or to what is left of one under way, is noticed when it is read."""

import json
import os
import pathlib
import shutil
import types

import numpy as np
import pytest

from keras_vdd.data.clips import read_clips
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import open_store, prepare, store_folder
from keras_vdd.data.store.split import JOURNAL_FILE
from keras_vdd.errors import VddError

FILES = {
    "raw": ["frames.u8", "frames.crc32", "index.json"],
    "jpeg": ["frames.jpegs", "frames.ends", "frames.crc32"],
}


@pytest.fixture(scope="module", params=["raw", "jpeg"])
def made(request, tmp_path_factory, write_video):
    """Three training videos of a class in a store of each codec, and the settings that made it."""
    place = tmp_path_factory.mktemp("store")
    for split, count in (("train", 3), ("test", 1)):
        for i in range(count):
            write_video(place / "videos" / split / "hop" / f"{i}.mp4", 3 + i, size=(16, 16))
    data = types.SimpleNamespace(
        set="folder", root=str(place / "videos"), store=str(place / "stores"), classes="all", frames=2, size=8,
        codec=request.param, part="whole", interval=1, test_fraction=0.25,
    )  # fmt: skip
    return data, pathlib.Path(prepare(find_videos(data), data)["train"].folder)


@pytest.fixture
def copy(made, tmp_path):
    """A copy of the training split."""
    return pathlib.Path(shutil.copytree(made[1], tmp_path / "copy"))


def flip(path, place, bit=0):
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


def read_all(folder):
    store = open_store(folder)
    return [store.frames(i) for i in range(len(store))]


def test_flipped_bits_are_noticed_in_every_file(made, copy):
    rng = np.random.default_rng(0)
    for name in FILES[made[0].codec]:
        path = copy / name
        for _ in range(25):
            place, bit = int(rng.integers(path.stat().st_size)), int(rng.integers(8))
            flip(path, place, bit)
            with pytest.raises(
                VddError, match=r"The store '.*' is damaged.*: delete that folder and prepare"
            ) as told:
                read_all(copy)
            assert "\n" not in str(told.value)
            flip(path, place, bit)
    assert all((a == b).all() for a, b in zip(read_all(copy), read_all(made[1]), strict=True))


def test_a_frame_is_checked_when_it_is_read_and_the_video_is_named(made, copy):
    (frames,) = (copy / name for name in ("frames.u8", "frames.jpegs") if (copy / name).exists())
    flip(frames, -1)
    store = open_store(copy)
    assert store.frames(0).shape == (3, 8, 8, 3) and read_clips(store, [2], 2, 1).shape == (1, 2, 8, 8, 3)
    with pytest.raises(VddError, match=r"\(a frame of 'hop/2.mp4' is not as it was decoded\)"):
        store.take(2, np.array([4]))


def test_a_store_of_a_version_without_checksums_is_read_after_one_warning(made, caplog):
    data, folder = made
    before = read_all(folder)
    for split in ("train", "test"):
        path = folder.parent / split / "index.json"
        index = json.loads(path.read_text())
        path.write_text(
            json.dumps({k: v for k, v in index.items() if k not in ("sums", "failed", "checksum")})
        )
        (path.parent / "frames.crc32").unlink()
    try:
        store = prepare(find_videos(data), data)["train"]
        (told,) = caplog.messages
        assert "made by a version that kept no checksums" in told and not store.has_checksums
        assert all((a == b).all() for a, b in zip(read_all(folder), before, strict=True))
    finally:
        shutil.rmtree(folder.parent)
        prepare(find_videos(data), data)


@pytest.mark.parametrize("kind", ["journal", "part", "answer"])
def test_damage_to_a_store_under_way_is_decoded_again(made, kind, tmp_path, monkeypatch):
    """The second video is in the journal or in a part when the work stops."""
    data, whole = made
    data = types.SimpleNamespace(**{**vars(data), "store": str(tmp_path)})
    folder = pathlib.Path(store_folder(find_videos(data), data)) / "train"
    append = "keras_vdd.data.store.split._append"
    done, real = [], __import__("keras_vdd.data.store.split", fromlist=["_append"])._append

    def stop(files, answer, part):
        if len(done) == 1 + (kind == "journal"):
            raise KeyboardInterrupt
        done.append(part)
        return real(files, answer, part)

    with monkeypatch.context() as patch:
        patch.setattr(append, stop)
        with pytest.raises(KeyboardInterrupt):
            prepare(find_videos(data), data, workers=1)
    part = folder / "parts" / "0000001.u8"
    if kind == "journal":
        path = folder / JOURNAL_FILE
        flip(path, path.read_text().index("\n") + 12)
    else:
        path = part if kind == "part" else part.with_name(f"{part.name}.json")
        flip(path, 12)
    asked, ask = [], Pool.ask
    monkeypatch.setattr(Pool, "ask", lambda pool, job: asked.append(job.get("part")) or ask(pool, job))
    prepare(find_videos(data), data, workers=1)
    assert str(part) in asked
    for name in [*FILES[data.codec], "index.json"]:
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
@pytest.mark.parametrize("name", [JOURNAL_FILE, "frames.crc32"])
def test_what_is_no_file_in_a_store_under_way_is_named_and_not_waited_for(made, name, make, tmp_path):
    data = types.SimpleNamespace(**{**vars(made[0]), "store": str(tmp_path)})
    path = pathlib.Path(store_folder(find_videos(data), data)) / "train" / name
    path.parent.mkdir(parents=True)
    make(path)
    with pytest.raises(
        VddError, match=f"{name}' is in the way of data.store; a file belongs there: move away"
    ):
        prepare(find_videos(data), data, workers=1)
    # Beside another store it is no obstacle.
    shutil.rmtree(path.parent)
    beside = tmp_path / "folder-0123" / "train" / name
    beside.parent.mkdir(parents=True)
    make(beside)
    assert len(prepare(find_videos(data), data, workers=1)["train"]) == 3
