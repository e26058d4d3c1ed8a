"""What makes a run another run, what is told when it is gone on with, and what makes no difference."""

import dataclasses
import types

import pytest
from small_run import rewritten, small

from keras_vdd.errors import VddError
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.identity import RunIdentity, recipe_hash
from keras_vdd.runs.videos import Videos
from keras_vdd.sealed import read_json


def store(*videos, classes=("run", "walk")):
    """A store as far as its content goes; a video is `class/file` or (`class/file`, its source)."""
    videos = [video if isinstance(video, tuple) else (video, f"source of {video}") for video in videos]
    return types.SimpleNamespace(
        class_names=list(classes),
        names=[name for name, _ in videos],
        labels=[classes.index(name.split("/")[0]) for name, _ in videos],
        sources=[source for _, source in videos],
    )


TRAIN = ("run/a.mp4", "run/b.mp4", "walk/c.mp4", "walk/d.mp4")
TEST = ("run/e.mp4", "walk/f.mp4")
BEGUN = {"train": store(*TRAIN), "test": store(*TEST)}


@pytest.mark.parametrize(
    "train, test, told",
    [
        (TRAIN, TEST, ""),
        ((*TRAIN, "walk/x.mp4"), TEST, "1 video was added to train (walk/x.mp4)"),
        (TRAIN[1:], TEST, "1 video is gone from train (run/a.mp4)"),
        (
            (("run/a.mp4", "another"), *TRAIN[1:3], ("walk/d.mp4", "another")),
            TEST,
            "2 videos were changed in train (run/a.mp4, walk/d.mp4)",
        ),
        (TRAIN, (), "2 videos are gone from test (run/e.mp4, walk/f.mp4)"),
        (
            (*TRAIN[:3], ("walk/d.mp4", "another"), *(f"walk/{i}.mp4" for i in range(5))),
            ("run/g.mp4", "walk/f.mp4"),
            "5 videos were added to train (walk/0.mp4, walk/1.mp4, walk/2.mp4 and 2 more), "
            "1 video was changed in train (walk/d.mp4), 1 video was added to test (run/g.mp4), "
            "1 video is gone from test (run/e.mp4)",
        ),
        (TRAIN[::-1], TEST, "the order of the videos or classes of train was changed"),
    ],
)
def test_what_changed_is_named(train, test, told, tmp_path):
    begun, now = Videos.of(BEGUN), Videos.of({"train": store(*train), "test": store(*test)})
    assert begun.changes(now) == told
    assert (
        begun.changes(now, splits=("train",)) == told.partition(", 1 video was added to test")[0]
        or "test" in told
    )
    begun.write(tmp_path)
    assert Videos.read(tmp_path) == begun and Videos.read(tmp_path).changes(now) == told


def test_one_split_may_be_looked_at_alone():
    begun, now = Videos.of(BEGUN), Videos.of({"train": store(*TRAIN[1:]), "test": store(*TEST[1:])})
    assert begun.changes(now, splits=("train",)) == "1 video is gone from train (run/a.mp4)"
    assert begun.changes(Videos.of({**BEGUN, "test": store(*TEST[1:])}), splits=("train",)) == ""


def test_a_video_of_another_class_and_another_class_are_changes():
    other = store(*TRAIN)
    other.labels[0] = 1
    begun = Videos.of(BEGUN)
    assert "1 video was changed in train (run/a.mp4)" in begun.changes(Videos.of({**BEGUN, "train": other}))
    more = {
        split: store(*names, classes=("run", "stand", "walk"))
        for split, names in (("train", TRAIN), ("test", TEST))
    }
    assert begun.changes(Videos.of(more)) == ", ".join(
        f"the order of the videos or classes of {split} was changed" for split in ("train", "test")
    )


def begun_run(tmp_path, *settings):
    """A run that has learned something on `BEGUN`."""
    recipe = small(tmp_path, *settings)
    run = RunFolder(recipe)
    run.goes_on_with(recipe, BEGUN)
    run.log.append(stage="static", iteration=1, loss=0.5)
    return recipe, run


def test_other_videos_are_refused_in_one_sentence(tmp_path, caplog):
    recipe, run = begun_run(tmp_path)
    run.goes_on_with(recipe, BEGUN)
    assert caplog.messages == []
    with pytest.raises(VddError) as caught:
        run.goes_on_with(recipe, {**BEGUN, "train": store(*TRAIN, "walk/x.mp4")})
    assert str(caught.value) == (
        f"'{run.path}' was begun with other videos: 1 video was added to train (walk/x.mp4). "
        "Put them back as they were, or give another run.name."
    )
    run.goes_on_with(recipe, BEGUN)


