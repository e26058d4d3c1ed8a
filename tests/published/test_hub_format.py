"""What a published row and a file's name say of themselves, in formats 1 and 2."""

import hashlib
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from published.format_1 import make_format_1

import keras_vdd
from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd


def first_row(folder):
    return pq.read_table(sorted((folder / "data").iterdir())[0]).slice(0, 1).to_pylist()[0]


@pytest.mark.parametrize(
    ("kind", "dtype"), [("static-dynamic", "float32"), ("still", "int8"), ("full-video", "uint8")]
)
def test_sets_of_format_1_are_still_read(make_set, tmp_path, kind, dtype):
    folder = keras_vdd.export(make_set(kind), tmp_path / "set", dtype=dtype)
    expected = keras_vdd.load(folder)
    old = keras_vdd.load(make_format_1(folder))
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(old.arrays[name], array)
    assert old.recipe == expected.recipe and old.class_names == expected.class_names


def test_a_digest_is_of_all_that_a_row_says(make_set, tmp_path):
    """By the rule as its docstring has it, written out here."""
    labels = np.random.default_rng(1).normal(size=(12, 2, 12))
    made = make_set(labels=labels, label_kind="regression")
    row = first_row(keras_vdd.export(made, tmp_path / "set", dtype="int8"))
    types = {
        "dynamics": "i1",
        "dynamics_scale": "<f4",
        "soft_label": "<f4",
        "statics": "i1",
        "statics_scale": "<f4",
    }
    numbers = {name: np.array(row[name]).astype(kind) for name, kind in types.items()}
    head = {
        "label": 0, "slot": 0, "class_name": "class 0", "format_version": 2,
        "config": row["integrator"]["config"],
        "weights": hashlib.sha256(row["integrator"]["weights"]).hexdigest(),
        "columns": {name: [array.dtype.name, array.size] for name, array in numbers.items()},
    }  # fmt: skip
    text = (json.dumps(head, sort_keys=True) + "\n").encode()
    whole = text + b"".join(numbers[name].tobytes() for name in sorted(numbers))
    assert row["digest"] == hashlib.sha256(whole).hexdigest()


def test_names_carry_the_hash_of_each_file_and_of_all(make_set, tmp_path):
    folder = keras_vdd.export(make_set("still"), tmp_path / "set")
    files = sorted((folder / "data").iterdir())
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files]
    whole = hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]
    expected = [f"train-0000{n}-of-00003-{whole}-{each}.vdd.vdd.parquet" for n, each in enumerate(hashes)]
    assert [file.name for file in files] == expected
    assert keras_vdd.load(folder).content == whole


def test_a_config_says_the_rules_and_may_say_more(make_set, tmp_path):
    config = first_row(keras_vdd.export(make_set(), tmp_path / "set"))["integrator"]["config"]
    values = json.loads(config)
    assert "every static" in values["pairing"] and "mean" in values["normalisation"]
    more = json.dumps({**values, "of_a_later_version": [1, {"a": None}]})
    assert vdd.parse_config(more) == vdd.parse_config(config)
    with pytest.raises(VddError, match="pip install --upgrade keras-vdd"):
        vdd.parse_config(config, vdd.FORMAT_VERSION + 1)


def test_files_are_optimised_for_the_hub_and_stay_of_one_row_group(make_set, tmp_path):
    file = next((keras_vdd.export(make_set(), tmp_path / "set") / "data").iterdir())
    meta = pq.ParquetFile(file).metadata
    assert meta.num_row_groups == 1
    label = meta.row_group(0).column(0)
    assert label.has_offset_index and label.has_column_index
    mark = json.loads(pq.read_schema(file).metadata[b"keras_vdd"])
    assert mark == {"format_version": 2, "rows": 24, "rows_a_file": 10}
