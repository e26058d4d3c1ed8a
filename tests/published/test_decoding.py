"""Cells to videos a batch at a time: of each kind and storage type, contiguous, right where batches are not kept."""

import copy
import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

import keras_vdd
from keras_vdd.datasets_hook.clip import STORAGE, Clip, encode_array
from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd
from keras_vdd.published import storage
from keras_vdd.published.decoding import PARTS, Videos, make_video, make_videos, part_of
from keras_vdd.published.row_weights import pack_weights
from keras_vdd.storage.storage_types import STORAGE_TYPES


def cells_and_videos(distilled, dtype="float32"):
    """The stored cell of each pair of a set, and the videos of what is stored, made in numpy."""
    memory, rounded, stored = distilled.memory, {}, {}
    config = vdd.config_of(distilled, dtype)
    for items in memory.items:
        array = distilled.arrays[items.array]
        shape = config.item_shape(items.column)
        values, scales = storage.encode(array.reshape(-1, *shape), config)
        scales = [None] * len(values) if scales is None else scales
        blobs = [storage.to_bytes(*item) for item in zip(values, scales, strict=True)]
        rounded[items.array] = np.stack([storage.from_bytes(blob, shape, config) for blob in blobs]).reshape(
            array.shape
        )
        stored[items.array] = np.array(blobs, object).reshape(array.shape[:2])
    cells = []
    for label, static, dynamic in distilled.pairs():
        which = distilled.integrator_of(label) if distilled.integrators else 0
        parts = dict.fromkeys(PARTS)
        for items in memory.items:
            chosen = {"static": static, "dynamic": dynamic}[items.index]
            parts[part_of(items)] = (parts[part_of(items)] or b"") + stored[items.array][label, chosen]
        config = vdd.config_of(distilled, dtype, which).to_json()
        more = {"format_version": vdd.FORMAT_VERSION, "config": config}
        cells.append({**parts, **more, "weights": pack_weights(distilled, which)})
    about = distilled.class_names, distilled.frames, distilled.mean, distilled.std, distilled.videos_per_class
    arrays = {**distilled.arrays, **rounded}
    return cells, type(distilled)(distilled.kind, *about, arrays=arrays).reconstruct()


def close(videos, expected):
    return np.abs(np.asarray(videos) - expected).max() <= 1e-5


@pytest.mark.parametrize("dtype", list(STORAGE_TYPES))
@pytest.mark.parametrize("kind", ["static-dynamic", "still", "full-video"])
def test_a_batch_has_the_videos_of_its_cells_side_by_side(make_set, kind, dtype):
    distilled = make_set(kind)
    if STORAGE_TYPES[dtype].pixels and not distilled.memory.pixels:
        pytest.skip("holds pixels alone")
    cells, expected = cells_and_videos(distilled, dtype)
    assert len({cell["weights"] for cell in cells}) == max(1, distilled.integrators)
    order = np.random.default_rng(0).permutation(len(cells))
    videos = make_videos([cells[place] for place in order])
    assert isinstance(videos, Videos) and len(videos) == len(cells)
    assert close(videos, expected[order])
    whole = np.asarray(videos)
    assert whole.dtype == np.float32 and whole.flags.c_contiguous and whole.flags.writeable
    assert all(np.shares_memory(video, whole) for video in videos)
    for place in (0, 7):
        alone = make_video(cells[order[place]])
        assert np.abs(alone - videos[place]).max() <= 1e-6 * np.abs(expected).max()


def test_what_is_no_cell_of_the_set_keeps_its_place(make_set):
    cells, expected = cells_and_videos(make_set())
    others, shown = cells_and_videos(make_set("still"))
    cut, ready = encode_array(expected[0][:2]), np.ones((2, 3), np.float32)
    videos = make_videos([cells[3], None, cut, others[5], ready, cells[30]])
    assert type(videos) is list and videos[1] is None and videos[4] is ready
    assert np.array_equal(videos[2], expected[0][:2])
    for place, video in ((0, expected[3]), (3, shown[5]), (5, expected[30])):
        assert close(videos[place], video)
    assert make_videos([]) == [] and make_videos([None]) == [None]


