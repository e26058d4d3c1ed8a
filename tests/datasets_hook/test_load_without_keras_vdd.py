"""`datasets.load_dataset` on an exported folder where keras_vdd is not installed, in fresh processes."""

import numpy as np
import pytest
from datasets_hook.published_rows import ALONE, publish_in

import keras_vdd

# A fresh interpreter each, with Arrow and datasets to import.
pytestmark = pytest.mark.slow


def test_the_rows_are_plain_memories(published, fresh, make_set):
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


def test_other_kinds_load_too(make_set, fresh, tmp_path):
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


def test_small_storage_gives_plain_numbers(make_set, fresh, tmp_path):
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
