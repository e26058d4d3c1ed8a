"""`datasets.load_dataset` on an exported folder, in fresh processes with caches of their own."""

import importlib.util
import textwrap

import numpy as np
import pytest
from datasets_hook.published_rows import ALONE, EVERY_ROW, TOGETHER, publish_in
from published.rewriting import rename

import keras_vdd

# A fresh interpreter each, with Arrow and datasets to import.
pytestmark = pytest.mark.slow

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
