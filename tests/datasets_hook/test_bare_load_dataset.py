"""`datasets.load_dataset` on an exported folder, in fresh processes with caches of their own."""

import importlib.util
import textwrap

import numpy as np
import pytest
from published.rewriting import rename

import keras_vdd

# A fresh interpreter each, with Arrow and datasets to import.
pytestmark = pytest.mark.slow

START = """
import sys
import numpy as np
{imports}
folder, truth = sys.argv[1], np.load(sys.argv[2])
videos, labels, pairs, soft = truth["videos"], truth["labels"], truth["pairs"], truth["soft"]
"""
TOGETHER = START.format(imports="import keras_vdd, datasets")
ALONE = START.format(imports="import datasets")


def publish_in(folder, made, dtype="float32"):
    """Export a set; return its folder and the file of what its rows must be, beside it."""
    keras_vdd.export(made, folder, dtype=dtype, overwrite=True)
    loaded = keras_vdd.load(folder)
    pairs = loaded.pairs()
    truth = folder.with_name(f"{folder.name}.npz")
    np.savez(
        truth, videos=loaded.reconstruct(), labels=loaded.labels_of(pairs), pairs=pairs,
        soft=loaded.soft_labels_of(pairs),
    )  # fmt: skip
    return folder, truth


@pytest.fixture
def published(make_set, tmp_path):
    """A function (kind, dtype, **changes) -> (folder, file of what its rows must be)."""

    def publish(kind="static-dynamic", dtype="float32", **changes):
        return publish_in(tmp_path / "set", make_set(kind, **changes), dtype)

    return publish


EVERY_ROW = """
ds = datasets.load_dataset(folder, split="train")
stream = datasets.load_dataset(folder, split="train", streaming=True)
assert len(ds) == len(videos), len(ds)
for rows in (ds, stream):
    count = 0
    for row, video, label, pair in zip(rows, videos, labels, pairs):
        assert row["video"].dtype == np.float32 and row["video"].shape == video.shape
        assert np.array_equal(row["video"], video)
        assert (row["label"], row["static"], row["dynamic"]) == (label, *pair[1:])
        assert row["class_name"] == ds.features["label"].int2str(int(label))
        count += 1
    assert count == len(videos)
assert set(datasets.load_dataset(folder)) == {"train"}
print("well")
"""


MANY = """
import sys
import numpy as np
{imports}
for folder in sys.argv[1:]:
    truth = np.load(folder + ".npz")
    videos, labels, pairs = truth["videos"], truth["labels"], truth["pairs"]
    print(folder.rpartition("/")[-1], end=" ", flush=True)
"""


@pytest.mark.parametrize(
    ("imports", "sets"),
    [
        ("import keras_vdd, datasets", [("static-dynamic", "float32"), ("still", "float32")]),
        (
            "import datasets, keras_vdd",
            [
                ("static-dynamic", "float16"), ("full-video", "float16"), ("static-dynamic", "int8"),
                ("full-video", "int8"), ("static-dynamic", "int4"), ("full-video", "int4"), ("still", "uint8"),
                ("full-video", "uint8"),
            ],
        ),
    ],
)  # fmt: skip
def test_every_row_is_the_video_of_a_pair(make_set, fresh, tmp_path, imports, sets):
    folders = [publish_in(tmp_path / f"{kind}-{dtype}", make_set(kind), dtype)[0] for kind, dtype in sets]
    code = MANY.format(imports=imports) + textwrap.indent(EVERY_ROW, "    ")
    assert fresh(code, *folders) == "".join(f"{kind}-{dtype} well\n" for kind, dtype in sets)


def test_small_motion_is_the_layer_s_video(fresh, tmp_path):
    """The published rows of a small int8 memory against what the Keras layer makes of its weights."""
    keras = pytest.importorskip("keras")
    from keras_vdd.distilled import DistilledSet
    from keras_vdd.memory import StaticDynamicMemory

    memory = StaticDynamicMemory(3, 1, 2, 2, 5, 8, 3, stored_frames=2, dynamic_size=3, quantise="int8")
    rng = np.random.default_rng(0)
    for variable in memory.weights:
        scale = 1 if variable.name in ("static", "dynamic") else 0.1
        variable.assign((scale * rng.standard_normal(variable.shape)).astype("float32"))
    made = DistilledSet("static-dynamic", "abc", 5, (0.5,) * 3, (0.25,) * 3, 1, **memory.arrays())
    folder, truth = keras_vdd.export(made, tmp_path / "set", dtype="int8"), tmp_path / "truth.npz"
    pairs = memory.enumerate()
    videos = keras.ops.convert_to_numpy(memory(pairs))
    np.savez(truth, videos=videos, labels=pairs[:, 0], pairs=pairs, soft=np.eye(3)[pairs[:, 0]])
    close = EVERY_ROW.replace(
        'np.array_equal(row["video"], video)', 'np.abs(row["video"] - video).max() < 1e-5'
    )
    assert close != EVERY_ROW
    assert fresh(TOGETHER + close, folder, truth) == "well\n"


