"""Sets of key frames: published, loaded in every way, and refused where their moments are not such."""

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest
from published.rewriting import data_files, rename, rewrite, set_column

import keras_vdd
from keras_vdd.errors import UsageError, VddError

DTYPES = ("float32", "float16", "int8", "int4")


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_way_of_reading_gives_the_same_videos(make_set, tmp_path, dtype):
    made = make_set("key-frames")
    folder = keras_vdd.export(made, tmp_path / "set", dtype=dtype)
    loaded = keras_vdd.load(folder)
    np.testing.assert_array_equal(loaded.positions, made.positions)
    expected = loaded.reconstruct()
    assert np.abs(expected - made.reconstruct()).max() < {"float32": 1e-7, "float16": 1e-2}.get(dtype, 0.7)
    options = {"split": "train", "cache_dir": str(tmp_path / "cache")}
    rows = datasets.load_dataset(str(folder), **options)
    assert len(rows) == 24
    np.testing.assert_allclose(np.stack([row["video"] for row in rows]), expected, atol=1e-5)
    streamed = datasets.load_dataset(str(folder), streaming=True, **options)
    np.testing.assert_allclose(next(iter(streamed))["video"], expected[0], atol=1e-5)
    plain = datasets.Dataset.from_parquet(
        [str(file) for file in data_files(folder)], cache_dir=options["cache_dir"]
    )
    np.testing.assert_allclose(keras_vdd.as_videos(plain)[5]["video"], expected[5], atol=1e-5)


def test_a_row_has_as_many_frames_as_its_video_and_says_where_they_lie(make_set, tmp_path):
    made = make_set("key-frames")
    folder = keras_vdd.export(made, tmp_path / "set")
    table = pq.read_table(data_files(folder)[0])
    counts = (made.positions >= 0).sum(axis=2).ravel()
    assert [len(row) for row in table["positions"].to_pylist()] == counts[:10].tolist()
    assert [len(row) for row in table["key_frames"].to_pylist()] == counts[:10].tolist()
    assert len(set(counts.tolist())) > 1
    assert made.nbytes() == counts.sum() * (8 * 9 * 3 * 4 + 4)
    assert made.nbytes("int8") == counts.sum() * (8 * 9 * 3 + 4 + 4)
    assert made.nbytes("int4") == counts.sum() * (8 * 9 * 3 // 2 + 2 * 4 + 4)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{counts.sum()} key frames (2 to {counts.max()} a video) are stored" in card
    facts = keras_vdd.inspect(folder)
    assert facts["bytes"] == made.nbytes()
    assert facts["key frames"] == {
        "stored": int(counts.sum()),
        "fewest of a video": 2,
        "most": int(counts.max()),
    }


@pytest.mark.parametrize(
    "moments, reason",
    [
        ([0, 3, 1, 4], r"its row 0 has key frames at \[0, 3, 1, 4\], which must be in order, none twice"),
        ([0, 9], "its row 0 has key frames at .*, which must be whole numbers from 0 to 4"),
        ([-1, 4], "whole numbers from 0 to 4"),
        ([1, 4], "of which the first must be 0 and the last 4"),
        ([0, 3], "of which the first must be 0 and the last 4"),
        ([0, 1, 2, 3, 4, 4], "key_frames"),
        ([], "key_frames"),
        ([0, 4], None),
    ],
)
def test_moments_that_cannot_be_are_refused_in_one_sentence(make_set, tmp_path, moments, reason):
    """The number of frames is made to fit, as far as there are such."""
    folder = keras_vdd.export(make_set("key-frames"), tmp_path / "set")

    def change(table):
        frames, positions = table["key_frames"].to_pylist(), table["positions"].to_pylist()
        if reason != "key_frames":
            frames[0] = [frames[0][0]] * len(moments)
        positions[0] = moments
        return set_column(set_column(table, "key_frames", frames), "positions", positions)

    rewrite(data_files(folder)[0], change, digests=True)
    rename(folder)
    if reason is None:
        assert keras_vdd.load(folder).positions[0, 0].tolist()[:3] == [0, 4, -1]
        return
    with pytest.raises(VddError, match=reason) as caught:
        keras_vdd.load(folder)
    assert "\n" not in str(caught.value)
    with pytest.raises(Exception, match=reason):
        datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))


@pytest.mark.parametrize(
    "moments, reason",
    [
        ([0, 2, 1], "Video 0 of class 0 has key frames at .*, which must be in order"),
        ([0, -1, 4], "has other numbers than -1 past the last"),
        ([0, 4, -2], "has other numbers than -1 past the last"),
        ([0, 2, -1], "the first must be 0 and the last 4"),
    ],
)
def test_a_set_of_one_s_own_is_held_to_the_same(make_set, moments, reason):
    positions = np.tile(np.array(moments, "float32"), (12, 2, 1))
    with pytest.raises(UsageError, match=reason):
        make_set("key-frames", positions=positions, key_frames=np.zeros((12, 2, 3, 8, 9, 3)))


def test_arrays_that_do_not_fit_each_other_are_refused(make_set):
    frames = np.zeros((12, 2, 3, 8, 9, 3))
    with pytest.raises(UsageError, match="Array 'key_frames' has shape"):
        make_set("key-frames", positions=np.tile([0, 4], (12, 2, 1)), key_frames=frames)
    with pytest.raises(UsageError, match="Array 'positions' has shape"):
        make_set("key-frames", positions=np.tile([0, 2, 4], (12, 1, 1)), key_frames=frames)