def test_cells_that_do_not_fit_are_refused_in_a_sentence(make_set):
    cell = cells_and_videos(make_set("still"))[0][0]
    for change in ({"format_version": 99}, {"config": "{}"}, {"config": "no JSON"}):
        for _ in range(2):  # nothing wrong is remembered as right
            with pytest.raises(VddError):
                make_video({**cell, **change})
    damaged = cells_and_videos(make_set())[0][0]
    with pytest.raises(VddError, match="weights of a row"):
        make_video({**damaged, "weights": damaged["weights"][:50]})


def test_a_list_of_videos_that_was_changed_is_what_it_shows():
    whole = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    videos = Videos(whole)
    assert np.asarray(videos) is whole and np.array(videos).tolist() == whole.tolist()
    for other in (pickle.loads(pickle.dumps(videos)), copy.deepcopy(videos)):
        assert type(other) is list and np.array_equal(other, whole)
    videos[1] = whole[0]
    assert np.array_equal(np.asarray(videos)[1], whole[0])
    videos.pop()
    assert np.asarray(videos).shape == (3, 2, 3)
    assert np.asarray(Videos(whole), dtype=np.float64).dtype == np.float64


def test_columns_of_videos_that_map_handed_on_are_stored_cells():
    import pyarrow as pa

    arrays = [np.ones((2, 3, 1), np.float32), None, np.zeros((1, 4, 2), np.float32)]
    nested = pa.array([None if array is None else array.tolist() for array in arrays])
    lists = nested.cast(pa.list_(pa.list_(pa.list_(pa.float32()))))
    stored = Clip().cast_storage(lists)
    assert stored.type == STORAGE
    first, none, last = make_videos(stored.to_pylist())
    assert none is None and np.array_equal(first, arrays[0]) and np.array_equal(last, arrays[2])
    assert np.array_equal(make_video(Clip().cast_storage(lists[2:])[0].as_py()), arrays[2])
    ragged = pa.array([[[1.0, 2.0], [3.0]]], pa.list_(pa.list_(pa.float32())))
    for other in (ragged, pa.array([[1, 2]]), pa.array([1.0], pa.float32())):
        with pytest.raises(TypeError):
            Clip().cast_storage(other)


ROWS = """
import pickle, sys
import datasets, keras_vdd
import numpy as np
from datasets import concatenate_datasets
from keras_vdd.published.decoding import Videos
from keras_vdd.datasets_hook.video_features import VideoFeatures
datasets.disable_progress_bars()
folder = sys.argv[1]
videos = keras_vdd.load(folder).reconstruct()
ds = datasets.load_dataset(folder, split="train").with_format(None)

def same(found, expected):
    assert np.abs(np.asarray(found) - expected).max() < 1e-5

def means(rows):
    return {"mean": [video.mean() for video in rows["video"]]}

kept = {
    "itself": (ds, videos),
    "select": (ds.select([5, 0, 9]), videos[[5, 0, 9]]),
    "range": (ds.select(range(4)), videos[:4]),
    "shard": (ds.shard(2, 1, contiguous=False), videos[1::2]),
    "twice": (concatenate_datasets([ds, ds]), np.concatenate([videos, videos])),
    "filter": (ds.filter(lambda label: label == 1, input_columns="label"), videos[8:16]),
    "pickle": (pickle.loads(pickle.dumps(ds)), videos),
    "fewer columns": (ds.remove_columns("slot"), videos),
}
lost = {
    "map": (ds.map(lambda label: {"half": label / 2}, input_columns="label"), videos),
    "read in map": (ds.map(lambda row: {"mean": row["video"].mean()}), videos),
    "read in batches": (ds.map(means, batched=True, batch_size=7), videos),
    "changed": (ds.map(lambda row: {"video": row["video"][::2]}), videos[:, ::2]),
    "rename": (ds.rename_column("slot", "place"), videos),
    "cast": (ds.cast_column("slot", datasets.Value("int64")), videos),
    "select_columns": (ds.select_columns(["video"]), videos),
}
for name, (rows, expected) in {**kept, **lost}.items():
    assert isinstance(rows.features, VideoFeatures) == (name in kept), name
    assert len(rows) == len(expected) and type(rows.features["video"]).__name__ == "Clip", name
    batch = rows[: len(rows)]["video"]
    assert type(batch) is (Videos if name in kept else list), name
    same(batch, expected)
    same(rows[2]["video"], expected[2])
    same(rows.with_format("numpy")[:3]["video"], expected[:3])
    same(rows["video"][1], expected[1])
    same(np.stack([row["video"] for row in rows]), expected)
whole = ds.with_format("numpy")[:]["video"]
assert whole.shape == videos.shape and whole.dtype == np.float32
ds.save_to_disk(sys.argv[2])
same(datasets.load_from_disk(sys.argv[2])[:]["video"], videos)
stream = datasets.load_dataset(folder, split="train", streaming=True)
same(np.concatenate([np.asarray(batch["video"]) for batch in stream.iter(batch_size=5)]), videos)
print("well")
"""


