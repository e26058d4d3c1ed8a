"""Scripts that read an exported folder in a process of its own, and what its rows must be."""

import numpy as np

import keras_vdd

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
