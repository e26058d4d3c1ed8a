"""Sets that store few frames: published, loaded and shown by their rule of interpolation."""

import json

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest

import keras_vdd
from keras_vdd.temporal import INTERPOLATIONS, interpolation_matrix


def few_frames(make_set, kind, rule, stored=2):
    rng = np.random.default_rng(0)
    axes = (8, 9, 3) if kind == "full-video" else (8, 9, 1)
    array = rng.normal(size=(12, 2 if kind == "full-video" else 4, stored, *axes)).astype("float32")
    return make_set(kind, interpolation=rule, **{"video" if kind == "full-video" else "dynamic": array})


def config_in(folder):
    file = next((folder / "data").iterdir())
    return json.loads(pq.read_table(file, columns=["integrator"])["integrator"][0].as_py()["config"])


@pytest.mark.parametrize("rule", INTERPOLATIONS)
@pytest.mark.parametrize("kind", ["full-video", "static-dynamic"])
def test_a_set_comes_back_with_its_rule(make_set, tmp_path, kind, rule):
    made = few_frames(make_set, kind, rule)
    folder = keras_vdd.export(made, tmp_path / "set")
    loaded = keras_vdd.load(folder)
    assert loaded.interpolation == config_in(folder)["interpolation"] == rule
    expected = made.reconstruct()
    np.testing.assert_array_equal(loaded.reconstruct(), expected)
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    np.testing.assert_allclose(rows[3]["video"], expected[3], rtol=0, atol=1e-5)
    assert f"{rule}" in config_in(folder)["layer"] or rule == "half-pixel"


def test_videos_are_those_of_the_paper_s_example(make_set):
    video = np.zeros((12, 2, 2, 8, 9, 3), "float32")
    video[:, :, 1] = 3
    made = make_set("full-video", frames=4, video=video, interpolation="linear")
    np.testing.assert_allclose(made.reconstruct()[0, :, 0, 0, 0], [0, 1, 2, 3], atol=1e-6)
    matrix = interpolation_matrix("duplicate", 2, 4)
    made = make_set("full-video", frames=4, video=video, interpolation="duplicate")
    np.testing.assert_array_equal(made.reconstruct()[0, :, 0, 0, 0], matrix @ [0, 3])


def test_whole_videos_say_no_rule(make_set, tmp_path):
    assert "interpolation" not in config_in(keras_vdd.export(make_set(), tmp_path / "set"))


def test_bytes_are_those_of_the_frames_stored(make_set):
    assert few_frames(make_set, "full-video", "linear").nbytes() * 5 == 2 * make_set("full-video").nbytes()


def test_a_rule_that_is_not_known_is_one_sentence(make_set):
    with pytest.raises(keras_vdd.errors.UsageError, match="Interpolation 'cubic' is unknown: choose one of"):
        few_frames(make_set, "full-video", "cubic")
