"""Real clips chosen for a set: which ones they are, and that an interrupted choice goes on."""

import contextlib
import types

import numpy as np
import pytest
from small_run import small

from keras_vdd.coreset import herding, k_center
from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import denormalise, normalise
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare
from keras_vdd.errors import VddError
from keras_vdd.evaluation import protocol, real_clips
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.progress import Silent
from keras_vdd.runs.folder import RunFolder
from keras_vdd.stages import coreset as coreset_stage
from keras_vdd.stages.coreset import choose_clips

CLASSES, PER_CLASS, FRAMES, SIZE = 8, 3, 8, 32
CORESET = ("memory.kind=full-video", "static=null", "dynamic=null", "evaluation.compare=[]")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("coreset")
    recipe = small(place)
    return types.SimpleNamespace(
        store=place / "stores", stores=prepare(find_videos(recipe.data), recipe.data, Silent())
    )


def recipe_of(place, folder, method, *more):
    settings = ("memory.videos_per_class=2", f"coreset.method={method}", "coreset.feature_epochs=1", *more)
    return small(folder, *CORESET, *settings, store=place.store)


def choose(place, folder, method, *more):
    """The videos chosen, the names of where they came from, and the stage's folder."""
    recipe = recipe_of(place, folder, method, *more)
    run = RunFolder(recipe)
    video = choose_clips(recipe, place.stores, run, Silent())["video"]
    kept, facts = load_arrays(run.path / "coreset" / "memory.safetensors")
    np.testing.assert_array_equal(kept["video"], video)
    assert video.shape == (CLASSES, 2, FRAMES, SIZE, SIZE, 3) and video.dtype == np.float32
    return video, facts["videos"], run.path / "coreset"


def rows_of(place, names):
    train = place.stores["train"]
    rows = [train.names.index(name) for name in names]
    assert train.labels[rows].tolist() == np.repeat(np.arange(CLASSES), 2).tolist()
    assert len(set(rows)) == len(rows)
    return rows


def test_random_clips_are_real_ones_of_different_videos(place, tmp_path):
    recipe = recipe_of(place, tmp_path, "random")
    video, names, _ = choose(place, tmp_path, "random")
    pixels = denormalise(video, recipe.data.mean, recipe.data.std).reshape(-1, FRAMES, SIZE, SIZE, 3)
    for clip, row in zip(pixels, rows_of(place, names)):
        whole, interval = place.stores["train"].frames(row), recipe.data.interval
        starts = range(len(whole) - (FRAMES - 1) * interval)
        assert any((clip == whole[s : s + FRAMES * interval : interval]).all() for s in starts)


def test_random_choice_follows_the_seed_alone(place, tmp_path):
    first, again, other = (
        choose(place, tmp_path / name, "random", f"run.seed={seed}")[0]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize(("method", "by_hand"), [("herding", herding), ("k-center", k_center)])
def test_middle_clips_are_chosen_by_their_features(method, by_hand, place, tmp_path, monkeypatch):
    train, data = place.stores["train"], recipe_of(place, tmp_path, method).data
    features = np.random.default_rng(4).normal(size=(len(train), 5))
    monkeypatch.setattr(coreset_stage, "_features", lambda *arguments: features)
    video, names, _ = choose(place, tmp_path, method)
    expected = np.concatenate([rows[by_hand(features[rows], 2)] for rows in train.by_class()])
    assert rows_of(place, names) == expected.tolist()
    middle = normalise(read_clips(train, expected, FRAMES, data.interval), data.mean, data.std)
    np.testing.assert_array_equal(video.reshape(middle.shape), middle)


def test_features_are_in_the_order_of_the_videos(place, tmp_path, monkeypatch):
    monkeypatch.setattr(real_clips, "BATCH", 5)
    recipe, train = recipe_of(place, tmp_path, "herding"), place.stores["train"]
    sizes, done = [], []

    class Means:
        def predict_on_batch(self, videos):
            sizes.append(len(videos))
            return videos.mean(axis=(1, 2, 3))

    class Listener(Silent):
        @contextlib.contextmanager
        def task(self, title, total=None):
            yield done.append

    found = coreset_stage._look(recipe, train, Means(), Listener())
    clips = read_clips(train, np.arange(len(train)), FRAMES, recipe.data.interval)
    expected = normalise(clips, recipe.data.mean, recipe.data.std).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert max(sizes) <= 5 and sum(sizes) == done[-1] == len(train)


@pytest.mark.slow
def test_a_killed_choice_goes_on_from_its_features(place, tmp_path, monkeypatch):
    whole, names, _ = choose(place, tmp_path / "whole", "herding")
    rows_of(place, names)

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(coreset_stage, "select_per_class", killed)
        with pytest.raises(KeyboardInterrupt):
            choose(place, tmp_path / "killed", "herding")
    monkeypatch.setattr(coreset_stage, "Trainer", killed)
    resumed, _, folder = choose(place, tmp_path / "killed", "herding")
    np.testing.assert_array_equal(resumed, whole)
    assert [path.name for path in folder.iterdir()] == ["memory.safetensors"]
    monkeypatch.setattr(coreset_stage, "read_clips", killed)
    np.testing.assert_array_equal(choose(place, tmp_path / "killed", "herding")[0], whole)


def test_too_few_videos_are_told_before_anything_is_trained(place, tmp_path, monkeypatch):
    monkeypatch.setattr(coreset_stage, "Trainer", None)
    first = place.stores["train"].class_names[0]
    with pytest.raises(
        VddError, match=f"{first}' has 3 training videos, fewer than memory.videos_per_class=4"
    ):
        choose(place, tmp_path, "herding", "memory.videos_per_class=4")


def test_a_network_that_diverges_chooses_nothing(place, tmp_path, monkeypatch):
    monkeypatch.setitem(protocol.RATES, "stable", float("nan"))
    with pytest.raises(VddError, match="diverged at step"):
        choose(place, tmp_path, "k-center")
    assert not list(tmp_path.rglob("*.safetensors"))
