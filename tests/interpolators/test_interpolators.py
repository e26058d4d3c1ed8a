"""Training an interpolator: it learns, goes on after a kill with the same bytes, and is shared."""

import contextlib
import types

import numpy as np
import pytest
import safetensors.numpy
from small_run import PARAMETRIC, small
from tiny_stage import Stop

import keras_vdd
from keras_vdd.errors import UsageError, VddError
from keras_vdd.interpolators.engine import FILE, folder_name, learn_interpolator, training_of
from keras_vdd.progress import Silent


def recipe_of(place, *more):
    return small(place, *PARAMETRIC, f"interpolator.folder={place / 'interpolators'}", *more)


def test_it_recovers_moving_shapes_better_than_duplication(stores, tmp_path):
    recipe = recipe_of(tmp_path, "interpolator.iterations=60", "interpolator.learning_rate=0.01")
    trained = learn_interpolator(recipe, stores)
    assert trained.error < 0.95 * trained.duplication
    assert trained.path.stat().st_size > trained.interpolator.nbytes


def test_killed_and_resumed_it_has_the_same_bytes_and_is_shared(stores, tmp_path):
    made = {}
    for place in ("once", "twice"):
        recipe = recipe_of(tmp_path / place)
        if place == "twice":
            for at in (3, 5):  # between checkpoints, which are every two iterations
                with pytest.raises(KeyboardInterrupt):
                    learn_interpolator(recipe, stores, Stop(at))
        made[place] = learn_interpolator(recipe, stores).path
    assert made["once"].read_bytes() == made["twice"].read_bytes()
    assert made["once"].parent.name == made["twice"].parent.name
    assert not (made["twice"].parent / "checkpoint.safetensors").exists()

    never = Stop(1)  # another recipe that needs the same one trains nothing
    shared = recipe_of(tmp_path / "twice", "dynamic.iterations=9", "memory.dynamic_size=16")
    assert learn_interpolator(shared, stores, never).path == made["twice"]
    for other in ("memory.stored_frames=1", "run.seed=1", "interpolator.width=8", "data.flip=true"):
        training = training_of(recipe_of(tmp_path, other))
        assert folder_name("shapes", stores, training) != made["twice"].parent.name


@pytest.mark.once
def test_a_damaged_file_is_one_sentence(stores, tmp_path):
    recipe = recipe_of(tmp_path, "interpolator.iterations=1")
    path = learn_interpolator(recipe, stores).path
    whole = path.read_bytes()
    for damaged in (whole[:-4], whole.replace(b"head.bias", b"head.bear"), b""):
        path.write_bytes(damaged)
        with pytest.raises(VddError, match="is damaged .*: delete it and run again"):
            learn_interpolator(recipe, stores)


@pytest.mark.once
def test_what_makes_no_sense_is_one_sentence(stores, tmp_path):
    with pytest.raises(
        UsageError, match="The recipe 'quickstart' needs no interpolator: set memory.interpolation="
    ):
        keras_vdd.make_interpolator(small(tmp_path))
    with pytest.raises(UsageError, match="an interpolator is for memory.interpolation=parametric only"):
        small(tmp_path, "interpolator.width=8")
    with pytest.raises(UsageError, match="interpolator: patches of 5 pixels do not fill frames of 32"):
        recipe_of(tmp_path, "interpolator.patch=5")
    assert small(tmp_path, "memory.interpolation=parametric").needs_interpolator is False
    assert recipe_of(tmp_path, "memory.stored_frames=1").needs_interpolator


class StopLearning(Silent):
    """Progress that ends stage 2 in its third iteration."""

    @contextlib.contextmanager
    def task(self, title, total=None):
        def update(done, **figures):
            if title.startswith("Dynamic") and done == 3:
                raise KeyboardInterrupt

        yield update


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run whose motion is interpolated by a network, killed while it learned; the shared file went then."""
    place = tmp_path_factory.mktemp("parametric")
    recipe = recipe_of(
        place, "export.dtype=int8", "evaluation.compare=[random-clips-equal-bytes]", "static=null",
        "evaluation.seeds=1", "evaluation.steps=1",
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        keras_vdd.distill(recipe, StopLearning())
    (shared,) = (place / "interpolators").rglob(FILE)
    content = shared.read_bytes()
    shared.unlink()
    results = keras_vdd.distill(recipe)
    folder = place / "runs" / "quickstart"
    return types.SimpleNamespace(
        recipe=recipe, shared=shared, content=content, results=results, folder=folder
    )


@pytest.mark.once
@pytest.mark.slow
def test_a_run_goes_on_with_the_interpolator_it_was_begun_with(run):
    assert (run.folder / FILE).read_bytes() == run.content and not run.shared.exists()
    loaded = keras_vdd.load(run.folder)
    weights = safetensors.numpy.load(run.content)
    assert weights.keys() == loaded.interpolator.weights.keys()
    for name, weight in weights.items():
        np.testing.assert_array_equal(loaded.interpolator.weights[name], weight)
    assert loaded.provenance["interpolator"] == loaded.interpolator.mark


@pytest.mark.once
@pytest.mark.slow
def test_its_bytes_are_counted_once_and_said(run):
    loaded, plan, (equal, row) = keras_vdd.load(run.folder), keras_vdd.plan(run.recipe), run.results["rows"]
    nbytes = loaded.interpolator.nbytes
    # int8 with a scale for the still and the motion clip of eight classes, and the integrator.
    memories = loaded.static.size + loaded.dynamic.size + 4 * (8 + 8 + 327)
    assert row["bytes"] == plan["bytes"]["distilled"] == loaded.nbytes("int8") == memories + nbytes
    assert plan["bytes"]["interpolator among them"] == nbytes
    assert plan["estimates"]["interpolator"]["parameters"] == nbytes // 4
    assert f"{nbytes:,} bytes are the interpolator's" in row["note"]
    assert memories < equal["bytes"] <= row["bytes"]
    assert keras_vdd.inspect(run.folder / "distilled")["interpolator_bytes"] == nbytes
    card = (run.folder / "distilled" / "README.md").read_text()
    assert f"the interpolator of frames ({nbytes:,} of them, float32)" in card
    assert "frames by a video transformer trained on real clips" in card
    page = (run.folder / "report" / "index.html").read_text()
    assert f"{nbytes:,} bytes are the interpolator" in page
