"""A run is found whole from any working directory, moved with all around it, moved alone, and only read."""

import os
import shutil

import pytest
from small_run import small

from keras_vdd.errors import VddError
from keras_vdd.files import try_writing
from keras_vdd.recipe.load import load_recipe
from keras_vdd.runs import folder as run_folder
from keras_vdd.runs.environment import recipe_of
from keras_vdd.runs.folder import RunFolder

pytestmark = pytest.mark.once
RECIPE = {
    "name": "mine",
    "extends": "quickstart",
    "data": {"set": "folder", "root": "videos", "shapes": None},
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A working directory with videos, a store and a run, begun there by relative paths."""
    place = tmp_path / "project"
    (place / "videos").mkdir(parents=True)
    (place / "stores").mkdir()
    monkeypatch.chdir(place)
    RunFolder(load_recipe(RECIPE))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return place


def places(run):
    data = recipe_of(run).data
    return data.root, data.store


def expected(project):
    return str(project / "videos"), str(project / "stores")


def test_from_another_working_directory(project, monkeypatch):
    assert places(project / "runs" / "mine") == expected(project)
    monkeypatch.chdir(project)
    assert places(project / "runs" / "mine") == ("videos", "stores")


def test_the_run_was_moved_alone(project, tmp_path):
    shutil.move(project / "runs" / "mine", tmp_path / "kept")
    assert places(tmp_path / "kept") == expected(project)


def test_all_was_moved(project, tmp_path):
    moved = project.rename(tmp_path / "moved")
    assert places(moved / "runs" / "mine") == expected(moved)


def test_what_is_nowhere_stays_as_it_is_written_and_what_is_given_is_from_here(project):
    (project / "videos").rmdir()
    run = project / "runs" / "mine"
    assert places(run) == ("videos", str(project / "stores"))
    assert recipe_of(run, ["data.root=here"]).data.root == "here"


def test_the_place_is_no_part_of_what_a_run_is(project, monkeypatch):
    before = RunFolder(load_recipe(RECIPE, {"run.dir": os.fspath(project / "runs")})).run_id
    monkeypatch.chdir(project)
    assert before == RunFolder(load_recipe(RECIPE)).run_id


def test_a_folder_that_is_only_read(tmp_path, monkeypatch):
    run = RunFolder(small(tmp_path))
    monkeypatch.setattr(run_folder.os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(VddError, match="is not finished, and its folder cannot be written to"), run.alone():
        pass
    (run.path / "results.json").write_text("{}")
    with run.alone():
        assert not (run.path / "lock").exists()


def test_a_trial_of_writing_leaves_nothing(tmp_path):
    try_writing(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        try_writing(tmp_path / "no" / "x")
