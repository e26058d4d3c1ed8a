"""Sets that store few frames: published, loaded and shown by their rule of interpolation."""

import json

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest

import keras_vdd
from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd
from keras_vdd.temporal import INTERPOLATIONS, Architecture, Interpolator, interpolation_matrix


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


def parametric(make_set, kind):
    """A set of 8 x 8 frames, whose interpolator has weights that are nowhere zero."""
    about = Architecture(stored_frames=2, frames=5, size=8, patch=4, width=4, depth=1, heads=2, mlp_ratio=2)
    rng = np.random.default_rng(0)
    weights = {k: rng.normal(size=shape).astype("float32") for k, shape in about.shapes().items()}
    arrays = {
        "video": rng.normal(size=(12, 2, 2, 8, 8, 3)) if kind == "full-video" else None,
        "static": None if kind == "full-video" else rng.normal(size=(12, 4, 8, 8, 3)),
        "dynamic": None if kind == "full-video" else rng.normal(size=(12, 4, 2, 4, 4, 1)),
    }
    return make_set(kind, interpolation="parametric", interpolator=Interpolator(about, weights), **arrays)


@pytest.mark.parametrize("kind", ["full-video", "static-dynamic"])
def test_a_set_comes_back_with_its_interpolator(make_set, tmp_path, kind):
    made = parametric(make_set, kind)
    folder = keras_vdd.export(made, tmp_path / "set")
    loaded = keras_vdd.load(folder)
    assert loaded.interpolator.mark == made.interpolator.mark
    assert (
        loaded.nbytes()
        == made.nbytes()
        == sum(a.nbytes for a in made.arrays.values()) + made.interpolator.nbytes
    )
    expected = made.reconstruct()
    np.testing.assert_array_equal(loaded.reconstruct(), expected)
    again = keras_vdd.load(keras_vdd.export(folder, tmp_path / "again", dtype="float16"))
    assert again.interpolator.mark == made.interpolator.mark
    for options in ({}, {"streaming": True}):
        rows = datasets.load_dataset(
            str(folder), split="train", **({"cache_dir": str(tmp_path / "cache")} | options)
        )
        for place, row in zip(range(5), rows, strict=False):
            np.testing.assert_allclose(row["video"], expected[place], rtol=1e-4, atol=1e-4)
    card = (folder / vdd.CARD).read_text()
    assert "by a video transformer trained on real clips" in card and "### In plain PyTorch" not in card


@pytest.mark.parametrize("change, words", [
    ({"interpolator": None}, "interpolation='parametric' and interpolator=None"),
    ({"interpolation": "linear"}, "interpolation='linear' and interpolator="),
    ({"interpolator": {"frames": 5}}, "an interpolator without"),
    ({"interpolator.width": 10**9}, "there is no interpolator such as it has"),
    ({"interpolator.size": 16}, "an interpolator to 5 x 16 x 16, which its videos are not"),
    ({"interpolator.patch": "4"}, "patch is 4 and must be a whole number"),
])  # fmt: skip
def test_a_config_that_does_not_fit_is_one_sentence(make_set, change, words):
    config = json.loads(vdd.config_of(parametric(make_set, "full-video"), "float32").to_json())
    for key, value in change.items():
        section, _, name = key.rpartition(".")
        (config[section] if section else config)[name] = value
    with pytest.raises(VddError, match=words):
        vdd.parse_config(json.dumps(config))


def test_weights_that_do_not_fit_are_one_sentence(make_set):
    from keras_vdd.published.row_weights import pack_weights, unpack_weights

    made = parametric(make_set, "static-dynamic")
    config, packed = vdd.config_of(made, "float32"), pack_weights(made, 0)
    assert unpack_weights(packed, config)[1].mark == made.interpolator.mark
    for damaged in (packed.replace(b"interpolator.head.bias", b"interpolator.head.bear"), packed[:-8]):
        with pytest.raises(VddError, match="The weights of a row"):
            unpack_weights(damaged, config)
    plain = vdd.config_of(make_set("static-dynamic"), "float32")
    with pytest.raises(VddError, match="an interpolator that their config does not tell of"):
        unpack_weights(packed, plain)
