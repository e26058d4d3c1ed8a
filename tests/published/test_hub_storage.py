"""int8, uint8 and motion stored small: exact values, exact bytes, and plain columns that can be read."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published.format_1 import make_format_1
from published.rewriting import data_files, rename

import keras_vdd
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import VddError
from keras_vdd.hub.rows import cells
from keras_vdd.published import schema as vdd
from keras_vdd.published.decoding import make_video
from keras_vdd.published.row_weights import pack_weights
from keras_vdd.published.storage import decode, encode, from_bytes, stored_bytes, to_bytes
from keras_vdd.storage.rounding import quantised

SMALL = (2, 4, 3)


@pytest.fixture
def small_motion(make_set):
    """A set of 5 frames of 8 x 9 whose motion is stored as 2 frames of 4 x 3."""
    motion = np.random.default_rng(9).standard_normal((12, 4, *SMALL, 1), dtype=np.float32)
    return make_set(dynamic=motion)


def table_of(folder):
    return pa.concat_tables([pq.read_table(file) for file in sorted((folder / "data").iterdir())])


def plain(table, column, shape):
    return np.array(table[column].to_pylist(), np.float32).reshape(shape)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int4"])
def test_small_motion_comes_back_and_makes_the_same_videos(small_motion, tmp_path, dtype):
    folder = keras_vdd.export(small_motion, tmp_path / "set", dtype=dtype)
    back = keras_vdd.load(folder)
    assert back.dynamic.shape == (12, 4, *SMALL, 1) and (back.frames, back.size) == (5, (8, 9))
    if dtype == "float32":
        np.testing.assert_array_equal(back.reconstruct(), small_motion.reconstruct())
    assert back.reconstruct().shape == (96, 5, 8, 9, 3)
    config = json.loads(table_of(folder)["integrator"][0].as_py()["config"])
    assert config["dynamic_shape"] == list(SMALL) and "resize" in config["layer"]
    assert back.nbytes(dtype) == small_motion.nbytes(dtype)


def test_bytes_are_those_of_the_columns(make_set, small_motion, tmp_path):
    cases = [(small_motion, dtype) for dtype in ("int8", "int4", "float16")]
    cases += [
        (make_set(kind), dtype) for kind in ("still", "full-video") for dtype in ("int8", "int4", "uint8")
    ]
    for made, dtype in cases:
        folder = keras_vdd.export(made, tmp_path / "set", dtype=dtype, overwrite=True)
        table, stored = table_of(folder), 0
        for column in made.memory.columns:
            widths = {"int4": (1, 2), "float16": (2, 0)}.get(dtype, (1, 4))
            for name, width in zip((column, f"{column}_scale"), widths, strict=True):
                if name in table.column_names:
                    values = cells(table[name])
                    assert values.dtype.itemsize == width
                    stored += values.nbytes
        integrators = 3 * 327 * 4 if made.kernels is not None else 0
        assert made.nbytes(dtype) == stored + integrators, (made.kind, dtype)


def test_int8_columns_are_levels_and_a_scale_an_item(make_set, tmp_path):
    made = make_set()
    table = table_of(keras_vdd.export(made, tmp_path / "set", dtype="int8"))
    for column, memories in (("statics", made.static), ("dynamics", made.dynamic[..., 0])):
        levels = plain(table, column, (48, *memories.shape[2:]))
        scales = plain(table, f"{column}_scale", (48, 1, 1, 1))
        assert np.abs(levels).max() == 127 and (levels == np.rint(levels)).all()
        np.testing.assert_array_equal((levels * scales).reshape(memories.shape), quantised(memories))
    video = table_of(keras_vdd.export(make_set("full-video"), tmp_path / "videos", dtype="int8"))
    assert [len(scales) for scales in video["video_scale"].to_pylist()] == [1] * 24


@pytest.mark.parametrize("kind", ["still", "full-video"])
def test_real_frames_stored_as_pixels_come_back_exactly(make_set, tmp_path, kind):
    shape = (12, 4, 8, 9, 3) if kind == "still" else (12, 2, 5, 8, 9, 3)
    frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    frames.flat[:256] = np.arange(256)
    empty = make_set(kind)
    name = "static" if kind == "still" else "video"
    real = normalise(frames, empty.mean, empty.std)
    folder = keras_vdd.export(make_set(kind, **{name: real}), tmp_path / "set", dtype="uint8")
    back = keras_vdd.load(folder)
    np.testing.assert_array_equal(getattr(back, name), real)
    column = empty.memory.columns[0]
    np.testing.assert_array_equal(plain(table_of(folder), column, frames.shape), frames)
    assert back.nbytes("uint8") == frames.nbytes


def test_storing_again_what_was_stored_changes_nothing(make_set, tmp_path):
    types = (("static-dynamic", "int8"), ("full-video", "int8"), ("still", "uint8"))
    for kind, dtype in (*types, ("static-dynamic", "int4"), ("full-video", "int4")):
        once = keras_vdd.load(keras_vdd.export(make_set(kind), tmp_path / f"{kind}-{dtype}", dtype=dtype))
        twice = keras_vdd.load(keras_vdd.export(once, tmp_path / f"{kind}-{dtype}-again", dtype=dtype))
        for name in ("static", "dynamic", "video"):
            np.testing.assert_array_equal(getattr(once, name), getattr(twice, name))


@pytest.mark.parametrize("dtype", ["int8", "int4"])
@pytest.mark.parametrize("quantise", [True, False])
def test_what_rounded_training_saw_is_what_is_loaded(tmp_path, quantise, dtype):
    keras = pytest.importorskip("keras")
    from keras_vdd.distilled import DistilledSet
    from keras_vdd.memory import StaticDynamicMemory

    memory = StaticDynamicMemory(3, 1, 2, 2, 4, 6, 3, stored_frames=2, dynamic_size=3)
    memory.quantise = dtype if quantise else None
    rng = np.random.default_rng(0)
    for variable in memory.weights:
        variable.assign((0.1 * rng.standard_normal(variable.shape)).astype("float32"))
    scale = {"mean": (0.5,) * 3, "std": (0.25,) * 3}
    learned = DistilledSet("static-dynamic", "abc", 4, videos_per_class=1, **scale, **memory.arrays())
    back = keras_vdd.load(keras_vdd.export(learned, tmp_path / "set", dtype=dtype))
    assert np.array_equal(back.static, learned.static) == quantise
    assert np.array_equal(back.dynamic, learned.dynamic) == quantise
    seen = keras.ops.convert_to_numpy(memory(memory.enumerate()))
    assert (np.abs(seen - back.reconstruct()).max() <= 1e-5) == quantise


def test_stored_items_are_bytes_and_back(make_set):
    made = make_set()
    items = made.static[0]
    for dtype in ("float32", "float16", "int8", "int4", "uint8"):
        config = dataclasses.replace(vdd.config_of(made, "float32"), dtype=dtype)
        values, scales = encode(items, config)
        expected = decode(values, scales, items.shape[1:], config)
        assert (scales is not None) == (dtype in ("int8", "int4")) and expected.dtype == np.float32
        for place, value in enumerate(values):
            blob = to_bytes(value, None if scales is None else scales[place])
            assert len(blob) == stored_bytes(items.shape[1:], config)
            found = from_bytes(blob, items.shape[1:], config)
            np.testing.assert_array_equal(found, expected[place])


def test_rows_older_than_small_motion_and_label_kinds_still_load(make_set, tmp_path):
    labels = np.full((12, 2, 12), 1 / 12)
    for learned, kind in ((labels, "probabilities"), (labels - 0.5, "regression")):
        made = make_set(labels=learned, label_kind=kind)
        folder = make_format_1(keras_vdd.export(made, tmp_path / "set", overwrite=True))
        for file in (folder / "data").iterdir():
            table = pq.read_table(file)
            rows = table["integrator"].to_pylist()
            for row in rows:
                config = json.loads(row["config"])
                assert config.pop("label_kind") == kind and "dynamic_shape" not in config
                row["config"] = json.dumps(config)
            place, field = table.schema.get_field_index("integrator"), table.schema.field("integrator")
            pq.write_table(table.set_column(place, field, pa.array(rows, field.type)), file)
        back = keras_vdd.load(rename(folder))
        assert back.label_kind == kind
        np.testing.assert_array_equal(back.labels, made.labels)


def test_scales_that_are_missing_or_too_few_are_told(make_set, tmp_path):
    folder = keras_vdd.export(make_set("still"), tmp_path / "set", dtype="int8")
    first = sorted((folder / "data").iterdir())[0]
    table = pq.read_table(first)
    place = table.column_names.index("statics_scale")
    too_few = table.set_column(place, "statics_scale", [[[1.0]] * len(table)])
    for change in (table.drop_columns(["statics_scale"]), too_few):
        pq.write_table(change, first, row_group_size=len(change))
        rename(folder)
        first = data_files(folder)[0]
        with pytest.raises(VddError, match="damaged.*statics_scale") as caught:
            keras_vdd.load(folder)
        assert "\n" not in str(caught.value)


def test_a_cell_of_small_motion_makes_its_video(small_motion):
    config = vdd.config_of(small_motion, "int8", 2)
    cell = {"array": None, "format_version": 1, "config": config.to_json()}
    cell["weights"] = pack_weights(small_motion, 2)
    stored = {}
    for key, memories in (("static", small_motion.static[11]), ("dynamic", small_motion.dynamic[11, ..., 0])):
        values, scales = encode(memories[1:2], config)
        cell[key], stored[key] = (
            to_bytes(values[0], scales[0]),
            decode(values, scales, memories.shape[1:], config),
        )
    static, dynamic = small_motion.static.copy(), small_motion.dynamic.copy()
    static[11, 1], dynamic[11, 1, ..., 0] = stored["static"][0], stored["dynamic"][0]
    same = dataclasses.replace(small_motion, static=static, dynamic=dynamic)
    expected = same.reconstruct(np.array([[11, 1, 1]]))[0]
    np.testing.assert_allclose(make_video(cell), expected, atol=1e-5)
