"""Stills taken from another run: the run ends as if it had learned them itself; others are refused."""

import json
import shutil

import pytest
from small_run import contents, small

from keras_vdd import pipeline
from keras_vdd.cli.main import main
from keras_vdd.data.store import open_store
from keras_vdd.errors import UsageError, VddError
from keras_vdd.learning.checkpoint import load_arrays, save_arrays
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.identity import RunIdentity
from keras_vdd.sealed import read_json, write_json


@pytest.mark.once
@pytest.mark.slow
def test_a_run_with_the_stills_of_another_ends_as_if_it_had_learned_them(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_vdd.stages.static.learn", None)  # not to be called
    recipe = small(tmp_path, store=whole.store)
    results = pipeline.distill(recipe, stills_from=whole.folder)
    assert results["losses"] == whole.results["losses"]
    taken, learned = (
        contents(folder, tmp_path, whole.place) for folder in (RunFolder(recipe).path, whole.folder)
    )
    assert taken == learned


@pytest.mark.once
@pytest.mark.slow
def test_another_second_stage_takes_the_same_stills(whole, tmp_path):
    recipe = small(tmp_path, "dynamic.iterations=1", "memory.dynamic_size=16", store=whole.store)
    pipeline.distill(recipe, stills_from=whole.folder)
    name = "static/memory.safetensors"
    (taken, told), (learned, facts) = (
        load_arrays(run / name) for run in (RunFolder(recipe).path, whole.folder)
    )
    assert taken["static"].tobytes() == learned["static"].tobytes() and told == facts


def test_a_stage_half_done_is_replaced_and_a_finished_one_stays(whole, tmp_path):
    recipe = small(tmp_path, store=whole.store)
    stills = pipeline.stills_of(whole.folder, recipe)
    run = RunFolder(recipe)
    run.log.append(stage="static", iteration=1, loss=0.5)
    (run.stage("static") / "checkpoint.safetensors").write_bytes(b"half done")
    stills.lay_into(run)
    assert run.log.records() == stills.records and len(stills.records) == recipe.static.iterations
    assert [path.name for path in run.stage("static").iterdir()] == ["memory.safetensors"]
    (run.stage("static") / "memory.safetensors").write_bytes(b"own")
    stills.lay_into(run)
    assert (run.stage("static") / "memory.safetensors").read_bytes() == b"own"


@pytest.mark.parametrize(
    "changes, named",
    [
        (["static.learning_rate=7"], "static.learning_rate differs."),
        (["run.seed=3"], "run.seed differs."),
        (
            ["data.interval=2", "memory.statics_per_class=4"],
            "data.interval, memory.statics_per_class differ.",
        ),
        (["static=null"], "static differs."),
        (["memory.quantise=true", "export.dtype=int4"], "export.dtype, memory.quantise differ."),
    ],
)
def test_stills_that_were_learned_otherwise_are_refused_before_anything_is_made(
    whole, tmp_path, changes, named
):
    with pytest.raises(UsageError, match="are not those that this run would learn: ") as caught:
        pipeline.distill(small(tmp_path, *changes, store=whole.store), stills_from=whole.folder)
    assert str(caught.value).endswith(named) and list(tmp_path.iterdir()) == []


def test_stills_of_another_backend_are_refused(whole, tmp_path):
    recipe = small(tmp_path, store=whole.store)
    other = RunFolder(recipe)
    (other.stage("static") / "memory.safetensors").write_bytes(b"")
    (other.path / "environment.json").write_text(json.dumps({"backend": "theano"}))
    with pytest.raises(UsageError, match="would learn: the backend, theano, differs."):
        pipeline.stills_of(other.path, recipe)
    (other.path / "environment.json").unlink()
    with pytest.raises(VddError, match="no longer says what it was begun with"):
        pipeline.stills_of(other.path, recipe)


def test_stills_that_were_learned_on_other_videos_are_refused_before_a_run_folder_is_made(whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "other")
    videos = read_json(tmp_path / "other" / "videos.json")
    name, _ = videos["train"]["videos"].popitem()
    videos["train"]["whole"] = "another"
    rewrite_videos(tmp_path / "other", videos)
    with pytest.raises(
        UsageError, match=rf"learned on other videos: 1 video was added to train \({name}\)\."
    ):
        pipeline.distill(small(tmp_path, store=whole.store), stills_from=tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    # Other test videos are nothing to stills.
    videos = read_json(whole.folder / "videos.json")
    videos["test"] = {"whole": "another", "videos": {}}
    rewrite_videos(tmp_path / "other", videos)
    recipe = small(tmp_path, store=whole.store)
    pipeline.stills_of(tmp_path / "other", recipe).of_these_videos(open_stores(whole))


def rewrite_videos(folder, videos):
    """Make a run's stills those of other videos."""
    write_json(folder / "videos.json", videos, RunIdentity.read(folder, videos=False).mark)
    path = folder / "static" / "memory.safetensors"
    arrays, facts = load_arrays(path)
    save_arrays(path, arrays, run_id=RunIdentity.read(folder).run_id, **facts)


def open_stores(whole):
    (folder,) = (path.parent.parent for path in whole.store.glob("*/train/index.json"))
    return {split: open_store(folder / split) for split in ("train", "test")}


def test_runs_without_stills_are_told(whole, tmp_path, capsys):
    naive = [
        "memory.kind=full-video",
        "static=null",
        "dynamic.learning_rates.video=1",
        "evaluation.compare=[]",
    ]
    with pytest.raises(UsageError, match="no stills in memory.kind=full-video"):
        pipeline.stills_of(whole.folder, small(tmp_path, *naive))
    with pytest.raises(UsageError, match="has no finished stills"):
        pipeline.stills_of(tmp_path, small(tmp_path))
    assert main(["distill", "--recipe", "quickstart", "--dry-run", "--stills-from", str(tmp_path)]) == 2
    assert "leave out --stills-from" in capsys.readouterr().err


def test_a_run_of_changed_rates_is_told_how_to_keep_its_stills(whole):
    with pytest.raises(
        VddError, match="another run.name, with --stills-from .* if its stills will do, or delete"
    ):
        RunFolder(small(whole.place, "dynamic.learning_rates.dynamic=7"))