def test_the_usual_ways_of_using_a_dataset(published, fresh):
    code = (
        TOGETHER
        + """
def mean(row):
    return {"mean": row["video"].mean()}

def means(batch):
    return {"mean": np.stack(batch["video"]).mean(axis=(1, 2, 3, 4))}

if __name__ == "__main__":
    ds = datasets.load_dataset(folder, split="train")
    same = lambda got, expected: np.testing.assert_array_equal(np.asarray(got), expected)
    same(ds[3:9]["video"], videos[3:9])
    same(ds["video"][5], videos[5])
    same(ds[[7, 2]]["video"], videos[[7, 2]])
    same(ds[-1]["soft_label"], soft[-1])
    same(datasets.load_dataset(folder, split="train[10%:20%]")[0]["video"], videos[10])
    order = ds.add_column("place", list(range(len(ds)))).shuffle(seed=3)
    same(order[:4]["video"], videos[order[:4]["place"]])
    expected = np.array([video.mean() for video in videos])
    same(ds.map(mean)["mean"][:], expected)
    together = ds.map(means, batched=True, batch_size=7, num_proc=2)["mean"][:]
    np.testing.assert_allclose(together, expected, rtol=1e-5)
    same(ds.map(mean)[4]["video"], videos[4])
    halved = ds.map(lambda row: {"video": row["video"][::2]})
    same(halved[4]["video"], videos[4][::2])
    kept = ds.filter(lambda row: row["label"] == 5)
    same(kept[:]["video"], videos[labels == 5])
    same(ds.filter(lambda row: row["video"].mean() > 0, num_proc=2)[:]["video"], videos[expected > 0])
    same(ds.select_columns(["video", "label"])[6]["video"], videos[6])
    same(datasets.load_dataset(folder, split="train", columns=["video"], num_proc=2)[6]["video"], videos[6])
    fifth = datasets.load_dataset(folder, split="train", filters=[("label", "==", 5)])
    same(fifth[:]["video"], videos[labels == 5])
    same(ds.with_format(None)[6]["video"], videos[6])
    ds.save_to_disk("saved")
    same(datasets.load_from_disk("saved")[6]["video"], videos[6])

    stream = datasets.load_dataset(folder, split="train", streaming=True)
    same([row["mean"] for row in stream.map(mean)], expected)
    same([row["video"] for row in stream.filter(lambda row: row["label"] == 5)], videos[labels == 5])
    shuffled = list(stream.shuffle(seed=0, buffer_size=20))
    assert len(shuffled) == len(videos)
    same(sorted(row["video"].sum() for row in shuffled), sorted(video.sum() for video in videos))
    same(next(stream.iter(6))["video"], videos[:6])
    same([row["video"] for row in stream.skip(3).take(2)], videos[3:5])
    print("well")
"""
    )
    soft = np.random.default_rng(0).normal(size=(12, 2, 12))
    assert fresh(code, *published(labels=soft, label_kind="regression")) == "well\n"


def test_without_keras_vdd_the_rows_are_plain_memories(published, fresh, make_set):
    code = (
        "import sys; sys.modules['PIL'] = None\n"  # `datasets` alone does not bring Pillow
        + ALONE
        + """
plain = np.load("plain.npz")
ds = datasets.load_dataset(folder, split="train")
stream = datasets.load_dataset(folder, split="train", streaming=True)
for rows in (ds, stream):
    count = 0
    for row, statics, dynamics in zip(rows, plain["statics"], plain["dynamics"]):
        assert np.array_equal(np.asarray(row["statics"], "float32"), statics)
        assert np.array_equal(np.asarray(row["dynamics"], "float32"), dynamics)
        assert row["preview"]["bytes"][8:12] == b"WEBP"
        count += 1
    assert count == len(ds) == len(plain["statics"])
zeros = ds[0]["integrator"]["weights"]
assert zeros.endswith(bytes(12)), "trailing zero bytes were lost"
assert ds.with_format("numpy")[0]["integrator"]["weights"] == zeros
assert not any("vdd" in repr(feature).lower() for feature in ds.features.values())
print("well")
"""
    )
    made = make_set(kernels=np.zeros((3, 3, 3, 3, 4, 3)))
    folder, truth = published(kernels=made.kernels)
    np.savez(
        truth.with_name("plain.npz"),
        statics=made.static.reshape(24, 2, 8, 9, 3),
        dynamics=made.dynamic.reshape(24, 2, 5, 8, 9),
    )
    assert fresh(code, folder, truth, known=False) == "well\n"


