"""A run whose files were damaged after it was done ends as it was, or says in one sentence what is wrong."""

import dataclasses
import shutil

import pytest
from small_run import contents, small

import keras_vdd
from keras_vdd.errors import VddError
from keras_vdd.pipeline import distill

pytestmark = [pytest.mark.slow, pytest.mark.once]


def flip(path):
    content = path.read_bytes()
    path.write_bytes(content[:90] + bytes([content[90] ^ 1]) + content[91:])


@pytest.fixture
def copied(whole, tmp_path):
    """A copy of the small run, and the recipe that it is of."""
    return shutil.copytree(whole.folder, tmp_path / "runs" / "quickstart"), small(tmp_path, store=whole.store)


def test_what_can_be_made_again_is_made_again_as_it_was(whole, copied, caplog):
    folder, recipe = copied
    damaged = [
        folder / "results.json", folder / "environment.json", folder / "log.jsonl",
        folder / "evaluation" / "random-clips.json", *(folder / "distilled" / "data").iterdir(),
    ]  # fmt: skip
    for path in damaged:
        flip(path)
    (folder / "recipe.yaml").write_text("")
    assert distill(recipe) == whole.results
    places = whole.place, folder.parent.parent
    assert contents(folder, *places) == contents(whole.folder, *places)
    told = "\n".join(caplog.messages)
    for name in ("results.json", "environment.json", "log.jsonl", "random-clips.json", "distilled' is exp"):
        assert name in told


def test_the_set_of_another_run_is_not_taken(copied):
    folder, recipe = copied
    loaded = keras_vdd.load(folder)
    for other, what in (
        (dataclasses.replace(loaded, recipe=loaded.recipe.replace("\n  seed: 0", "\n  seed: 5")), "run.seed"),
        (dataclasses.replace(loaded, provenance={**loaded.provenance, "backend": "another"}), "backend"),
    ):
        keras_vdd.export(other, folder / "distilled", overwrite=True)
        with pytest.raises(
            VddError, match=rf"distilled' holds the set of another run \({what} differs\)"
        ) as told:
            distill(recipe)
        assert "\n" not in str(told.value)


def emptied(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def lost(folder):
    """A set in two files, of which one is gone."""
    (data,) = (folder / "data").iterdir()
    data.rename(data.with_name(data.name.replace("00000-of-00001", "00000-of-00002")))


def torn(folder):
    (folder / "recipe.yaml").write_text("name: [")


def linked(folder):
    shutil.rmtree(folder)
    folder.symlink_to("gone")


@pytest.mark.parametrize("damage", [emptied, lost, torn])
def test_a_set_that_cannot_be_read_is_exported_again(whole, copied, damage, caplog):
    folder, recipe = copied
    damage(folder / "distilled")
    assert distill(recipe) == whole.results
    assert keras_vdd.load(folder).content == keras_vdd.load(whole.folder).content
    assert (damage is emptied) == ("is exported again" not in caplog.text)


@pytest.mark.parametrize("damage", [linked, lambda folder: emptied(folder / "data")])
def test_what_is_no_set_any_more_is_one_sentence(copied, damage):
    folder, recipe = copied
    damage(folder / "distilled")
    with pytest.raises(
        VddError, match=r"distilled' is not the set that .*: move away what lies there"
    ) as told:
        distill(recipe)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("stage", ["static", "dynamic"])
def test_a_damaged_result_of_a_stage_is_one_sentence(copied, stage):
    folder, recipe = copied
    shutil.rmtree(folder / "distilled")
    (folder / "results.json").unlink()
    flip(folder / stage / "memory.safetensors")
    with pytest.raises(
        VddError, match=rf"{stage}/memory.safetensors' is damaged \(.*\): delete it and run"
    ) as told:
        distill(recipe)
    assert "\n" not in str(told.value)
