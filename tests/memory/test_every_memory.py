"""What holds for every kind of memory there is: bytes, what is learned, published files; a new one inherits this."""

import json

import numpy as np
import pytest
from memory_cases import CASES, KINDS, as_set, filled, layer, settings

import keras_vdd
from keras_vdd.data.normalise import denormalise, normalise
from keras_vdd.distilled.budget import memory_bytes
from keras_vdd.learning.rates import part_of
from keras_vdd.memory import MEMORIES
from keras_vdd.methods import LearningRates
from keras_vdd.published import schema as vdd
from keras_vdd.published import storage
from keras_vdd.published.decoding import make_video
from keras_vdd.storage.rounding import quantised
from keras_vdd.storage.storage_types import DTYPES, LEARNED_AS

CLASSES, FRAMES, SIZE = 5, 4, 6
SCALE = {"mean": (0.5, 0.4, 0.3), "std": (0.25, 0.2, 0.3)}


def made(name, **more):
    kind, options = CASES[name]
    return as_set(filled(layer(kind, CLASSES, FRAMES, SIZE, **options)), **SCALE, **more)


@pytest.mark.parametrize("name", CASES)
def test_what_is_planned_is_what_is_stored(name):
    kind, options = CASES[name]
    distilled = as_set(filled(layer(kind, CLASSES, FRAMES, SIZE, **options), grown=False), **SCALE)
    memory, planned = MEMORIES.get(kind), settings(kind, **options)
    shapes = memory.shapes(planned, CLASSES, FRAMES, SIZE)
    assert {key: array.shape for key, array in distilled.arrays.items()} == shapes
    assert set(shapes) == set(memory.arrays)
    assert distilled.counts == memory.counts(shapes, distilled.videos_per_class)
    shared = sum(distilled.arrays[one.array].nbytes for one in memory.shared)
    for dtype in stored_as(memory):
        expected = sum(bytes_of(one, distilled, dtype) for one in memory.items)
        assert distilled.nbytes(dtype) == expected + shared
        assert memory_bytes(planned, CLASSES, FRAMES, SIZE, dtype) == expected + shared


@pytest.mark.parametrize("name", CASES)
def test_bytes_of_what_grew_are_those_of_what_is_stored(name):
    kind, options = CASES[name]
    memory, planned, distilled = MEMORIES.get(kind), settings(kind, **options), made(name)
    shared = sum(distilled.arrays[one.array].nbytes for one in memory.shared)
    for dtype in stored_as(memory):
        expected = sum(bytes_of(one, distilled, dtype) for one in memory.items) + shared
        assert distilled.nbytes(dtype) == expected
        most = memory_bytes(planned, CLASSES, FRAMES, SIZE, dtype, grown=True)
        assert most >= expected and (most > expected) == (
            memory.most_shapes is not None and "insertion" not in options
        )


def bytes_of(items, distilled, dtype):
    array = distilled.arrays[items.array]
    if items.moments is None:
        return array.shape[0] * array.shape[1] * item_bytes(dtype, array[0, 0].size)
    count = np.count_nonzero(distilled.arrays[items.moments] >= 0)
    return count * (item_bytes(dtype, array[0, 0, 0].size) + 4)


