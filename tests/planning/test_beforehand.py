"""What is refused before anything is made, from shapes alone: nothing is built at the size that is too large."""

import os

import pytest

import keras_vdd
from keras_vdd import make_interpolator
from keras_vdd.errors import UsageError, VddError
from keras_vdd.models import create
from keras_vdd.models.footprint import first_order_bytes
from keras_vdd.planning import beforehand
from keras_vdd.planning.beforehand import check_beforehand, check_classes, check_evaluation
from keras_vdd.recipe.load import load_recipe

SMALL = {"data.frames": 4, "data.size": 16, "evaluation.width": 8, "dynamic.width": 8, "static.width": 8}


@pytest.mark.once
@pytest.mark.parametrize(
    "settings, what",
    [
        ({"static.width": 1}, "static.width=1 must be at least 2"),
        ({"data.size": 8, "static.network": "convnet_d4"}, "needs images of 16 pixels or more, got 8"),
        ({"memory.integrators": 9}, "memory.integrators=9 is above the 8 classes"),
        (
            {"memory.statics_per_class": 1200, "memory.dynamics_per_class": 1200, "memory.dynamic_size": 1},
            "make 11,520,000 videos, more than the 10,000,000 that a set may have",
        ),
    ],
)
def test_what_cannot_run_is_refused_with_nothing_made(settings, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=what):
        keras_vdd.distill("quickstart", **{**SMALL, **settings})
    assert not os.listdir(tmp_path)


@pytest.mark.once
@pytest.mark.parametrize(
    "settings, largest",
    [
        (
            {f"memory.{name}_per_class": 10**15 for name in ("videos", "statics", "dynamics")},
            "the distilled set",
        ),
        ({"dynamic.width": 10**9}, "dynamic.network=mini_c3d"),
        ({"evaluation.stem": 10**9}, "evaluation.architecture=mini_c3d"),
        ({"static.width": 10**9}, "static.network=convnet_d3"),
    ],
)
def test_a_need_above_the_memory_is_one_sentence(settings, largest, monkeypatch):
    monkeypatch.setattr(beforehand, "total_bytes", lambda: 16 * 10**9)
    recipe = load_recipe("quickstart", **{**SMALL, **settings})
    for refused in (check_beforehand, keras_vdd.plan):
        with pytest.raises(VddError, match=largest) as caught:
            refused(recipe)
        assert "has 16.0 GB" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.once
@pytest.mark.parametrize(
    "recipe, settings, largest, lower",
    [
        (
            "quickstart",
            {"dynamic.real_per_class": 10**9},
            "an iteration of dynamic",
            "dynamic.real_per_class",
        ),
        ("quickstart", {"static.real_per_class": 10**12}, "an iteration of static", "static.real_per_class"),
        ("mtt-shapes", {"dynamic.inner_steps": 10**9}, "an iteration of dynamic", "dynamic.inner_steps"),
        ("mtt-shapes", {"experts.epochs": 10**9}, "the 1000000000 epochs of an expert", "experts.epochs"),
        (
            "mtt-shapes",
            {"dynamic.expert_epochs": 10**9},
            "epochs of an expert",
            "experts.epochs or what is read",
        ),
        ("frepo-shapes", {"dynamic.pool": 10**9}, "an iteration of dynamic", "dynamic.pool"),
    ],
)
def test_what_a_stage_needs_at_once_is_one_sentence(recipe, settings, largest, lower, monkeypatch):
    monkeypatch.setattr(beforehand, "total_bytes", lambda: 16 * 10**9)
    recipe = load_recipe(recipe, **{**SMALL, **settings})
    with pytest.raises(VddError, match=f"are for .*{largest}; lower {lower}") as caught:
        check_beforehand(recipe)
    assert "\n" not in str(caught.value)


@pytest.mark.once
@pytest.mark.parametrize("name", [f"evaluation.test_clips={10**9}", f"experts.count={10**9}"])
def test_counts_that_no_run_comes_to_the_end_of_are_refused(name):
    with pytest.raises(UsageError, match="must be at most"):
        load_recipe("mtt-shapes", [name])


@pytest.mark.once
@pytest.mark.parametrize(
    "network, input", [("mini_c3d", "clips"), ("convnet_gru", "clips"), ("convnet_d3", "frames")]
)
def test_what_a_wide_network_takes_follows_from_narrow_ones(network, input, monkeypatch):
    def nbytes(width, stem):
        return first_order_bytes(create(network, 3, 4, 16, width, stem), 1)

    wide = nbytes(72, 40)
    monkeypatch.setattr(beforehand, "_BUILT", 16)
    assert beforehand._at(nbytes, 72, 40) == pytest.approx(wide, rel=1e-6)


def test_one_class_alone_is_refused():
    with pytest.raises(VddError, match="The data have one class"):
        check_classes(load_recipe("quickstart"), 1)


@pytest.mark.once
def test_an_integrator_for_every_class_is_taken():
    recipe = load_recipe("quickstart", **{"memory.integrators": 8})
    check_classes(recipe, 8)
    with pytest.raises(UsageError, match="above the 7 classes"):
        check_classes(recipe, 7)


@pytest.mark.once
def test_an_interpolator_that_cannot_be_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(beforehand, "total_bytes", lambda: 16 * 10**9)
    parametric = {**SMALL, "memory.interpolation": "parametric", "memory.stored_frames": 2}
    with pytest.raises(UsageError, match="depth=1000000000 must be at most 100"):
        load_recipe("quickstart", **parametric, **{"interpolator.depth": 10**9})
    recipe = load_recipe("quickstart", **parametric, **{"interpolator.batch_size": 10**9})
    for refused in (
        check_beforehand,
        make_interpolator,
        lambda recipe: make_interpolator(recipe, dry_run=True),
    ):
        with pytest.raises(VddError, match="a step of the interpolator; lower interpolator.batch_size"):
            refused(recipe)
    # The clips of a step are 0.1 GB, and what derivatives keep of them is not.
    with pytest.raises(VddError, match="a step of the interpolator; lower interpolator.batch_size"):
        check_beforehand(
            load_recipe(
                "quickstart", **parametric, **{"interpolator.batch_size": 32768, "interpolator.depth": 25}
            )
        )


@pytest.mark.once
def test_evaluating_needs_its_own_networks_alone(monkeypatch):
    monkeypatch.setattr(beforehand, "total_bytes", lambda: 16 * 10**9)
    wide = {"static.width": 10**9}
    check_evaluation(load_recipe("quickstart", **{**SMALL, **wide}), 8)
    recipe = load_recipe("quickstart", **{**SMALL, "evaluation.width": 10**9})
    with pytest.raises(
        VddError, match="evaluation.architecture=mini_c3d on one clip; lower evaluation.width"
    ):
        check_evaluation(recipe, 8)
