"""A finished run is answered from its files; scoring and training need the test videos alone."""

import dataclasses
import os
import shutil

import pytest

import keras_vdd
from keras_vdd import pipeline
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.sources import shapes
from keras_vdd.errors import VddError
from keras_vdd.evaluation import fresh_networks
from keras_vdd.progress import Silent
from keras_vdd.sealed import read_json, write_json
from keras_vdd.stages.finished import row_of_finished

pytestmark = pytest.mark.once


@pytest.fixture
def nothing_is_decoded(monkeypatch):
    monkeypatch.setattr(Pool, "ask", lambda pool, job: pytest.fail("a video is looked into"))


@pytest.fixture(scope="module")
def finished(whole, tmp_path_factory):
    """A copy of the finished small run, whose videos are gone."""
    place = tmp_path_factory.mktemp("finished")
    shutil.copytree(whole.folder, place / "runs" / whole.folder.name)
    missing = {
        "data.store": str(place / "none"),
        "data.root": str(place / "gone"),
        "run.dir": str(place / "runs"),
    }
    return keras_vdd.load_recipe(whole.recipe, **missing), place


class Heard(Silent):
    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


def test_a_finished_run_is_answered_without_its_videos(finished, whole, nothing_is_decoded):
    (recipe, place), progress = finished, Heard()
    assert pipeline.distill(recipe, progress) == whole.results
    assert len(progress.said) == 1 and "its videos not looked at" in progress.said[0]
    assert sorted(os.listdir(place)) == ["runs"]


def test_a_score_that_the_run_has_is_not_made_again(finished, whole, monkeypatch, nothing_is_decoded):
    recipe, place = finished
    folder = place / "runs" / whole.folder.name
    monkeypatch.setattr(fresh_networks, "Trainer", None)
    row = pipeline.evaluate(folder, recipe)
    assert {**row, "method": ""} == {**whole.results["rows"][-1], "method": ""}


def test_another_set_in_the_folder_of_a_run_has_not_its_score(finished, whole):
    recipe, place = finished
    folder = str(place / "runs" / whole.folder.name / "distilled")
    own = keras_vdd.load(folder)
    assert row_of_finished(folder, own, recipe, Silent()) is not None
    seed = own.recipe.replace("seed: 0", "seed: 7")
    assert seed != own.recipe
    for another in ({"dtype": "int8"}, {"recipe": seed}, {"recipe": "name: none"}, {"recipe": ""}):
        assert row_of_finished(folder, dataclasses.replace(own, **another), recipe, Silent()) is None


def test_another_score_is_made(whole):
    one = pipeline.evaluate(whole.folder, whole.recipe, **{"evaluation.seeds": 1})
    assert one["seeds"] == [0] and one["top1"]["values"] == whole.results["rows"][-1]["top1"]["values"][:1]


@pytest.fixture
def test_videos(whole, tmp_path):
    """The small run's test videos alone, and a store that has nothing yet: settings."""
    (source,) = whole.store.glob("shapes-source-*")
    shutil.copytree(source, tmp_path / "videos", ignore=shutil.ignore_patterns("train"))
    # Without checksums of the others, which would be made again.
    marker = tmp_path / "videos" / shapes.MARKER
    write_json(marker, {key: value for key, value in read_json(marker).items() if key != shapes.SUMS})
    return {
        "data.root": str(tmp_path / "videos"),
        "data.store": str(tmp_path / "stores"),
        "evaluation.seeds": 1,
    }


def test_scoring_needs_the_test_videos_alone(whole, test_videos, tmp_path):
    row = pipeline.evaluate(whole.folder, whole.recipe, **test_videos)
    assert row["top1"]["values"] == whole.results["rows"][-1]["top1"]["values"][:1]
    assert [path.name for path in (tmp_path / "stores").glob("*/*/index.json")] == ["index.json"]
    trained = keras_vdd.train(whole.folder, whole.recipe, **test_videos)
    assert trained["top1"] == row["top1"]["values"][0]
    with pytest.raises(VddError, match="training videos"):
        keras_vdd.train(whole.folder, whole.recipe, save=tmp_path / "a.keras", **test_videos)
    assert len(keras_vdd.test_clips(whole.recipe, **test_videos).labels) == 3 * 16


def test_a_store_will_do_where_the_videos_are_gone(whole, tmp_path, caplog, nothing_is_decoded):
    gone = {"data.root": str(tmp_path / "gone"), "data.set": "folder", "data.store": str(tmp_path)}
    recipe = keras_vdd.load_recipe(whole.recipe, **gone, **{"evaluation.seeds": 1})
    store = next(path for path in whole.store.glob("shapes-*") if (path / "test" / "index.json").exists())
    os.symlink(store, tmp_path / "folder-0")
    # One beside it that is damaged is none.
    (tmp_path / "folder-" / "test").mkdir(parents=True)
    (tmp_path / "folder-" / "test" / "index.json").write_text("{}")
    row = pipeline.evaluate(whole.folder, recipe)
    assert row["top1"]["values"] == whole.results["rows"][-1]["top1"]["values"][:1]
    assert any("is not a folder" in text and "as decoded in" in text for text in caplog.messages)
    os.remove(tmp_path / "folder-0")
    with pytest.raises(VddError, match="is not a folder"):
        pipeline.evaluate(whole.folder, recipe)


def test_a_video_that_was_learned_on_is_no_test_video(whole, tmp_path):
    """Where there are no folders of splits, which are held out depends on those that are there."""
    (source,) = whole.store.glob("shapes-source-*")
    shutil.copytree(source / "train", tmp_path / "videos")
    settings = {
        "data.set": "folder",
        "data.root": str(tmp_path / "videos"),
        "data.store": str(tmp_path / "stores"),
    }
    with pytest.raises(VddError, match=r"is a test video now and the set was learned on it.*folder 'test'"):
        pipeline.evaluate(whole.folder, whole.recipe, **settings)