def item_bytes(dtype, values):
    if dtype == "int4":
        return -(-values // 2) + 2 * -(-values // 64)
    return values * np.dtype(dtype).itemsize + 4 * (dtype == "int8")


def stored_as(memory):
    return [dtype for dtype in DTYPES if dtype != "uint8" or memory.pixels]


def as_stored(array, dtype):
    if dtype in LEARNED_AS:
        return quantised(array, dtype)
    if dtype == "uint8":
        return normalise(denormalise(array, *SCALE.values()), *SCALE.values())
    return array.astype(dtype).astype(np.float32)


@pytest.mark.parametrize("name", CASES)
def test_files_give_back_the_set_and_each_cell_its_video(name, tmp_path):
    labels = np.random.default_rng(1).standard_normal((CLASSES, made(name).videos_per_class, CLASSES))
    distilled = made(name, labels=labels, label_kind="regression", provenance={"source": "noise"})
    memory = distilled.memory
    for dtype in stored_as(memory):
        loaded = keras_vdd.load(keras_vdd.export(distilled, tmp_path / dtype, dtype=dtype))
        assert (loaded.kind, loaded.dtype, loaded.size) == (distilled.kind, dtype, (SIZE, SIZE))
        for one in memory.items:
            array = distilled.arrays[one.array]
            # One axis of items, where a slot has several.
            items = array.reshape(CLASSES, -1, *array.shape[3:]) if one.moments else array
            expected = as_stored(items, dtype).reshape(array.shape)
            np.testing.assert_array_equal(loaded.arrays[one.array], expected)
            if one.moments:
                np.testing.assert_array_equal(loaded.arrays[one.moments], distilled.arrays[one.moments])
        for one in memory.shared:
            np.testing.assert_array_equal(loaded.arrays[one.array], distilled.arrays[one.array])
        np.testing.assert_array_equal(loaded.labels, distilled.labels)
        np.testing.assert_array_equal(loaded.pairs(), distilled.pairs())
        if dtype == "float32":  # others have pictures of what was rounded
            again = keras_vdd.export(loaded, tmp_path / "again")
            assert keras_vdd.load(again).content == loaded.content
        check_rows(loaded, tmp_path / dtype)


def check_rows(loaded, folder):
    """The reader of `datasets` unfolds rows into pairs in their order, and makes the same videos."""
    import pyarrow.parquet as pq

    from keras_vdd.datasets_hook.unfold import unfold, unfolded_features
    from keras_vdd.published import validate

    features = unfolded_features(loaded.class_names, loaded.labels is not None)
    expected, found = loaded.reconstruct(), []
    for file in sorted((folder / "data").iterdir()):
        rows = validate.check_rows(pq.read_table(file), loaded.class_names)
        for table in unfold(rows, features, np.arange(len(rows.heads))):
            found += [make_video(cell) for cell in table["video"].to_pylist()]
    assert np.abs(np.stack(found) - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("name", CASES)
def test_what_is_learned_is_declared_and_has_a_rate(name):
    kind, options = CASES[name]
    memory = layer(kind, CLASSES, FRAMES, SIZE, **options)
    assert {part_of(variable) for variable in memory.trainable_variables} == set(MEMORIES.get(kind).learns)
    assert memory.kind == kind
    rates = LearningRates(**dict.fromkeys(MEMORIES.get(kind).learns, 0.5))
    assert set(rates.model_dump(exclude_none=True)) == set(MEMORIES.get(kind).learns)


@pytest.mark.parametrize("kind", KINDS)
def test_its_settings_and_its_rows_say_what_they_are(kind):
    memory = MEMORIES.get(kind)
    assert memory.settings.__doc__ and all(
        field.description for field in memory.settings.model_fields.values()
    )
    assert set(memory.settings.uses) <= set(memory.settings.model_fields)
    config = vdd.config_of(made(kind), "float32")
    assert vdd.parse_config(config.to_json()) == config
    assert json.loads(config.to_json())["layer"] == memory.formula
    for items in memory.items:
        blob = storage.to_bytes(np.zeros(config.item_shape(items.column), "float32"), None)
        assert len(blob) == storage.stored_bytes(config.item_shape(items.column), config)


def test_a_set_of_a_kind_that_is_not_there_is_refused_in_one_sentence(tmp_path):
    config = json.loads(vdd.config_of(made("still"), "float32").to_json())
    with pytest.raises(keras_vdd.errors.VddError, match="kind 'hologram'.*load the plugin"):
        vdd.parse_config(json.dumps({**config, "kind": "hologram"}))
