"""`keras_vdd.load`: where it finds a set, and what it says of what is none. No Keras, no `datasets`."""

import json
import shutil

import numpy as np
import pytest
from published.format_1 import make_format_1
from published.rewriting import data_files, rename, rewrite

import keras_vdd
from keras_vdd.errors import UsageError, VddError


@pytest.fixture
def folder(make_set, tmp_path):
    return keras_vdd.export(make_set(), tmp_path / "set")


def test_a_run_folder_holds_its_set(make_set, tmp_path):
    keras_vdd.export(make_set("still"), tmp_path / "run" / "distilled")
    assert keras_vdd.load(tmp_path / "run").kind == "still"
    assert keras_vdd.load(str(tmp_path / "run" / "distilled")).folder.endswith("distilled")


def test_folders_that_hold_no_whole_set(folder, tmp_path, make_set):
    (tmp_path / "empty").mkdir()
    with pytest.raises(VddError, match="is no distilled set"):
        keras_vdd.load(tmp_path / "empty")
    with pytest.raises(UsageError, match="is a file"):
        keras_vdd.load(folder / "README.md")
    (tmp_path / "empty" / "experts.json").write_text("{}")
    with pytest.raises(UsageError, match="holds experts, .* `vdd experts --recipe RECIPE experts.source="):
        keras_vdd.load(tmp_path / "empty")

    missing = shutil.copytree(folder, tmp_path / "missing")
    sorted((missing / "data").iterdir())[1].unlink()
    with pytest.raises(VddError, match="2 of the 3 data files"):
        keras_vdd.load(missing)

    mixed = shutil.copytree(folder, tmp_path / "mixed")
    other = keras_vdd.export(make_set("still"), tmp_path / "other")
    shutil.copytree(other / "data", mixed / "data", dirs_exist_ok=True)
    with pytest.raises(VddError, match="more than one export"):
        keras_vdd.load(mixed)

    torn = shutil.copytree(folder, tmp_path / "torn")
    first = sorted((torn / "data").iterdir())[0]
    first.write_bytes(first.read_bytes()[:1000])
    with pytest.raises(VddError, match="damaged"):
        keras_vdd.load(torn)

    rows_missing = shutil.copytree(folder, tmp_path / "rows-missing")
    rewrite(data_files(rows_missing)[0], lambda table: table.slice(1))
    with pytest.raises(VddError, match="not those it was exported with"):
        keras_vdd.load(rows_missing)
    with pytest.raises(VddError, match="rows 1 to 9 of the set's 24, and the file of its name has 0 to 9"):
        keras_vdd.load(rename(rows_missing))
    old = make_format_1(shutil.copytree(folder, tmp_path / "old"))
    rewrite(data_files(old)[0], lambda table: table.slice(1))
    with pytest.raises(VddError, match="not as they were exported"):
        keras_vdd.load(old)
    with pytest.raises(VddError, match="23 rows of 24"):
        keras_vdd.load(rename(old))


def test_a_newer_format_says_what_to_install(folder):
    mark = {b"keras_vdd": json.dumps({"format_version": 3}).encode()}
    for file in (folder / "data").iterdir():
        rewrite(file, lambda table: table.replace_schema_metadata({**table.schema.metadata, **mark}))
    rename(folder)
    with pytest.raises(VddError, match="pip install --upgrade keras-vdd"):
        keras_vdd.load(folder)


def test_rows_of_format_1_in_another_order_give_the_same_set(folder):
    before = keras_vdd.load(folder)
    rewrite(data_files(make_format_1(folder))[0], lambda table: table.take(list(range(len(table)))[::-1]))
    after = keras_vdd.load(rename(folder))
    np.testing.assert_array_equal(after.static, before.static)
    np.testing.assert_array_equal(after.kernels, before.kernels)
    assert after.class_names == before.class_names


def test_loading_needs_neither_keras_nor_datasets(folder, fresh):
    out = fresh(
        "import sys, keras_vdd\n"
        "assert 'numpy' not in sys.modules, 'import keras_vdd must stay light'\n"
        "videos, labels = keras_vdd.load(sys.argv[1]).videos()\n"
        "heavy = {'keras', 'datasets', 'torch', 'tensorflow', 'jax'} & set(sys.modules)\n"
        "print(videos.shape, heavy)\n",
        folder,
    )
    assert out.strip() == "(96, 5, 8, 9, 3) set()"
