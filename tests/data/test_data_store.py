"""What a store holds, how large it will be, and which settings give which store."""

import csv
import io
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from made_folders import contents
from PIL import Image

import keras_vdd.data.store.size
import keras_vdd.data.store.split
from keras_vdd.data.clips import read_clips
from keras_vdd.data.decoding.decode import decode
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.decoding.video_file import count_frames, stated_frames
from keras_vdd.data.folders.listing import Listing, Video
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import open_store, prepare, store_folder
from keras_vdd.errors import VddError

ROOT = pathlib.Path(__file__).parents[2]
KNOWN = "folder-ef2491bab0e04a90"


def test_a_store_holds_what_decoding_gives(small_set, listener):
    listing = find_videos(small_set)
    stores = prepare(listing, small_set, listener)
    assert set(stores) == {"train", "test"} and len(stores["train"]) == 6 and len(stores["test"]) == 2
    for split, store in stores.items():
        videos = getattr(listing, split)
        assert store.names == [v.name for v in videos] and store.class_names == ["hop", "run"]
        assert store.labels.dtype == store.lengths.dtype == np.int32 and store.size == 16
        assert store.labels.tolist() == [v.label for v in videos] and store.failed == []
        for i, video in enumerate(videos):
            assert np.array_equal(store.frames(i), decode(video.path, 16))
            assert len(store.frames(i)) == store.lengths[i]
        assert [list(store.labels[i]) for i in store.by_class()] == [
            [0] * (len(store) // 2),
            [1] * (len(store) // 2),
        ]
        assert store.nbytes == int(store.lengths.sum()) * 16 * 16 * 3
        assert not store.frames(0).flags.writeable
        assert sorted(os.listdir(store.folder)) == ["failed.csv", "frames.crc32", "frames.u8", "index.json"]
        assert np.array_equal(open_store(store.folder).frames(1), store.frames(1))
    assert "Decoding 8 videos at 16x16" in listener.said[0] and "bytes" in listener.said[0]
    assert (
        "Decoding train",
        6,
        {"failed": 0, "frames": int(stores["train"].lengths.sum())},
    ) in listener.updates
    assert stores.decoded["videos"] == 8 and stores.decoded["frames"] == sum(
        s.lengths.sum() for s in stores.values()
    )
    assert "frames a second" in listener.said[1]


def test_a_finished_store_is_opened_and_not_made_again(small_set, monkeypatch, listener):
    listing = find_videos(small_set)
    first = prepare(listing, small_set)
    monkeypatch.setattr(Pool, "ask", None)
    again = prepare(listing, small_set, listener)
    assert again["train"].folder == first["train"].folder and listener.said == []


def test_the_bytes_do_not_depend_on_the_workers(small_set):
    listing = find_videos(small_set)
    one = prepare(listing, small_set, workers=1)
    small_set.store += "-of-three"
    three = prepare(listing, small_set, workers=3)
    assert contents(one["train"].folder) == contents(three["train"].folder)


def test_the_folder_changes_with_what_it_holds(small_set, settings, tmp_path, write_video):
    folders = {store_folder(find_videos(small_set), small_set)}
    small_set.size = 24
    folders.add(store_folder(find_videos(small_set), small_set))
    small_set.classes = ("hop",)
    folders.add(store_folder(find_videos(small_set), small_set))
    write_video(tmp_path / "videos" / "hop" / "0.avi", 5)
    folders.add(store_folder(find_videos(small_set), small_set))
    assert len(folders) == 4
    # Where the set lies is no part of what it is.
    (tmp_path / "videos").rename(tmp_path / "moved")
    small_set.root = str(tmp_path / "moved")
    assert store_folder(find_videos(small_set), small_set) in folders
    assert os.path.basename(store_folder(find_videos(small_set), small_set)).startswith("folder-")


def test_bad_videos_are_listed_and_cost_nothing_else(small_set, tmp_path, write_video, caplog):
    small_set.test_fraction = 0.1
    bad = tmp_path / "videos" / "hop"
    (bad / "a-text.avi").write_text("not a video at all\n" * 50)
    (bad / "b-empty.mp4").touch()
    cut = write_video(bad / "c-cut, short.mp4", 20)
    cut.write_bytes(cut.read_bytes()[:4000])
    (bad / "d-broken.mkv").symlink_to(tmp_path / "nowhere.mkv")
    (bad / "e-folder.avi").mkdir()
    write_video(bad / "f-single.avi", 1)
    for path in (tmp_path / "videos" / "run").iterdir():
        write_video(path, 2)
    listing = find_videos(small_set)
    assert ["d-broken.mkv" in note or "e-folder.avi" in note for note in listing.notes] == [True, True]
    # Which two are held out is drawn; what counts is what becomes of each.
    stores = prepare(listing, small_set)
    failed = {}
    for store in stores.values():
        with open(os.path.join(store.folder, "failed.csv"), newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["video", "reason"] and [tuple(row) for row in rows[1:]] == store.failed
        failed.update(rows[1:])
        assert len(store) + len(store.failed) == len(
            listing.train if store.split == "train" else listing.test
        )
        if store.failed:
            assert any(f"{len(store.failed)} of" in text and "failed.csv" in text for text in caplog.messages)
    assert sorted(failed) == [f"hop/{n}" for n in ("a-text.avi", "b-empty.mp4", "c-cut, short.mp4")]
    assert "does not open" in failed["hop/a-text.avi"] and "empty" in failed["hop/b-empty.mp4"]
    assert [
        int(s.lengths[i]) for s in stores.values() for i, n in enumerate(s.names) if n == "hop/f-single.avi"
    ] == [1]


def test_a_class_of_which_nothing_decodes_stops_the_work(tmp_path, settings, write_video):
    for i in range(2):
        write_video(tmp_path / "videos" / "train" / "good" / f"{i}.mp4")
        write_video(tmp_path / "videos" / "test" / "good" / f"{i}.mp4")
        (tmp_path / "videos" / "train" / "bad").mkdir(exist_ok=True)
        (tmp_path / "videos" / "train" / "bad" / f"{i}.mp4").write_text("no")
    for _ in range(2):
        with pytest.raises(VddError, match="No training video of bad could be decoded.*failed.csv") as error:
            prepare(find_videos(settings()), settings())
        assert "\n" not in str(error.value)


def test_no_decodable_test_video_stops_the_work(tmp_path, settings, write_video):
    write_video(tmp_path / "videos" / "train" / "a" / "1.mp4")
    path = tmp_path / "videos" / "test" / "a" / "1.mp4"
    path.parent.mkdir(parents=True)
    path.write_text("no")
    with pytest.raises(VddError, match="Not enough test videos"):
        prepare(find_videos(settings()), settings())


def test_damaged_or_missing_stores_are_said(small_set, tmp_path):
    with pytest.raises(VddError, match="no finished store.*vdd prepare"):
        open_store(tmp_path / "nothing")
    folder = pathlib.Path(prepare(find_videos(small_set), small_set)["train"].folder)
    os.truncate(folder / "frames.u8", 100)
    with pytest.raises(VddError, match="is damaged: delete that folder"):
        open_store(folder)
    (folder / "index.json").write_text('{"format": 99}')
    with pytest.raises(VddError, match="format 99"):
        open_store(folder)
    for damaged in ("", "[]", '{"format": 1}'):
        (folder / "index.json").write_text(damaged)
        with pytest.raises(VddError, match="is damaged"):
            open_store(folder)


def test_no_keras_in_a_worker():
    modules = (
        "keras_vdd.data.decoding.worker, keras_vdd.data.store, keras_vdd.data.sources, keras_vdd.data.clips"
    )
    code = f"import sys, {modules}; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_known_keys_of_raw_stores_of_whole_videos(tmp_path, settings):
    """Stores that were made before there were codecs and parts keep their folder."""
    listing = Listing(["a", "b"], [Video("/none/1.avi", 0, "a/1.avi")], [Video("/none/é.avi", 1, "b/é.avi")])
    data = settings(store="s", size=48)
    assert store_folder(listing, data) == os.path.join("s", KNOWN)
    del data.codec, data.part
    assert store_folder(listing, data) == os.path.join("s", KNOWN)
    others = (
        {"codec": "jpeg"},
        {"part": "middle"},
        {"part": "middle", "frames": 5},
        {"part": "middle", "interval": 1},
    )
    folders = [store_folder(listing, settings(store="s", size=48, **other)) for other in others]
    assert len({KNOWN, *map(os.path.basename, folders)}) == 5
    # Frames and interval are nothing to a store of whole videos: recipes that differ in them share it.
    assert store_folder(listing, settings(store="s", size=48, frames=9, interval=1)) == os.path.join(
        "s", KNOWN
    )


@pytest.mark.parametrize("part", ["whole", "middle"])
def test_the_size_is_said_before_and_is_exact(tmp_path, write_video, settings, listener, part):
    for split in ("train", "test"):
        for i, suffix in enumerate((".avi", ".mp4", ".mov", ".mkv", ".webm")):
            write_video(tmp_path / "videos" / split / "a" / f"{i}{suffix}", 2 + 2 * i)
        (tmp_path / "videos" / split / "a" / "text.avi").write_text("nothing to count")
    stores = prepare(find_videos(settings(part=part)), settings(part=part), listener)
    total = sum(store.nbytes for store in stores.values())
    frames = sum(2 + 2 * i if part == "whole" else min(2 + 2 * i, 4) for i in range(5))
    assert total == 2 * frames * 16 * 16 * 3 and f": {total:,} bytes if all decode." in listener.said[0]


def test_of_many_videos_a_sample_is_looked_into(tmp_path, write_video, settings, listener, monkeypatch):
    for split, count in (("train", 7), ("test", 3)):
        for i in range(count):
            write_video(tmp_path / "videos" / split / "a" / f"{i}.mp4", 6)
    monkeypatch.setattr(keras_vdd.data.store.size, "SAMPLE", 3)
    looked, ask = [], Pool.ask

    def counted(pool, job):
        looked.extend([] if "part" in job else [os.path.basename(job["path"])])
        return ask(pool, job)

    monkeypatch.setattr(Pool, "ask", counted)
    stores = prepare(find_videos(settings()), settings(), listener)
    assert sorted(looked) == ["0.mp4", "0.mp4", "1.mp4", "2.mp4", "2.mp4", "4.mp4"]
    assert sum(store.nbytes for store in stores.values()) == 10 * 6 * 16 * 16 * 3
    assert listener.said[0].endswith(": about 46.1 kB.")


def test_frames_that_an_avi_dropped_are_not_counted(tmp_path, write_video):
    """A recorder that missed a frame leaves its place in the index and in the header's number."""
    path = write_video(tmp_path / "a.avi", 6)
    content = path.read_bytes()
    at = content.index(b"strh") + 40
    path.write_bytes(content[:at] + (8).to_bytes(4, "little") + content[at + 4 :])
    assert (stated_frames(path), count_frames(path), len(decode(path, 16))) == (8, 6, 6)


def test_one_mad_file_does_not_make_the_disk_too_small(small_set, tmp_path):
    path = tmp_path / "videos" / "hop" / "0.avi"
    content = path.read_bytes()
    at = content.index(b"strh") + 40
    path.write_bytes(content[:at] + b"\xff\xff\xff\x7f" + content[at + 4 :])
    stores = prepare(find_videos(small_set), small_set)
    # Its bytes are all there, so it is taken, with the frames that it has.
    assert sum(len(store) for store in stores.values()) == 8
    assert not any(store.failed for store in stores.values())


def test_a_store_of_jpeg_frames(small_set, listener):
    listing = find_videos(small_set)
    raw = prepare(listing, small_set)["train"]
    small_set.codec = "jpeg"
    stores = prepare(listing, small_set, listener)
    store = stores["train"]
    assert store.codec == "jpeg" and store.folder != raw.folder and "about" in listener.said[0]
    files = ["failed.csv", "frames.crc32", "frames.ends", "frames.jpegs", "index.json"]
    assert sorted(os.listdir(store.folder)) == files
    assert store.nbytes == os.path.getsize(os.path.join(store.folder, "frames.jpegs"))
    assert (store.names, store.lengths.tolist(), store.sources) == (
        raw.names,
        raw.lengths.tolist(),
        raw.sources,
    )
    for i in range(len(store)):
        frames = store.frames(i)
        assert frames.shape == raw.frames(i).shape and not frames.flags.writeable
        for frame, whole in zip(frames, raw.frames(i), strict=True):
            file = io.BytesIO()
            Image.fromarray(whole).save(file, "JPEG", quality=90, subsampling=0)
            assert np.array_equal(frame, np.asarray(Image.open(file)))
    longest = int(np.argmax(store.lengths))
    rows = [0, 0, int(store.lengths.max()) - 1]
    assert np.array_equal(store.take(longest, rows), store.frames(longest)[rows])
    assert np.array_equal(raw.take(longest, rows), raw.frames(longest)[rows])


def test_a_store_of_middle_clips_gives_what_the_whole_gives_in_the_middle(small_set):
    listing = find_videos(small_set)
    whole = prepare(listing, small_set)["train"]
    small_set.part = "middle"
    store = prepare(listing, small_set)["train"]
    assert store.middle == (4, 2) and store.lengths.tolist() == np.minimum(whole.lengths, 4).tolist()
    everything = range(len(store))
    expected = read_clips(whole, everything, 4, 2)
    assert np.array_equal(read_clips(store, everything, 4, 2), expected)
    # There is one clip of each video, whatever start is drawn.
    assert np.array_equal(read_clips(store, everything, 4, 2, np.random.default_rng(0)), expected)


def test_damaged_jpeg_stores_are_said(small_set):
    small_set.codec = "jpeg"
    store = prepare(find_videos(small_set), small_set)["train"]
    path = pathlib.Path(store.folder) / "frames.jpegs"
    content = path.read_bytes()
    path.write_bytes(bytes(200) + content[200:])
    with pytest.raises(VddError, match=r"is damaged \(a frame of .*\): delete that folder"):
        open_store(store.folder).frames(0)
    path.write_bytes(content[:-1])
    with pytest.raises(VddError, match="is damaged"):
        open_store(store.folder)
    path.write_bytes(content)
    (pathlib.Path(store.folder) / "frames.ends").unlink()
    with pytest.raises(VddError, match="is damaged"):
        open_store(store.folder)


def test_the_index_is_plain_json(small_set):
    """It is written value by value; the text is that of `json.dumps`."""
    for codec in ("raw", "jpeg"):
        small_set.codec = codec
        text = (
            pathlib.Path(prepare(find_videos(small_set), small_set)["train"].folder) / "index.json"
        ).read_text()
        index = json.loads(text)
        assert json.dumps(index) == text and index["format"] == {"raw": 1, "jpeg": 2}[codec]
        assert index["offsets"] == np.cumsum([0, *index["frames"]])[:-1].tolist()


def test_two_recipes_share_a_store(small_set):
    first = prepare(find_videos(small_set), small_set)
    small_set.frames, small_set.interval, small_set.flip = 7, 1, False
    second = prepare(find_videos(small_set), small_set)
    assert first["train"].folder == second["train"].folder and second.decoded["videos"] == 0
