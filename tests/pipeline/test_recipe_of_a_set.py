"""The recipe that came with a set: no path of it is read or written, by whatever way it is used."""

import os
import shutil
import sys

import pytest

import keras_vdd
from keras_vdd.cli.main import main
from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import load_recipe, parse_recipe, resolved_yaml
from keras_vdd.recipe.places import PLACES
from keras_vdd.sealed import write_json

pytestmark = pytest.mark.once
FEW = {"data.shapes": {"train_per_class": 1, "test_per_class": 1}}
SHORT = {**FEW, "evaluation.seeds": 1, "evaluation.steps": 1}
_watched: list[tuple[str, list[str]]] = []


def _seen(event, arguments):
    for place, seen in _watched or ():  # None as Python ends
        texts = (os.fsdecode(a) for a in arguments if isinstance(a, str | bytes | os.PathLike))
        seen += [f"{event} {text}" for text in texts if place in text]


sys.addaudithook(_seen)  # which cannot be taken away again: what is watched can


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """A folder with all that a recipe of somebody's set names; whatever Python opens or makes there fails the test."""
    place, here = tmp_path / "theirs", tmp_path / "here"
    for folder in ("videos/train/a", "videos/test/a", "stores", "runs", "experts", "lists"):
        (place / folder).mkdir(parents=True)
    (place / "secret.yaml").write_text("name: secret\nextends: quickstart\n")
    here.mkdir()
    monkeypatch.chdir(here)
    before, seen = sorted(place.rglob("*")), []
    _watched.append((str(place), seen))
    yield place
    _watched.clear()
    assert seen == [] and sorted(place.rglob("*")) == before


def named(theirs):
    """Every place that a recipe may name, there."""
    names = dict(zip(PLACES, ("videos", "lists", "stores", "runs", "experts", "experts", "x"), strict=True))
    return {place: str(theirs / name) for place, name in names.items()}


@pytest.fixture
def somebodys(whole, theirs, tmp_path):
    """A function (text of its recipe or None, folder) that copies the set of a run, which then lies in none."""

    def copy(text=None, folder="set"):
        if text is None:
            places = {k: v for k, v in named(theirs).items() if k in ("data.root", "data.store", "run.dir")}
            text = resolved_yaml(load_recipe(whole.recipe, **places))
        shutil.copytree(whole.folder / "distilled", tmp_path / folder)
        (tmp_path / folder / "recipe.yaml").write_text(text)
        return tmp_path / folder

    return copy


def test_made_videos_are_made_here(somebodys, theirs, tmp_path, caplog):
    folder = somebodys()
    assert keras_vdd.evaluate(folder, **SHORT)["seeds"] == [0]
    assert sorted(os.listdir()) == ["stores"]
    assert "says where its author kept videos (data.root, data.store): that is not taken." in caplog.text
    caplog.clear()
    mine = {"data.store": str(tmp_path / "mine"), "data.root": str(tmp_path / "made")}
    assert keras_vdd.train(folder, **SHORT, **mine)["steps"] == 1
    assert len(keras_vdd.test_clips(folder / "recipe.yaml", **FEW, **mine).labels) == 24
    assert not caplog.records and (tmp_path / "mine").is_dir() and (tmp_path / "made").is_dir()


def test_videos_of_ones_own_are_asked_for(somebodys, whole, theirs, capsys):
    recipe = load_recipe(whole.recipe, **{**named(theirs), "data.set": "folder", "data.annotations": None,
                                          "experts": None, "interpolator": None})  # fmt: skip
    folder = somebodys(resolved_yaml(recipe))
    for command in (["evaluate"], ["train"], ["evaluate", "-q"]):
        assert main([*command, str(folder)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "add data.root=FOLDER" in said and "is not taken" in said
    for call in (keras_vdd.evaluate, keras_vdd.train):
        with pytest.raises(UsageError, match="add data.root=FOLDER"):
            call(folder)
    with pytest.raises(UsageError, match="add data.root=FOLDER"):
        keras_vdd.test_clips(os.path.relpath(folder / "recipe.yaml"))
    assert os.listdir() == []


@pytest.mark.parametrize("extends", ["{theirs}/secret.yaml", "../theirs/secret.yaml", "[quickstart, 3]"])
def test_it_extends_no_file(extends, somebodys, theirs, tmp_path, capsys):
    folder = somebodys(f"name: a\nextends: {extends.format(theirs=theirs)}\n")
    for command in (["evaluate"], ["train"], ["publish", "a/b", "--license", "mit", "--dry-run"]):
        assert main([command[0], str(folder), *command[1:]]) == 2
        assert "extends" in capsys.readouterr().err
    for command in (["inspect"], ["load"], ["export", "--to", str(tmp_path / "again")]):
        assert main([command[0], str(folder), *command[1:]]) == 0
    with pytest.raises(UsageError, match="extends"):
        keras_vdd.test_clips(folder / "recipe.yaml")


def test_what_looks_like_a_run_is_none(somebodys, theirs):
    folder = somebodys(folder="run/distilled")
    write_json(
        folder.parent / "environment.json", {"backend": "torch", "recipe": "0" * 16, "begun_in": str(theirs)}
    )
    shutil.copy(folder / "recipe.yaml", folder.parent)
    for target in (folder, folder.parent):
        assert keras_vdd.evaluate(target, **SHORT)["seeds"] == [0]
    assert keras_vdd.inspect(folder.parent)["kind"] == "run"


def test_what_was_downloaded_is_no_run(somebodys, whole, theirs):
    folder = somebodys(folder="datasets--a--b/snapshots/0/distilled")
    for name in ("environment.json", "recipe.yaml"):
        shutil.copy(whole.folder / name, folder.parent)
    assert keras_vdd.evaluate(folder, **SHORT)["seeds"] == [0]
    assert os.listdir() == ["stores"]


def test_sets_in_ones_own_run_have_its_videos_from_anywhere(whole, theirs, monkeypatch, tmp_path):
    monkeypatch.setattr("keras_vdd.data.decoding.pool.Pool.ask", lambda *a: pytest.fail("a video is decoded"))
    (tmp_path / "link").symlink_to(whole.folder / "distilled")
    for target in (whole.folder, whole.folder / "distilled", tmp_path / "link"):
        assert keras_vdd.evaluate(target, **{"evaluation.seeds": 1, "evaluation.steps": 1})["seeds"] == [0]
    assert len(keras_vdd.test_clips(whole.folder / "distilled" / "recipe.yaml").labels) == 48
    assert len(keras_vdd.test_clips(whole.folder / "recipe.yaml").labels) == 48
    assert os.listdir() == []


def test_a_text_extends_no_file(theirs):
    with pytest.raises(UsageError, match="extends"):
        parse_recipe(f"name: a\nextends: {theirs}/secret.yaml\n")
