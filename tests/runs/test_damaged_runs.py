"""Small files of a run that are damaged, gone or another's: written again where they can be, else one sentence."""

import json
import shutil

import numpy as np
import pytest
from small_run import rewritten, small
from test_identity import BEGUN

from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import save_arrays
from keras_vdd.runs.environment import recipe_of
from keras_vdd.runs.folder import RunFolder

pytestmark = pytest.mark.once
FIRST = ("environment.json", "recipe.yaml")
DAMAGES = {
    "emptied": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "flipped": lambda content: content[:60] + bytes([content[60] ^ 1]) + content[61:],
    "no text": lambda content: b"\xff\xfe" + content,
}


def learned(place, *settings):
    """A run that has learned something, and its recipe."""
    recipe = small(place, *settings)
    run = RunFolder(recipe)
    run.goes_on_with(recipe, BEGUN)
    save_arrays(run.stage("static") / "memory.safetensors", {"static": np.zeros(3)}, run_id=run.run_id)
    return run, recipe


def files_of(run):
    return {name: (run.path / name).read_bytes() for name in (*FIRST, "videos.json")}


@pytest.mark.parametrize("name", [*FIRST, "videos.json"])
@pytest.mark.parametrize("damage", [*DAMAGES, "gone"])
def test_what_a_run_was_begun_with_is_written_again_as_it_was(name, damage, tmp_path, caplog):
    run, recipe = learned(tmp_path)
    before, path = files_of(run), run.path / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    again = RunFolder(recipe)
    again.goes_on_with(recipe, BEGUN)
    assert files_of(run) == before and again.run_id == run.run_id
    (told,) = caplog.messages
    assert f"'{path}' " in told and "it is written again" in told


@pytest.mark.parametrize("name", FIRST)
def test_another_recipe_does_not_mend_a_run(name, tmp_path):
    run, _ = learned(tmp_path)
    (run.path / name).write_text("{")
    before = files_of(run)
    with pytest.raises(
        VddError, match=f"{name}' is not as the run wrote it, and the run was begun with another"
    ) as caught:
        RunFolder(small(tmp_path, "run.seed=5"))
    assert "\n" not in str(caught.value) and files_of(run) == before


def test_before_anything_is_learned_damage_costs_nothing(tmp_path, caplog):
    recipe = small(tmp_path)
    before = {name: (RunFolder(recipe).path / name).read_bytes() for name in FIRST}
    for name in FIRST:
        run = RunFolder(recipe)
        (run.path / name).write_text("")
        assert {name: (RunFolder(recipe).path / name).read_bytes() for name in FIRST} == before
    assert len(caplog.messages) == 2


@pytest.mark.parametrize("name", [*FIRST, "videos.json"])
def test_a_file_of_another_run_is_not_taken(name, tmp_path, caplog):
    run, recipe = learned(tmp_path)
    other, _ = learned(tmp_path, "run.name=other", "run.seed=5")
    if name != "recipe.yaml":
        # As on another machine, whose software differs.
        rewritten(other.path / "environment.json", python="3.99")
    if name == "videos.json":
        (other.path / name).unlink()
        shutil.rmtree(other.path / "static")
        RunFolder(small(tmp_path, "run.name=other", "run.seed=5")).goes_on_with(
            recipe, {**BEGUN, "test": BEGUN["train"]}
        )
    before = files_of(run)
    shutil.copy(other.path / name, run.path)
    again = RunFolder(recipe)
    again.goes_on_with(recipe, BEGUN)
    assert files_of(run) == before and "it is written again" in caplog.messages[-1]


@pytest.mark.parametrize("damage", [*DAMAGES, "edited"])
def test_the_recipe_of_a_run_is_read_as_it_was_written_or_not_at_all(damage, tmp_path):
    run, recipe = learned(tmp_path)
    assert recipe_of(run.path) == recipe and recipe_of(run.path, ["run.seed=4"]).run.seed == 4
    path = run.path / "recipe.yaml"
    edit = DAMAGES.get(damage, lambda content: content.replace(b"seed: 0", b"seed: 1"))
    path.write_bytes(edit(path.read_bytes()))
    with pytest.raises(VddError, match="recipe.yaml' is not as the run wrote it: the `vdd distill`"):
        recipe_of(run.path)


def test_a_run_of_a_version_without_checksums_goes_on_after_one_warning(tmp_path, caplog):
    run, recipe = learned(tmp_path)
    path = run.path / "environment.json"
    old = {key: value for key, value in json.loads(path.read_text()).items() if "recipe" not in key}
    del old["checksum"]
    path.write_text(json.dumps(old))
    videos = json.loads((run.path / "videos.json").read_text())
    (run.path / "videos.json").write_text(json.dumps({s: videos[s] for s in ("train", "test")}))
    again = RunFolder(recipe)
    again.goes_on_with(recipe, BEGUN)
    (told,) = caplog.messages
    assert "begun by a version that kept no checksums" in told and again.run_id is None
    assert json.loads(path.read_text()) == old
