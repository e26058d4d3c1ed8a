import contextlib
import errno
import json
import os
import pathlib
import threading
import time
import types

import av
import numpy as np
import pytest

from keras_vdd import files, seeds
from keras_vdd.data.clips import read_clips, read_stills
from keras_vdd.data.decoding.decode import decode
from keras_vdd.data.sources import find_videos, shapes
from keras_vdd.data.sources.shape_scenes import KINDS, draw_scene
from keras_vdd.data.sources.shapes import CLASSES, PAIRS, draw_video, make_shapes
from keras_vdd.data.store import prepare
from keras_vdd.errors import VddError
from keras_vdd.locks import lock
from keras_vdd.sealed import read_json, write_json

SIZE = 32


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Videos made, coded, decoded at 32x32: what a run sees."""
    wanted = types.SimpleNamespace(train_per_class=24, test_per_class=16, seed=4)
    data = types.SimpleNamespace(
        set="shapes",
        root=None,
        store=str(tmp_path_factory.mktemp("shapes")),
        classes="all",
        size=SIZE,
        shapes=wanted,
    )
    return prepare(find_videos(data), data)


def members(store, pair):
    return [np.flatnonzero(store.labels == store.class_names.index(name)) for name in pair]


def ridge(train, train_target, test):
    """Least squares with a little shrinkage, in the space of the examples; targets are -1 and 1."""
    mean = train.mean(0)
    train, test = train - mean, test - mean
    kernel = train @ train.T
    weights = np.linalg.solve(
        kernel + 0.1 * np.trace(kernel) / len(kernel) * np.eye(len(kernel)), train_target
    )
    return np.sign(test @ train.T @ weights)


def accuracy(stores, features, pairs):
    """Accuracy, within pairs, of a ridge classifier on these features, averaged over the pairs."""
    scores = []
    for pair in pairs:
        parts = {}
        for split, store in stores.items():
            first, second = members(store, pair)
            rng = np.random.default_rng(0)
            # Several draws of each video, for a steadier estimate.
            indices = np.concatenate([np.tile(first, 6), np.tile(second, 6)])
            target = np.repeat([-1.0, 1.0], [6 * len(first), 6 * len(second)])
            parts[split] = features(store, indices, rng), target
        predicted = ridge(*parts["train"], parts["test"][0])
        scores.append((predicted == parts["test"][1]).mean())
    return float(np.mean(scores)), scores


def still_pixels(store, indices, rng):
    return read_stills(store, indices, rng).reshape(len(indices), -1) / 255.0


def shift_energy(store, indices, rng):
    """How well each frame, shifted or turned or scaled a little, matches the next but one."""
    clips = read_clips(store, indices, 8, 2, rng).mean(-1) / 255.0
    clips -= clips.mean((2, 3), keepdims=True)
    now, later = clips[:, :-1], clips[:, 1:]
    return np.stack([(warp(now) * later).mean((1, 2, 3)) for warp in WARPS], 1) * 100


def _grid_warp(scale=1.0, degrees=0.0):
    centre = (SIZE - 1) / 2
    y, x = np.mgrid[:SIZE, :SIZE] - centre
    cos, sin = np.cos(np.radians(degrees)) / scale, np.sin(np.radians(degrees)) / scale
    rows = np.clip(np.rint(centre + y * cos - x * sin), 0, SIZE - 1).astype(int)
    columns = np.clip(np.rint(centre + x * cos + y * sin), 0, SIZE - 1).astype(int)
    return lambda clips: clips[..., rows, columns]


WARPS = [
    *[lambda c, s=s, a=a: np.roll(c, s, axis=a) for s in (-3, 3) for a in (2, 3)],
    *[_grid_warp(degrees=d) for d in (-18, 18)],
    *[_grid_warp(scale=s) for s in (0.8, 1.25)],
]


@pytest.mark.slow
def test_stills_do_not_tell_a_pair_apart_and_motion_does(stores):
    still, _ = accuracy(stores, still_pixels, PAIRS)
    moving, each = accuracy(stores, shift_energy, PAIRS)
    # 128 test videos decide: a fair coin stays within 0.5 +- 0.1 (over two standard errors).
    assert 0.4 <= still <= 0.6
    assert moving >= 0.95 and min(each) >= 0.9


@pytest.mark.slow
def test_stills_do_tell_the_kinds_apart(stores):
    """So a still method is not simply blind here: it sees which pair, and cannot see which of the two."""
    across = [(PAIRS[i][0], PAIRS[j][0]) for i in range(4) for j in range(i)]
    assert accuracy(stores, still_pixels, across)[0] > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_stills_of_any_time_are_alike_in_both_directions(kind):
    """A frame drawn at random from a video, and from the reversal of another one, look alike on average."""
    forward, backward = [], []
    for number in range(80):
        rng = seeds.stream(0, kind, number)
        forward.append(draw_scene(rng, kind, 24, 16)[rng.integers(24)])
        backward.append(draw_scene(rng, kind, 24, 16)[::-1][rng.integers(24)])
    forward, backward = np.array(forward, float), np.array(backward, float)
    spread = np.sqrt((forward.var(0) + backward.var(0)) / 80)
    score = np.abs(forward.mean(0) - backward.mean(0)) / spread
    assert (score > 3).mean() < 0.02


def test_the_second_of_a_pair_is_the_first_reversed():
    for pair, kind in zip(PAIRS, KINDS, strict=True):
        for name, step in zip(pair, (1, -1), strict=True):
            rng = seeds.stream(5, "shapes", "train", name, 2)
            assert np.array_equal(draw_video(name, 5, "train", 2), draw_scene(rng, kind, 24, 64)[::step])


def test_coding_leaves_no_trace_of_the_direction(tmp_path):
    """The reversed video, coded, is the coded video reversed, to the last bit: stills carry no hint."""
    drawn = draw_video("ring-growing", 0, "train", 0)
    shapes._write_video(str(tmp_path / "on.mp4"), drawn)
    shapes._write_video(str(tmp_path / "back.mp4"), drawn[::-1])
    assert np.array_equal(decode(tmp_path / "on.mp4", 32), decode(tmp_path / "back.mp4", 32)[::-1])


def test_frames_are_coded_each_for_itself(tmp_path):
    make_shapes(tmp_path / "s", 0, 1, 1)
    path = tmp_path / "s" / "train" / "disk-up" / "disk-up-0000.mp4"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.codec_context.name == "h264" and stream.average_rate == 12
    assert len(frames) == 24 and all(frame.key_frame for frame in frames)
    decoded = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
    drawn = draw_video("disk-up", 0, "train", 0)
    assert decoded.shape == drawn.shape == (24, 64, 64, 3)
    assert np.abs(decoded.astype(int) - drawn).mean() < 12


def test_the_layout_and_the_same_files_again(tmp_path, listener):
    for folder, workers in (("a", 1), ("b", 3)):
        make_shapes(tmp_path / folder, 7, 2, 1, frames=6, size=32, workers=workers, progress=listener)
    files = {}
    for folder in "ab":
        root = tmp_path / folder
        files[folder] = {
            str(p.relative_to(root)): (p.read_bytes(), p.stat().st_mtime) for p in root.rglob("*.mp4")
        }
    assert files["a"] == files["b"] and len(files["a"]) == 8 * 3
    assert {tuple(pathlib.Path(p).parts[:2]) for p in files["a"]} == {
        (s, c) for s in ("train", "test") for c in CLASSES
    }
    assert len({content for content, _ in files["a"].values()}) == 24
    assert listener.updates[-1] == ("Making videos", 24, {})
    make_shapes(tmp_path / "c", 8, 2, 1, frames=6, size=32)
    other = (tmp_path / "c" / "train" / "disk-up" / "disk-up-0000.mp4").read_bytes()
    assert other != files["a"]["train/disk-up/disk-up-0000.mp4"][0]


def test_a_complete_folder_is_left_alone_and_an_interrupted_one_completed(tmp_path, monkeypatch):
    make_shapes(tmp_path / "whole", 7, 1, 1, frames=4, size=16)

    calls, write = [], shapes._write_video

    def break_off(path, pictures):
        calls.append(path)
        if len(calls) == 6:
            raise KeyboardInterrupt
        write(path, pictures)

    monkeypatch.setattr(shapes, "_write_video", break_off)
    with pytest.raises(KeyboardInterrupt):
        make_shapes(tmp_path / "broken", 7, 1, 1, frames=4, size=16, workers=1)
    made = len(list((tmp_path / "broken").rglob("*.mp4")))
    calls.clear()
    calls.extend(["x"] * 10)
    make_shapes(tmp_path / "broken", 7, 1, 1, frames=4, size=16)
    assert 5 <= made < 16 and len(calls) == 10 + 16 - made
    for path in (tmp_path / "whole").rglob("*.mp4"):
        assert path.read_bytes() == (tmp_path / "broken" / path.relative_to(tmp_path / "whole")).read_bytes()
    monkeypatch.setattr(shapes, "_write_video", None)
    make_shapes(tmp_path / "broken", 7, 1, 1, frames=4, size=16)


def test_a_folder_of_something_else_is_refused(tmp_path):
    make_shapes(tmp_path / "s", 7, 1, 1, frames=4, size=16)
    with pytest.raises(VddError, match="made with another seed, test_per_class: give another folder"):
        make_shapes(tmp_path / "s", 8, 1, 2, frames=4, size=16)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(VddError, match="holds something else"):
        make_shapes(tmp_path / "mine", 7, 1, 1)
    (tmp_path / "s" / shapes.MARKER).write_text("{")
    with pytest.raises(VddError, match="is damaged"):
        make_shapes(tmp_path / "s", 7, 1, 1, frames=4, size=16)


def test_where_the_source_makes_them(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(shapes, "make_shapes", lambda root, *a, **k: _make_small(root))
    wanted = types.SimpleNamespace(train_per_class=1, test_per_class=1, seed=0)
    listing = find_videos(settings(set="shapes", root=None, shapes=wanted))
    assert listing.class_names == list(CLASSES) and len(listing.train) == len(listing.test) == 8
    place = os.path.relpath(listing.train[0].path, tmp_path / "stores").split(os.sep)
    assert place[0].startswith("shapes-source-") and place[1] == "train"
    given = find_videos(
        settings(set="shapes", root=str(tmp_path / "here"), shapes=wanted, classes=("disk-up", "disk-down"))
    )
    assert given.class_names == ["disk-down", "disk-up"] and given.train[0].path.startswith(
        str(tmp_path / "here")
    )


def _make_small(root):
    make_shapes(root, 0, 1, 1, frames=2, size=16)


def test_the_marker_says_what_was_made(tmp_path):
    make_shapes(tmp_path / "s", 7, 1, 1, frames=4, size=16)
    made = json.loads((tmp_path / "s" / shapes.MARKER).read_text())
    assert made["complete"] and made["seed"] == 7 and made["train_per_class"] == 1


@pytest.mark.parametrize("complete", [True, False])
def test_a_video_that_is_damaged_or_gone_is_made_again(tmp_path, caplog, complete):
    make_shapes(tmp_path, 7, 1, 1, frames=4, size=16)
    videos = sorted(tmp_path.rglob("*.mp4"))
    whole = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in videos}
    flipped = bytearray(whole[videos[0]][0])
    flipped[-9] ^= 1
    videos[0].write_bytes(flipped)
    os.utime(videos[0], ns=(whole[videos[0]][1],) * 2)
    videos[1].unlink()
    videos[2].write_bytes(b"")
    if not complete:
        made = read_json(tmp_path / shapes.MARKER)
        write_json(tmp_path / shapes.MARKER, {**made, "complete": False})
    make_shapes(tmp_path, 7, 1, 1, frames=4, size=16)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*.mp4")} == whole
    assert len(caplog.messages) == 3 and all("is made again" in said for said in caplog.messages)
    assert f"'{videos[0]}' is not as it was made" in caplog.text


def test_a_video_that_the_disk_refuses_is_not_taken_for_damaged(tmp_path, monkeypatch):
    def refuse(path, size):
        raise OSError(errno.EIO, "Input/output error", path)

    make_shapes(tmp_path, 7, 1, 1, frames=4, size=16)
    monkeypatch.setattr(shapes, "file_checksum", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        make_shapes(tmp_path, 7, 1, 1, frames=4, size=16)


def test_videos_of_a_version_that_kept_no_checksums_are_taken(tmp_path, monkeypatch):
    make_shapes(tmp_path, 7, 1, 1, frames=4, size=16)
    made = read_json(tmp_path / shapes.MARKER)
    write_json(tmp_path / shapes.MARKER, {key: made[key] for key in made if key != shapes.SUMS})
    monkeypatch.setattr(shapes, "_make", None)
    make_shapes(tmp_path, 7, 1, 1, frames=4, size=16)


def test_two_at_once_make_one_set(tmp_path, caplog):
    folder = tmp_path / "videos"
    with lock(folder / "lock"):
        waiter = threading.Thread(
            target=make_shapes, args=(folder, 0, 1, 1), kwargs={"size": 16, "frames": 2}
        )
        waiter.start()
        deadline = time.monotonic() + 10
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "Another process is making the videos" in caplog.messages[0]
        assert [path.name for path in folder.iterdir()] == ["lock"]
    waiter.join()
    assert len(list(folder.rglob("*.mp4"))) == 16


def test_two_at_once_without_locks_make_one_set_too(tmp_path, monkeypatch):
    monkeypatch.setattr(shapes, "lock", lambda *args, **options: contextlib.nullcontext())
    first = threading.Thread(target=make_shapes, args=(tmp_path, 0, 2, 2), kwargs={"size": 16, "frames": 2})
    first.start()
    make_shapes(tmp_path, 0, 2, 2, size=16, frames=2)
    first.join()
    assert shapes._is_complete(tmp_path, shapes._parameters(0, 2, 2, 2, 16))
    assert {path.stat().st_mtime for path in tmp_path.rglob("*.mp4")} == {shapes.MADE_AT}


def test_shapes_that_another_process_begins_just_then_are_no_other_content(tmp_path, monkeypatch):
    made = dict(seed=0, train_per_class=1, test_per_class=1, size=16, frames=2)

    def meanwhile(folder):
        monkeypatch.undo()
        make_shapes(folder, **made)
        return os.listdir(folder)

    monkeypatch.setattr(shapes.os, "listdir", meanwhile)
    make_shapes(tmp_path, **made)
    assert len(list(tmp_path.rglob("*.mp4"))) == 16


def test_an_unfinished_video_is_not_taken_for_one_left_long_ago(tmp_path, monkeypatch):
    put = files._put

    def watched(temporary, path, aside):
        assert time.time() - temporary.stat().st_mtime < 3600
        put(temporary, path, aside)

    monkeypatch.setattr(files, "_put", watched)
    make_shapes(tmp_path, 0, 1, 1, size=16, frames=2)


def test_what_a_kill_in_the_first_moments_leaves_is_no_other_content(tmp_path):
    for name in ("lock", ".shapes.json.0123abcd-1-01234567-0.tmp"):
        (tmp_path / name).touch()
    make_shapes(tmp_path, 0, 1, 1, frames=2, size=16)
    assert len(list(tmp_path.rglob("*.mp4"))) == 16
