"""Test clips as one call gives them: those of the tables, for Keras' own `evaluate`."""

import keras
import numpy as np
import pytest
from small_run import small

import keras_vdd
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import UsageError
from keras_vdd.evaluation.scoring import Scoring
from keras_vdd.progress import Silent
from keras_vdd.recipe.load import load_recipe, resolved_yaml


@pytest.fixture(scope="module")
def recipe(whole):
    return small(whole.place)


def test_they_are_the_clips_of_the_table(recipe, stores):
    clips, test = keras_vdd.test_clips(recipe), Scoring(recipe, stores, Silent()).test
    assert isinstance(clips, keras.utils.PyDataset) and len(clips) == len(test) == 3
    labels = []
    for index in range(len(test)):
        videos, of_batch = clips[index]
        np.testing.assert_array_equal(videos, test.batch(index))
        assert videos.dtype == np.float32 and of_batch.dtype == np.int32 and len(videos) == len(of_batch)
        labels += of_batch.tolist()
    assert labels == test.labels.tolist() == clips.labels.tolist()
    assert clips.class_names == tuple(stores["test"].class_names) and len(clips.class_names) == 8
    assert repr(clips) == "ClipBatches(48 clips of 8 classes)"
    with pytest.raises(IndexError):
        clips[3]


def test_clips_of_a_video_are_as_many_as_asked_and_pixels_are_pixels(recipe):
    few, raw = keras_vdd.test_clips(recipe, clips=1), keras_vdd.test_clips(recipe, clips=1, pixels=True)
    assert len(few) == 1 and len(few.labels) == 16
    (videos, _), (pixels, _) = few[0], raw[0]
    assert pixels.dtype == np.float32 and pixels.max() > 1 and (pixels == np.rint(pixels)).all()
    np.testing.assert_array_equal(
        normalise(pixels.astype(np.uint8), recipe.data.mean, recipe.data.std), videos
    )


def test_a_recipe_may_be_a_name_with_settings_and_its_videos_are_made_where_they_are_not(recipe, tmp_path):
    settings = {"data.shapes": {"train_per_class": 1, "test_per_class": 1}, "data.store": str(tmp_path / "s")}
    clips = keras_vdd.test_clips("quickstart", **settings)
    assert len(clips.labels) == 24 and (tmp_path / "s").is_dir()


def test_a_number_of_clips_that_is_none_is_one_sentence(recipe):
    with pytest.raises(UsageError, match="evaluation.test_clips"):
        keras_vdd.test_clips(recipe, clips=0)


def test_keras_evaluates_on_them(recipe):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(8, kernel_initializer="zeros")])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    loss, accuracy = model.evaluate(keras_vdd.test_clips(recipe), verbose=0)
    # A constant network is right for its first class, an eighth of the clips.
    assert accuracy == pytest.approx(1 / 8) and loss == pytest.approx(np.log(8), abs=1e-5)


def test_pytest_does_not_collect_the_call():
    assert keras_vdd.test_clips.__test__ is False


@pytest.mark.once
def test_the_recipe_of_somebody_s_set_reads_and_writes_nowhere_unasked(whole, tmp_path, caplog):
    text = resolved_yaml(load_recipe("quickstart", **{"data.store": str(tmp_path / "theirs")}))

    def beside(folder, text=text):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "recipe.yaml").write_text(text)
        return folder / "recipe.yaml"

    settings = {"data.shapes": {"train_per_class": 1, "test_per_class": 1}}
    downloaded = beside(tmp_path / "datasets--a--b" / "snapshots" / "0")
    with pytest.raises(UsageError, match=r"a place of its author's machine, data.store=.*theirs") as caught:
        keras_vdd.test_clips(downloaded, **settings)
    assert "\n" not in str(caught.value) and not (tmp_path / "theirs").exists()
    mine = {"data": {"store": str(tmp_path / "mine")}}
    assert len(keras_vdd.test_clips(downloaded, **settings, **mine).labels) == 24 and not caplog.records
    keras_vdd.test_clips(str(beside(tmp_path / "set")), **settings)
    assert f"says where videos are read and kept: data.store={tmp_path / 'theirs'}." in caplog.text
    for extended in (str(tmp_path / "secret"), "../x.yaml", ["quickstart", 3]):
        path = beside(tmp_path / "set", f"name: a\nextends: {extended}\n")
        with pytest.raises(UsageError, match="extends .*; the recipe of a set has every setting in it"):
            keras_vdd.test_clips(path)
    caplog.clear()
    keras_vdd.test_clips(whole.folder / "distilled" / "recipe.yaml")  # one's own
    assert not caplog.records
