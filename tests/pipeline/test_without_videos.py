"""A finished run is answered from its files; scoring and training need the test videos alone."""

import os
import shutil

import pytest

import keras_vdd
from keras_vdd import pipeline
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.evaluation import fresh_networks

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


def test_a_finished_run_is_answered_without_its_videos(finished, whole, nothing_is_decoded):
    recipe, place = finished
    assert pipeline.distill(recipe) == whole.results
    assert sorted(os.listdir(place)) == ["runs"]


def test_a_score_that_the_run_has_is_not_made_again(finished, whole, monkeypatch, nothing_is_decoded):
    recipe, place = finished
    folder = place / "runs" / whole.folder.name
    monkeypatch.setattr(fresh_networks, "Trainer", None)
    row = pipeline.evaluate(folder, recipe)
    assert {**row, "method": ""} == {**whole.results["rows"][-1], "method": ""}


def test_another_score_is_made(whole):
    one = pipeline.evaluate(whole.folder, whole.recipe, **{"evaluation.seeds": 1})
    assert one["seeds"] == [0] and one["top1"]["values"] == whole.results["rows"][-1]["top1"]["values"][:1]
