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
