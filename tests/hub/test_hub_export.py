"""What is written: layout, exact round trips, sizes, same bytes, refusals."""

import errno
import filecmp
import json
import os

import numpy as np
import pytest

import keras_vdd
from keras_vdd.errors import UsageError, VddError
from keras_vdd.hub import copies, rows
from keras_vdd.hub import export as export_module
from keras_vdd.published import schema as vdd
from keras_vdd.published.row_weights import pack_weights

KINDS = ("static-dynamic", "still", "full-video")
STORED = [(kind, dtype) for kind in KINDS for dtype in ("float32", "float16", "int8", "int4")]
STORED += [("still", "uint8"), ("full-video", "uint8")]
ARRAYS = ("static", "dynamic", "video", "kernels", "biases", "labels")


def files_of(folder):
    return sorted(
        os.path.relpath(os.path.join(top, name), folder)
        for top, _, names in os.walk(folder)
        for name in names
    )


def stored_as(array, dtype, made):
    """What storage leaves of memories, by rules written out here."""
    if dtype == "int8":
        items = array.reshape(array.shape[0] * array.shape[1], -1)
        scale = np.abs(items).max(axis=1, keepdims=True) / np.float32(127)
        return (np.rint(items / scale) * scale).reshape(array.shape)
    if dtype == "int4":
        items = array.reshape(array.shape[0] * array.shape[1], -1).copy()
        for start in range(0, items.shape[1], 64):
            part = items[:, start : start + 64]
            scale = (
                (np.abs(part).max(axis=1, keepdims=True) / np.float32(7))
                .astype(np.float16)
                .astype(np.float32)
            )
            part[:] = np.rint(part / scale) * scale
        return items.reshape(array.shape)
    if dtype == "uint8":
        mean, std = np.float32(made.mean), np.float32(made.std)
        pixels = np.rint((array * std + mean) * np.float32(255)).clip(0, 255)
        return (pixels / np.float32(255) - mean) / std
    return array.astype(dtype).astype(np.float32)