def test_without_keras_vdd_other_kinds_load_too(make_set, fresh, tmp_path):
    code = """
import sys
import numpy as np
import datasets
for folder, shape in zip(sys.argv[1::2], sys.argv[2::2]):
    for streaming in (False, True):
        *_, row = datasets.load_dataset(folder, split="train", streaming=streaming)
        found = np.asarray(row.get("statics", row.get("video"))).shape
        assert found == tuple(map(int, shape.split(","))), (folder, found)
    print("well")
"""
    still, _ = publish_in(tmp_path / "still", make_set("still"))
    video, _ = publish_in(tmp_path / "full-video", make_set("full-video"))
    assert fresh(code, still, "2,8,9,3", video, "5,8,9,3", known=False) == "well\nwell\n"


def test_without_keras_vdd_small_storage_gives_plain_numbers(make_set, fresh, tmp_path):
    """The card's sentences on int8 and int4 columns, done by hand."""
    code = (
        ALONE
        + """
types = {"statics", "statics_scale", "dynamics", "dynamics_scale"}
for streaming in (False, True):
    rows = list(datasets.load_dataset(folder, split="train", streaming=streaming))
    assert types <= set(rows[0])
    for name, shape in (("statics", (2, 8, 9, 3)), ("dynamics", (2, 2, 4, 3))):
        levels = np.array([row[name] for row in rows])
        assert levels.shape == (24, *shape) and abs(levels).max() == 127
        scales = np.array([row[name + "_scale"] for row in rows], "float32")
        assert scales.shape == (24, 2) and scales.min() > 0
print("well")
"""
    )
    motion = np.random.default_rng(9).standard_normal((12, 4, 2, 4, 3, 1))
    code += """
row = datasets.load_dataset(sys.argv[3], split="train")[0]
for name, shape in (("statics", (2, 8, 9, 3)), ("dynamics", (2, 2, 4, 3))):
    size, stored = int(np.prod(shape[1:])), np.array(row[name], "uint8")
    levels = np.stack([stored & 15, stored >> 4], -1).reshape(2, -1)[:, :size].astype("int") - 8
    scales = np.repeat(np.array(row[name + "_scale"], "float32"), 64, axis=1)[:, :size]
    np.save(sys.argv[4] + name, (levels * scales).astype("float32").reshape(shape))
print("well")

video = np.array(datasets.load_dataset(sys.argv[5], split="train")[0]["video"])
assert video.shape == (5, 8, 9, 3) and video.min() >= 0 and 200 < video.max() <= 255
print("well")
"""
    int8 = publish_in(tmp_path / "int8", make_set(dynamic=motion), "int8")
    int4, _ = publish_in(tmp_path / "int4", make_set(dynamic=motion), "int4")
    uint8, _ = publish_in(tmp_path / "uint8", make_set("full-video"), "uint8")
    for_numpy = tmp_path / "from-"
    assert fresh(code, *int8, int4, for_numpy, uint8, known=False) == "well\nwell\nwell\n"
    made = keras_vdd.load(int4)
    np.testing.assert_array_equal(np.load(f"{for_numpy}statics.npy"), made.static[0, :2])
    np.testing.assert_array_equal(np.load(f"{for_numpy}dynamics.npy"), made.dynamic[0, :2, ..., 0])


def test_one_cache_serves_processes_with_and_without(published, fresh):
    """The prepared rows of one reader must never come back from the cache as the other's."""
    folder, truth = published("still")
    plain = (
        ALONE
        + 'assert "statics" in datasets.load_dataset(folder, split="train").column_names\nprint("well")\n'
    )
    assert fresh(plain, folder, truth, known=False) == "well\n"
    assert fresh(TOGETHER + EVERY_ROW, folder, truth) == "well\n"
    assert fresh(plain, folder, truth, known=False) == "well\n"


def test_a_set_exported_anew_does_not_come_back_old(published, fresh, make_set):
    for seed in (1, 2):
        changed = np.random.default_rng(seed).normal(size=(12, 4, 8, 9, 3))
        assert fresh(TOGETHER + EVERY_ROW, *published("still", static=changed)) == "well\n"


def test_what_the_cache_kept_is_shown_as_videos_when_the_hub_is_away(published, fresh):
    folder, truth = published()
    code = (
        TOGETHER
        + """
from datasets.packaged_modules.cache.cache import Cache
datasets.load_dataset(folder, split="train")
cached = Cache(dataset_name="set", version="auto", hash="auto")
assert np.array_equal(cached.as_dataset("train")[7]["video"], videos[7])
print("well")
"""
    )
    assert fresh(code, folder, truth) == "well\n"
    again = (
        ALONE
        + """
from datasets.packaged_modules.cache.cache import Cache
row = Cache(dataset_name="set", version="auto", hash="auto").as_dataset("train")[7]
assert set(row["video"]) >= {"static", "dynamic", "config"}
print("well")
"""
    )
    assert fresh(again, folder, truth, known=False) == "well\n"