def test_before_anything_is_learned_videos_may_still_change(tmp_path):
    recipe = small(tmp_path)
    run = RunFolder(recipe)
    other = {**BEGUN, "test": store("run/e.mp4")}
    for stores in (BEGUN, other):
        run.goes_on_with(recipe, stores)
        assert Videos.read(run.path) == Videos.of(stores) and not run.has_begun
    (run.stage("static") / "checkpoint.safetensors").touch()
    with pytest.raises(VddError, match=r"1 video was added to test \(walk/f.mp4\)"):
        run.goes_on_with(recipe, BEGUN)


def test_a_run_of_a_version_without_lists_goes_on_with_a_note_and_keeps_one_from_then_on(tmp_path, caplog):
    recipe, run = begun_run(tmp_path)
    (run.path / "videos.json").unlink()
    run.goes_on_with(recipe, BEGUN)
    assert len(caplog.messages) == 1 and "kept no list of its videos" in caplog.messages[0]
    run.goes_on_with(recipe, BEGUN)
    assert len(caplog.messages) == 1 and Videos.read(run.path) == Videos.of(BEGUN)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"train": 3}', '{"train": {"whole": ""}}'])
def test_a_damaged_list_is_one_sentence(text, tmp_path):
    recipe, run = begun_run(tmp_path)
    (run.path / "videos.json").write_text(text)
    with pytest.raises(VddError, match="videos.json' is damaged: delete it if") as caught:
        run.goes_on_with(recipe, BEGUN)
    assert "\n" not in str(caught.value)


def test_other_versions_and_threads_are_told_and_no_more(tmp_path, caplog):
    recipe, run = begun_run(tmp_path)
    path = run.path / "environment.json"
    environment = read_json(path)
    threads, numpy = environment["threads"], environment["versions"]["numpy"]
    others = {**environment["versions"], "numpy": "1.0", "theano": "0.1"}
    rewritten(path, threads=threads + 1, versions=others)
    Videos.of(BEGUN).write(run.path, RunIdentity.read(run.path, videos=False).mark)
    again = RunFolder(recipe)
    again.goes_on_with(recipe, BEGUN)
    (said,) = caplog.messages
    plural = "s" if threads != 1 else ""
    assert (
        f"goes on with numpy {numpy} instead of 1.0, {threads} thread{plural} instead of {threads + 1}: "
        in said
    )


def test_backends_that_do_not_compute_are_no_difference():
    told = {"torch": "2", "tensorflow": "2", "tensorflow_cpu": "2", "jax": "1", "keras": "3"}
    plugins = [{"file": "own.py", "sha256": "0123456789abcdef"}]
    about = {"backend": "torch", "python": "3.11", "keras_vdd": "1", "versions": told, "plugins": plugins}
    from keras_vdd.runs.identity import _computing

    used = {"torch": "2", "keras": "3", "python": "3.11", "keras-vdd": "1"}
    assert _computing(about)["versions"] == {**used, "plug-in own.py": "0123456789ab"}


def test_an_unfinished_run_is_not_gone_on_with_on_another_backend(tmp_path):
    recipe, run = begun_run(tmp_path)
    rewritten(run.path / "environment.json", backend="theano")
    with pytest.raises(VddError, match="begun on the backend theano"):
        run.goes_on_with(recipe, BEGUN)


def test_places_are_no_part_of_an_identity(tmp_path):
    here, there = small(tmp_path / "here"), small(tmp_path / "there", "data.root=videos", "run.name=other")
    assert RunIdentity.of(here) == RunIdentity.of(there) and recipe_hash(here) == recipe_hash(there)
    other = small(tmp_path, "run.seed=3")
    assert RunIdentity.of(here).another_recipe(RunIdentity.of(other)) == ["run.seed"]
    assert recipe_hash(other) != recipe_hash(here)


def test_an_identity_is_read_as_it_was_written(tmp_path):
    recipe, run = begun_run(tmp_path)
    assert RunIdentity.read(run.path) == RunIdentity.of(recipe, Videos.of(BEGUN))
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunIdentity.of(recipe).backend = "jax"