def assert_same_set(one, other, dtype="float32"):
    for name in ARRAYS:
        expected, got = getattr(one, name), getattr(other, name)
        if expected is None:
            assert got is None, name
            continue
        if name in ("static", "dynamic", "video"):
            expected = stored_as(expected, dtype, one)
        np.testing.assert_array_equal(got, expected, err_msg=name)
    same = ("kind", "class_names", "frames", "mean", "std", "videos_per_class", "label_kind")
    for name in (*same, "recipe"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.provenance.items() <= other.provenance.items()


@pytest.mark.parametrize(("kind", "dtype"), STORED)
def test_a_set_comes_back_as_it_was(make_set, tmp_path, kind, dtype):
    made = make_set(kind)
    back = keras_vdd.load(keras_vdd.export(made, tmp_path / "set", dtype=dtype))
    assert_same_set(made, back, dtype)
    assert back.dtype == dtype
    videos, labels = back.videos()
    assert videos.dtype == np.float32 and videos.shape == (len(made.pairs()), 5, 8, 9, 3)
    assert labels.dtype == np.int32
    if dtype == "float32":
        np.testing.assert_array_equal(videos, made.reconstruct())


@pytest.mark.parametrize("kind", ["probabilities", "regression"])
def test_learned_labels_come_back(make_set, tmp_path, kind):
    labels = np.random.default_rng(0).uniform(size=(12, 2, 12))
    labels /= labels.sum(axis=-1, keepdims=True) if kind == "probabilities" else 0.1
    made = make_set(labels=labels, label_kind=kind)
    back = keras_vdd.load(keras_vdd.export(made, tmp_path / "set"))
    assert_same_set(made, back)
    np.testing.assert_array_equal(back.videos(soft=True)[1], made.soft_labels_of(made.pairs()))


def test_one_slot_one_frame_one_class(make_set, tmp_path):
    small = make_set(
        class_names=("only",), frames=1, videos_per_class=1, static=np.ones((1, 1, 4, 4, 3)),
        dynamic=np.ones((1, 1, 1, 4, 4, 1)), kernels=np.ones((1, 3, 3, 3, 4, 3)), biases=np.zeros((1, 3)),
    )  # fmt: skip
    assert_same_set(small, keras_vdd.load(keras_vdd.export(small, tmp_path / "set")))


def test_weights_that_end_in_zero_bytes_survive(make_set, tmp_path):
    made = make_set(kernels=np.zeros((1, 3, 3, 3, 4, 3)), biases=np.zeros((1, 3)))
    assert pack_weights(made, 0).endswith(b"\0\0\0\0")
    assert_same_set(made, keras_vdd.load(keras_vdd.export(made, tmp_path / "set")))


def test_the_layout(make_set, tmp_path):
    import pyarrow.parquet as pq

    folder = keras_vdd.export(make_set(), tmp_path / "set")
    files = files_of(folder)
    assert [name for name in files if "data" not in name] == sorted({*vdd.SIDE_FILES} - {vdd.RESULTS})
    data = [name for name in files if "data" in name]
    assert len(data) == 3 and all(name.endswith(".vdd.vdd.parquet") for name in data)
    for name in data:
        meta = pq.ParquetFile(folder / name).metadata
        assert meta.num_row_groups == 1 and meta.num_rows <= 10
    assert (folder / "recipe.yaml").read_text() == make_set().recipe
    assert json.loads((folder / "provenance.json").read_text())["real_bytes"] == 123_456_789
    types = pq.read_schema(folder / data[0]).metadata[b"huggingface"].decode()
    assert "VddClip" not in types, "a type that a reader does not know makes the repository unreadable"


def test_the_weights_are_stored_once_a_row_group(make_set, tmp_path):
    import pyarrow.parquet as pq

    made = make_set(kernels=np.random.default_rng(0).normal(size=(1, 3, 3, 3, 4, 3)), biases=np.ones((1, 3)))
    folder = keras_vdd.export(made, tmp_path / "set")
    group = pq.ParquetFile(next((folder / "data").iterdir())).metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    weights = next(column for column in columns if column.path_in_schema == "integrator.weights")
    assert weights.total_uncompressed_size < 2 * len(pack_weights(made, 0))


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int4"])
def test_bytes_on_disk_are_the_memories_and_the_previews(make_set, tmp_path, dtype):
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    made = make_set(
        class_names=("a", "b", "c"), frames=8, videos_per_class=1, static=rng.normal(size=(3, 2, 64, 64, 3)),
        dynamic=rng.normal(size=(3, 2, 8, 64, 64, 1)), kernels=rng.normal(size=(1, 3, 3, 3, 4, 3)),
        biases=np.zeros((1, 3)),
    )  # fmt: skip
    folder = keras_vdd.export(made, tmp_path / "set", dtype=dtype)
    whole = sum(os.path.getsize(folder / name) for name in files_of(folder))
    previews = os.path.getsize(folder / "preview.webp")
    for file in (folder / "data").iterdir():
        previews += sum(
            len(row["bytes"]) for row in pq.read_table(file, columns=["preview"])["preview"].to_pylist()
        )
    # What a set says of itself in words weighs more beside int8 and int4 than beside float32.
    words = sum(os.path.getsize(folder / name) for name in ("README.md", "provenance.json", "recipe.yaml"))
    assert whole <= 1.02 * made.nbytes(dtype) + previews + (words if dtype.startswith("int") else 0)


def test_the_same_set_gives_the_same_bytes(make_set, tmp_path):
    one, other = tmp_path / "one", tmp_path / "elsewhere" / "other"
    keras_vdd.export(make_set(), one)
    keras_vdd.export(make_set(), other)
    names = files_of(one)
    assert names == files_of(other)
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def test_another_set_gives_other_file_names(make_set, tmp_path):
    made = make_set()
    changed = made.static.copy()
    changed[0, 0, 0, 0, 0] += 1e-6
    one = keras_vdd.export(made, tmp_path / "one")
    other = keras_vdd.export(make_set(static=changed), tmp_path / "other")
    assert not set(files_of(one / "data")) & set(files_of(other / "data"))


def test_what_a_folder_holds_is_not_overwritten(make_set, tmp_path):
    made = make_set("still")
    keras_vdd.export(made, tmp_path / "set")
    with pytest.raises(UsageError, match="already holds a distilled set"):
        keras_vdd.export(made, tmp_path / "set")
    keras_vdd.export(make_set("full-video"), tmp_path / "set", overwrite=True)
    assert keras_vdd.load(tmp_path / "set").kind == "full-video"
    assert [entry.name for entry in tmp_path.iterdir()] == ["set"], "nothing temporary may be left"


def test_other_files_are_never_overwritten(make_set, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("all I have")
    keras_vdd.export(make_set("still"), tmp_path / "mixed")
    (tmp_path / "mixed" / "thesis.txt").write_text("all I have")
    for folder in ("notes", "mixed"):
        with pytest.raises(UsageError, match="other files") as caught:
            keras_vdd.export(make_set("still"), tmp_path / folder, overwrite=True)
        assert "\n" not in str(caught.value)
        assert (tmp_path / folder / "thesis.txt").read_text() == "all I have"
    with pytest.raises(UsageError, match="is a file"):
        keras_vdd.export(make_set("still"), tmp_path / "notes" / "thesis.txt", overwrite=True)


def test_an_empty_folder_is_used(make_set, tmp_path):
    (tmp_path / "set").mkdir()
    assert keras_vdd.load(keras_vdd.export(make_set("still"), tmp_path / "set")).kind == "still"


def test_a_full_disk_leaves_nothing_behind_and_the_old_set_whole(make_set, tmp_path, monkeypatch):
    keras_vdd.export(make_set("still"), tmp_path / "set")

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rows, "write_table", full)
    with pytest.raises(VddError, match="the disk is full") as caught:
        keras_vdd.export(make_set("full-video"), tmp_path / "set", overwrite=True)
    assert "\n" not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["set"]
    loaded = keras_vdd.load(tmp_path / "set")
    assert loaded.kind == "still"

    def no_room(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    monkeypatch.setattr(copies.shutil, "copyfile", no_room)
    with pytest.raises(VddError, match="the disk is full while writing '.*parquet'; free some space"):
        copies.copy_set(loaded, tmp_path / "copy")
    assert [entry.name for entry in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("value", "dtype", "word"),
    [
        (np.nan, "float32", "diverged"),
        (np.inf, "float16", "diverged"),
        (1e5, "float16", "float16"),
        (np.nan, "int8", "diverged"),
        (np.inf, "uint8", "diverged"),
        (np.inf, "int4", "diverged"),
        (1e6, "int4", "reaches 1e\\+06, which int4 cannot hold"),
        (0, "int3", "'int3' is unknown: choose one of float32, float16, int8, int4, uint8"),
    ],
)
def test_values_that_cannot_be_kept_are_refused(make_set, tmp_path, value, dtype, word):
    still = make_set("still")
    still.static[0, 0, 0, 0, 0] = value
    with pytest.raises(VddError, match=word) as caught:
        keras_vdd.export(still, tmp_path / "set", dtype=dtype)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_motion_is_no_pixels(make_set, tmp_path):
    with pytest.raises(UsageError, match="choose float32, float16, int8 or int4") as caught:
        keras_vdd.export(make_set(), tmp_path / "set", dtype="uint8")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_float32_keeps_what_float16_cannot(make_set, tmp_path):
    still = make_set("still")
    still.static[0, 0, 0, 0, 0] = 1e5
    assert_same_set(still, keras_vdd.load(keras_vdd.export(still, tmp_path / "set")))


def previews_of(folder):
    import io

    import pyarrow.parquet as pq
    from PIL import Image

    cells = pq.read_table(sorted((folder / "data").iterdir())[0], columns=["preview"])["preview"].to_pylist()
    return [Image.open(io.BytesIO(cell["bytes"])) for cell in cells]


def frames_of(picture):
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(np.asarray(picture.convert("RGB")))
    return frames


def test_a_row_s_picture_moves_as_its_video_does(make_set, tmp_path):
    flat = np.zeros((12, 2, 6, 8, 8, 3), np.float32)
    flat[:, :, :3] = -1.0  # dark first, bright later: what compression leaves alone
    flat[:, :, 3:] = 1.0
    folder = keras_vdd.export(make_set("full-video", video=flat, frames=6), tmp_path / "set")
    pictures = previews_of(folder)
    assert len(pictures) == 10 and all(picture.format == "WEBP" for picture in pictures)
    # Eight pixels are shown eight times as large; the video, its middle and its last frame.
    assert pictures[0].size == (3 * 64 + 2 * 2 * 8, 64)
    frames = frames_of(pictures[0])
    moving = [frame[:, :64].mean() for frame in frames]
    assert len(frames) >= 2 and moving[0] < 90 < 160 < moving[-1]
    assert all(frame[:, -64:].mean() > 160 for frame in frames), "the last frame stands beside it"


def test_a_row_without_motion_shows_its_stills(make_set, tmp_path):
    stills = np.zeros((12, 4, 8, 8, 3), np.float32)
    stills[:, 1::2] = 1.5
    (picture, *_) = previews_of(keras_vdd.export(make_set("still", static=stills), tmp_path / "set"))
    (frame,) = frames_of(picture)
    assert frame.shape == (64, 2 * 64 + 2 * 8, 3) and frame[:, :64].mean() + 60 < frame[:, -64:].mean()


def test_the_set_s_picture_has_its_classes_in_order(make_set, tmp_path):
    from PIL import Image

    video = np.zeros((12, 2, 5, 8, 8, 3), np.float32)
    video += np.linspace(-1.5, 1.5, 12, dtype=np.float32)[:, None, None, None, None, None]
    folder = keras_vdd.export(make_set("full-video", video=video), tmp_path / "set")
    with Image.open(folder / "preview.webp") as picture:
        (frame,) = frames_of(picture)
    tile, caption, gap = 96, 16, 2
    assert frame.shape == (2 * (tile + caption + gap) + gap, 6 * (tile + gap) + gap, 3)
    tops = [gap + row * (tile + caption + gap) for row in range(2)]
    means = [frame[y : y + tile, gap + x * (tile + gap) :][:, :tile].mean() for y in tops for x in range(6)]
    assert means == sorted(means) and means[0] + 100 < means[-1]


def test_a_failed_exchange_puts_the_old_set_back(make_set, tmp_path, monkeypatch):
    keras_vdd.export(make_set("still"), tmp_path / "set")

    def refuse(*args):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(export_module, "_write_card", lambda *args: None)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(VddError, match="busy"):
        keras_vdd.export(make_set("full-video"), tmp_path / "set", overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["set"]
    assert keras_vdd.load(tmp_path / "set").kind == "still"
