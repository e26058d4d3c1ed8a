"""What a damaged export says; hundreds of sorts of damage, three ways of loading, and no wrong video."""

import errno
import json
import os
import pathlib
import re

import datasets
import pytest
from made_rows import row
from published import damaged_files, damaged_rows, damaging
from published.rewriting import change_config, data_files, rename, rewrite, set_column

import keras_vdd
from keras_vdd.errors import VddError
from keras_vdd.hub.export import rewrite_card
from keras_vdd.hub.kept import kept_in
from keras_vdd.memory import MEMORIES
from keras_vdd.published import damage
from keras_vdd.published.validate import read_rows

COUNT = 2 * len(damaging.ALL)


@pytest.mark.slow
@pytest.mark.once
def test_damage_of_every_sort_is_told_in_one_sentence(make_set, tmp_path, fresh):
    folders = [keras_vdd.export(make_set(kind), tmp_path / kind) for kind in MEMORIES.names()]
    script = pathlib.Path(damaging.__file__)
    code = f"import runpy, sys\nsys.argv[1:1] = []\nrunpy.run_path({str(script)!r}, run_name='__main__')\n"
    (tmp_path / "scratch").mkdir()
    result = json.loads(fresh(code, 0, COUNT, tmp_path / "scratch", *folders, streams=True, limit=900))
    assert not result["complaints"], "\n".join(result["complaints"])
    assert result["GiB"] < 1
    assert result["counts"]["told"] > 0.9 * sum(result["counts"].values())


@pytest.fixture
def folder(make_set, tmp_path):
    return keras_vdd.export(make_set(), tmp_path / "set")


def told_by(folder):
    with pytest.raises(VddError) as caught:
        keras_vdd.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_flipped_bit_names_its_file(folder):
    file = data_files(folder)[1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)
    assert f"The data file {file.name} is damaged: its bytes are not those" in told_by(folder)


def test_names_are_held_against_each_other_before_a_file_is_opened(folder):
    first, second, _ = data_files(folder)
    first.write_bytes(b"")
    ends = [file.name.split("-")[-1] for file in (first, second)]
    first.rename(first.with_name(first.name.replace(*ends)))
    assert "whose names do not belong together" in told_by(folder)


def test_a_card_that_names_the_files_of_another_set_is_told(folder, make_set, tmp_path):
    keras_vdd.export(make_set(), tmp_path / "other", dtype="float16")
    card = folder / "README.md"
    text, found = re.subn(r"path: data/[^}]*}", "path: ../other/data/*}", card.read_text())
    assert found == 1
    card.write_text(text)
    with pytest.raises(VddError, match="would read .*other.*, which is not in that folder"):
        datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))


@pytest.mark.once
def test_side_files_of_another_set_and_in_each_others_place_are_told(folder, make_set, tmp_path, caplog):
    rewrite_card(folder, results=row(10.0))
    other = keras_vdd.export(make_set(), tmp_path / "smaller", dtype="float16", results=row(10.0))
    names = ("provenance.json", "results.json")
    kept = {name: (folder / name).read_bytes() for name in names}
    for name, swapped in zip(names, names[::-1], strict=True):
        for content, why in (((other / name).read_bytes(), "belongs? to another set"), (kept[swapped], ".")):
            (folder / name).write_bytes(content)
            with pytest.raises(VddError, match=f"{name}'? (is|are) damaged.*{why}"):
                keras_vdd.load(folder), kept_in(folder)
        (folder / name).write_bytes(kept[name])
    assert not keras_vdd.load(folder).provenance.keys() & {"content", "checksum"} and not caplog.messages
    (folder / names[0]).unlink()
    keras_vdd.load(folder)
    assert "provenance.json' is missing" in caplog.text


def test_a_pipe_is_not_waited_for(folder):
    file = data_files(folder)[0]
    file.unlink()
    os.mkfifo(file)
    assert "it is no regular file" in told_by(folder)


def test_a_limit_of_the_process_is_no_damage(monkeypatch):
    def met(error):
        with pytest.raises(VddError) as raised, damage.told("The file"):
            raise error
        return str(raised.value)

    assert met(MemoryError("8 TB")) == "The file is damaged: 8 TB; copy or export the set again."
    files = OSError(errno.EMFILE, "Too many open files")
    assert met(files).startswith("The file cannot be read: this process may open no more files")
    monkeypatch.setattr(damage, "address_space_bytes", lambda: 300_000_000)
    for error in (ImportError("x.so: failed to map segment from shared object"), MemoryError()):
        assert met(error).startswith("The file cannot be read: memory ran out")


