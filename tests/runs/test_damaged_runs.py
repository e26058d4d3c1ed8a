"""Small files of a run that are damaged, gone or another's: written again where they can be, else one sentence."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from small_run import rewritten, small
from test_identity import BEGUN

from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import Checkpoints, save_arrays
from keras_vdd.runs import environment
from keras_vdd.runs.environment import recipe_of
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.log import Log
from keras_vdd.stages.learn import finish, finished

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


@pytest.mark.parametrize("reads", ["read_json", "file_checksum"])
def test_what_cannot_be_opened_is_not_damaged(reads, tmp_path, monkeypatch, caplog):
    run, recipe = learned(tmp_path)
    before = files_of(run)

    def refused(*args):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(environment, reads, refused)
    with pytest.raises(OSError, match="Too many open files"):
        RunFolder(recipe)
    assert files_of(run) == before and not caplog.messages


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


def doubled(path):
    path.write_text(path.read_text() * 2)


def replaced(make):
    def replace(path):
        path.unlink()
        make(path)

    return replace


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    "damage", [doubled, replaced(os.mkfifo), replaced(lambda path: path.symlink_to("gone"))]
)
def test_lines_of_the_log_come_back_whatever_has_its_place(damage, done, tmp_path, caplog):
    log = Log(tmp_path / "log.jsonl")
    for stage in ("static", "dynamic"):
        (tmp_path / stage).mkdir()
        for iteration in (1, 2, 3):
            log.append(stage=stage, iteration=iteration, loss=0.5)
    before = log.path.read_bytes()
    kept = {stage: log.records(stage)[: None if done else 2] for stage in ("static", "dynamic")}
    damage(log.path)
    for stage, records in kept.items():
        log.restore(stage, records, done=done)
    log.in_order(("static", "dynamic"))
    if done:
        assert log.path.read_bytes() == before
    for stage, records in kept.items():
        log.cut(stage, len(records))
        assert log.records(stage) == records
    assert "was damaged" in caplog.messages[0]


def test_lines_of_a_stage_that_was_done_again_come_where_they_were(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    for stage in ("dynamic", "static"):
        log.append(stage=stage, iteration=1, loss=0.5)
    log.in_order(("static", "dynamic"))
    assert [record["stage"] for record in log.records()] == ["static", "dynamic"]


def test_a_file_in_the_place_of_another_of_the_same_run_is_not_taken(tmp_path):
    run, _ = learned(tmp_path)
    run.log.append(stage="static", iteration=1, loss=0.5)
    finish(run, "static", {"static": np.zeros(3)}, iterations=1)
    checkpoints = Checkpoints(run.stage("dynamic"), run.run_id)
    checkpoints.save({"losses": np.zeros(1)}, iteration=1)
    assert finished(run, "static")[1]["iterations"] == 1 and checkpoints.load()[1] == {"iteration": 1}
    result = run.stage("static") / "memory.safetensors"
    shutil.copy(result, run.stage("dynamic"))
    with pytest.raises(VddError, match="it is the result of static, and here belongs the result of dynamic"):
        finished(run, "dynamic")
    shutil.copy(checkpoints.path, result)
    with pytest.raises(VddError, match="it is the checkpoint of dynamic, .*: delete it and run again"):
        finished(run, "static")


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