def test_leaving_a_stream_early_ends_the_process(published, fresh):
    """With several row groups a file the interpreter hung here; the runner's time limit is the test."""
    code = (
        TOGETHER
        + """
stream = iter(datasets.load_dataset(folder, split="train", streaming=True))
assert np.array_equal(next(stream)["video"], videos[0])
print("well")
"""
    )
    folder, truth = published()
    plain = ALONE + code[len(TOGETHER) :].replace('["video"], videos[0]', '["label"], labels[0]')
    assert fresh(code, folder, truth, streams=True) == "well\n"
    assert fresh(plain, folder, truth, known=False, streams=True) == "well\n"


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_loaders_with_forked_and_spawned_workers(published, fresh):
    code = (
        TOGETHER
        + """
def main():
    import torch
    from torch.utils.data import DataLoader
    ds = datasets.load_dataset(folder, split="train")
    stream = datasets.load_dataset(folder, split="train", streaming=True)
    assert isinstance(ds.with_format("torch")[0]["video"], torch.Tensor)
    for start in ("fork", "spawn"):
        for rows in (ds, stream):
            workers = 2 if start == "fork" else 1
            loader = DataLoader(rows, batch_size=10, num_workers=workers, multiprocessing_context=start)
            batches = list(loader)
            got = torch.cat([batch["video"] for batch in batches]).numpy()
            label = torch.cat([batch["label"] for batch in batches]).numpy()
            assert got.dtype == np.float32 and got.shape == videos.shape
            if rows is ds:
                assert np.array_equal(got, videos) and np.array_equal(label, labels)
            else:
                key = lambda array: np.sort(array.reshape(len(array), -1).sum(1))
                assert np.array_equal(key(got), key(videos))
    print("well")

if __name__ == "__main__":
    main()
"""
    )
    assert fresh(code, *published()).endswith("well\n")


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="tensorflow is not installed")
def test_tensorflow_pipelines(published, fresh):
    code = (
        TOGETHER
        + """
import tensorflow as tf
ds = datasets.load_dataset(folder, split="train")
signature = (tf.TensorSpec(videos.shape[1:], tf.float32), tf.TensorSpec((), tf.int64))
pairs = lambda: ((row["video"], row["label"]) for row in ds)
rows = tf.data.Dataset.from_generator(pairs, output_signature=signature)
got = np.concatenate([batch.numpy() for batch, _ in rows.batch(10)])
assert np.array_equal(got, videos)
made = ds.to_tf_dataset(batch_size=10, columns="video", label_cols="label")
assert np.array_equal(np.concatenate([batch.numpy() for batch, _ in made]), videos)
print("well")
"""
    )
    assert fresh(code, *published()).endswith("well\n")


def test_a_newer_format_says_what_to_install_and_stays_readable(published, fresh):
    import json

    import pyarrow.parquet as pq

    folder, truth = published("still")
    for file in (folder / "data").iterdir():
        table = pq.read_table(file)
        mark = {b"keras_vdd": json.dumps({"format_version": 3}).encode()}
        pq.write_table(table.replace_schema_metadata({**table.schema.metadata, **mark}), file)
    rename(folder)
    code = (
        TOGETHER
        + """
for streaming in (False, True):
    try:
        print(next(iter(datasets.load_dataset(folder, split="train", streaming=streaming))))
    except keras_vdd.errors.VddError as error:
        assert "pip install --upgrade keras-vdd" in str(error), error
files = sorted(str(path) for path in __import__("pathlib").Path(folder, "data").iterdir())
assert "statics" in datasets.load_dataset("parquet", data_files=files, split="train").column_names
print("well")
"""
    )
    assert fresh(code, folder, truth) == "well\n"


def test_a_set_without_card_and_names_is_told_and_made_videos(published, fresh):
    folder, truth = published("still")
    (folder / "README.md").unlink()
    for number, file in enumerate(sorted((folder / "data").iterdir())):
        file.rename(folder / f"{number}.parquet")
    code = (
        TOGETHER
        + """
import io, logging
told = io.StringIO()
logging.getLogger("keras_vdd").addHandler(logging.StreamHandler(told))
plain = datasets.load_dataset(folder, split="train")
said = told.getvalue()
assert said.count("\\n") == 1 and folder in said and "by keras_vdd.as_videos" in said, said
rows = keras_vdd.as_videos(plain)
assert all(np.array_equal(row["video"], video) for row, video in zip(rows, videos, strict=True))
datasets.load_dataset("parquet", data_files=folder + "/*.parquet")  # asked for as what they are
assert told.getvalue() == said
print("well")
"""
    )
    assert fresh(code, folder, truth) == "well\n"