def test_a_page_that_lies_about_its_size_is_not_unpacked(folder, monkeypatch):
    import numpy as np
    import pyarrow.parquet as pq

    monkeypatch.setattr(damaged_files, "pick", lambda rng, folder: data_files(folder)[0])
    damaged_files.lying_page(np.random.default_rng(0), folder, None)
    monkeypatch.setattr(pq.ParquetFile, "read", None)
    assert "hold other counts or sizes than the file's footer says" in told_by(folder)


@pytest.mark.parametrize("values", [{"classes": 10**9}, {"frames": 10**9}, {"height": 10**5}])
def test_sizes_of_a_config_are_known_before_anything_is_made(folder, values):
    for file in data_files(folder):
        rewrite(file, lambda table: change_config(table, **values), digests=True)
    assert "config" in told_by(rename(folder))


def test_a_still_that_is_repeated_too_often_is_refused(make_set, tmp_path):
    folder = keras_vdd.export(make_set("still"), tmp_path / "still")
    for file in data_files(folder):
        rewrite(file, lambda table: change_config(table, frames=10**9), digests=True)
    assert "videos of 1000000000 x 8 x 9, more than 536,870,912 bytes each" in told_by(rename(folder))


def test_a_row_is_held_against_its_digest_where_the_hash_of_its_file_is_right(folder):
    import numpy as np

    rewritten = data_files(folder)[2]
    rewrite(rewritten, lambda table: damaged_rows.memories(np.random.default_rng(0), table))
    assert "is not as it was exported" in told_by(rename(folder))


def test_pages_are_read_as_arrow_writes_them(folder):
    """The reader of page headers against files of other writers' settings."""
    import pyarrow.parquet as pq

    from keras_vdd.published.shards import Shard

    table = pq.read_table(data_files(folder)[0])
    shard = Shard("a.parquet", 0, 3, "0" * 12, None)
    for settings in (
        {"compression": "none"}, {"data_page_version": "2.0"}, {"use_dictionary": False, "data_page_size": 100},
        {"compression": "gzip", "write_statistics": True, "write_page_index": True, "write_page_checksum": True},
    ):  # fmt: skip
        file = folder / "a.parquet"
        pq.write_table(table, file, row_group_size=10, **settings)
        assert read_rows(memoryview(file.read_bytes()), shard).places == list(range(10))


@pytest.mark.parametrize(
    ("dtype", "column", "value"),
    [
        ("int8", "video_scale", 3.4e38),  # times a level it is more than a float32 can be
        ("int8", "video", -128),
        ("int4", "video", 0),
    ],
)
def test_numbers_that_a_storage_type_does_not_have_are_refused(make_set, tmp_path, dtype, column, value):
    folder = keras_vdd.export(make_set("full-video"), tmp_path / "video", dtype=dtype)

    def change(table):
        cells = cell = table[column].to_pylist()
        while isinstance(cell[0], list):
            cell = cell[0]
        cell[0] = value
        return set_column(table, column, cells)

    rewrite(data_files(folder)[0], change, digests=True)
    assert f"its column video has numbers that {dtype} does not have" in told_by(rename(folder))


@pytest.mark.parametrize("values", [{"mean": [1e308] * 3}, {"std": [1e-300] * 3}])
def test_a_normalisation_that_gives_no_finite_numbers_is_refused(folder, values):
    for file in data_files(folder):
        rewrite(file, lambda table: change_config(table, **values), digests=True)
    assert "of pixels scaled to 0..1" in told_by(rename(folder))


def test_few_memories_that_make_countless_videos_are_refused(folder):
    counts = {"statics_per_class": 20_000, "dynamics_per_class": 20_000}
    for file in data_files(folder):
        rewrite(file, lambda table: change_config(table, **counts), digests=True)
    assert "it has 2,400,000,000 videos" in told_by(rename(folder))


def test_a_class_without_a_name_is_refused(folder):
    def unnamed(table):
        about = json.loads(table.schema.metadata[b"huggingface"])
        about["info"]["features"]["label"]["names"][0] = ""
        names = ["" if name == "class 0" else name for name in table["class_name"].to_pylist()]
        table = set_column(table, "class_name", names)
        return table.replace_schema_metadata({**table.schema.metadata, b"huggingface": json.dumps(about)})

    for file in data_files(folder):
        rewrite(file, unnamed, digests=True)
    assert "classes" in told_by(rename(folder))