@pytest.mark.slow
def test_sets_that_keep_batches_and_sets_that_do_not_show_the_same(make_set, fresh, tmp_path):
    import keras_vdd

    folder = keras_vdd.export(make_set(), tmp_path / "set")
    assert fresh(ROWS, folder, tmp_path / "saved", streams=True) == "well\n"


FORMATS = """
import sys
import keras, datasets, keras_vdd
import numpy as np
from keras import ops
from keras_vdd.datasets_hook.clip import Clip
ops.convert_to_numpy(ops.ones(2) + 1)
datasets.disable_progress_bars()
videos = keras_vdd.load(sys.argv[1]).reconstruct()
ds = datasets.load_dataset(sys.argv[1], split="train")
form = {"torch": "torch", "tensorflow": "tf", "jax": "jax"}[keras.config.backend()]
rows = ds.with_format(form)
batch = rows[4:9]["video"]
assert batch.shape == (5, *videos.shape[1:]) and ops.is_tensor(batch)
for found, expected in ((batch, videos[4:9]), (rows[6]["video"], videos[6]), (rows["video"][:3], videos[:3])):
    assert np.array_equal(ops.convert_to_numpy(found), expected)
if form == "torch":
    from torch.utils.data import DataLoader
    for workers in (0, 2):
        loader = DataLoader(rows.select_columns(["video", "label"]), 10, num_workers=workers)
        assert np.array_equal(np.concatenate([batch["video"] for batch in loader]), videos)
print("well")
"""


@pytest.mark.slow
def test_the_backend_s_own_format_takes_a_batch_whole(make_set, fresh, tmp_path):
    import keras_vdd

    assert fresh(FORMATS, keras_vdd.export(make_set(), tmp_path / "set"), streams=True) == "well\n"


def test_as_videos_of_few_memories_that_make_many_videos_is_refused_before_they_take_memory(
    make_set, tmp_path, monkeypatch
):
    pytest.importorskip("datasets")  # whole, before what is made for it
    from keras_vdd.datasets_hook import unfold, videos
    from keras_vdd.published.validate import check_rows

    folder = keras_vdd.export(make_set(), tmp_path / "set")
    table = pq.read_table(next((folder / "data").iterdir()))
    names = tuple(f"class {label}" for label in range(12))
    assert len(videos._pairs(names, table)) == 4 * len(table)
    monkeypatch.setattr(videos, "BYTES_AT_ONCE", 100_000)
    with pytest.raises(
        VddError, match=r"would make 40 videos of [\d,]+ bytes each at once, of 10 rows: load"
    ):
        videos._pairs(names, table)
    # The readers make them in blocks, which count what each video says of the set too.
    monkeypatch.setattr(unfold, "BLOCK_BYTES", 10_000)
    rows = check_rows(table, names)
    blocks = list(unfold.unfold(rows, unfold.unfolded_features(names, False), np.arange(10)))
    assert max(map(len, blocks)) * (5 * 8 * 9 * 4 + 8 * 9 * 3 * 4 + 327 * 4) < 10_000
