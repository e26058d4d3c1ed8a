"""Settings of stages: which loss has which, what goes with a change of loss, what must be there and fit."""

import pytest

from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import load_recipe, parse_recipe, resolved_yaml
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.schema import Recipe

LABELS = "dynamic.learning_rates.labels=1e-3"
STEP = "dynamic.learning_rates.step_size=1e-6"


def refusal(name, *overrides):
    with pytest.raises(UsageError) as caught:
        load_recipe(name, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    "name, overrides, sentence",
    [
        (
            "quickstart",
            ["dynamic.inner_steps=3"],
            "dynamic.loss=dm has no setting inner_steps; remove dynamic.inner_steps",
        ),
        ("quickstart", ["dynamic.pool=3"], "dynamic.loss=dm has no setting pool; remove dynamic.pool"),
        (
            "quickstart",
            ["dynamic.loss=dc", "dynamic.soft_labels=true"],
            "dynamic.loss=dc has no setting soft_labels",
        ),
        ("mtt-shapes", ["dynamic.real_per_class=3"], "dynamic.loss=mtt has no setting real_per_class"),
        ("frepo-shapes", ["dynamic.momentum=0.5"], "dynamic.loss=frepo has no setting momentum"),
        ("frepo-shapes", ["dynamic.augment=[flip]"], "dynamic.loss=frepo has no setting augment"),
        (
            "quickstart",
            ["dynamic.loss=mmt"],
            "dynamic.loss=mmt must be one of dc, dm, frepo, mtt; did you mean mtt?",
        ),
        (
            "quickstart",
            ["dynamic.augment=[flip, colr]"],
            "dynamic.augment[1]=colr must be one of flip, colour, crop",
        ),
        (
            "static-dc-shapes",
            ["static.augment=[blur]"],
            "static.augment[0]=blur must be one of flip, colour, crop",
        ),
        ("mtt-shapes", ["dynamic.gradient=exact"], "must be one of auto, unrolled, adjoint, tesla"),
        ("mtt-shapes", ["dynamic.step_size=0"], "dynamic.step_size=0 must be above 0"),
        ("frepo-shapes", ["dynamic.regulariser=0"], "dynamic.regulariser=0 must be above 0"),
        ("frepo-shapes", ["dynamic.last_rate=1.5"], "dynamic.last_rate=1.5 must be at most 1"),
        ("quickstart", ["memory.integrator_start=zero"], "must be one of random, identity"),
    ],
)
def test_a_setting_of_another_loss_or_without_sense_is_refused_in_one_sentence(name, overrides, sentence):
    said = refusal(name, *overrides)
    assert sentence in said and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "name, overrides, sentence",
    [
        ("quickstart", ["dynamic.loss=mtt"], "dynamic.loss=mtt needs dynamic.learning_rates.step_size"),
        ("quickstart", ["dynamic.loss=frepo"], "dynamic.loss=frepo needs dynamic.learning_rates.labels"),
        (
            "mtt-shapes",
            ["dynamic.soft_labels=true"],
            "dynamic.soft_labels=true needs dynamic.learning_rates.labels",
        ),
        (
            "dm-shapes-naive",
            ["dynamic.learning_rates.video=null"],
            "full-video needs dynamic.learning_rates.video",
        ),
        (
            "quickstart",
            ["dynamic.learning_rates.integrator=null"],
            "static-dynamic needs dynamic.learning_rates.integrator",
        ),
        (
            "quickstart",
            ["memory.kind=still", "evaluation.compare=[]"],
            "memory.kind=still needs dynamic.learning_rates.static",
        ),
    ],
)
def test_missing_rates_are_named(name, overrides, sentence):
    said = refusal(name, *overrides)
    assert sentence in said and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "name, more, rate",
    [
        ("quickstart", [], "video=30"),
        ("quickstart", [], "static=0"),
        ("quickstart", [STEP], "step_size=1e-06"),
        ("quickstart", [], "labels=1"),
        ("dm-shapes-naive", [], "integrator=1"),
        ("mtt-shapes", [], "labels=0.1"),
        ("mtt-shapes", ["dynamic.soft_labels=false"], "labels=0.1"),
        ("frepo-shapes", [], "step_size=1"),
    ],
)
def test_a_rate_of_what_is_not_learned_is_refused(name, more, rate):
    said, key = refusal(name, *more, f"dynamic.learning_rates.{rate}"), rate.split("=")[0]
    assert f"dynamic.learning_rates.{rate} is for what is not learned here; " in said
    assert said.endswith(f"set dynamic.learning_rates.{key}=null") and len(said.splitlines()) == 1
    load_recipe(name, [*more, f"dynamic.learning_rates.{rate}", f"dynamic.learning_rates.{key}=null"])


@pytest.mark.parametrize(
    "rate", [["dynamic.learning_rates.static=1"], ["dynamic.learning_rates={static: 1}"]]
)
@pytest.mark.parametrize("rate_first", [False, True])
def test_another_kind_of_memory_leaves_the_old_ones_rates_behind(rate, rate_first):
    kind = ["memory.kind=still", "evaluation.compare=[]"]
    recipe = load_recipe("quickstart", [*rate, *kind] if rate_first else [*kind, *rate])
    assert recipe.dynamic.learning_rates.model_dump(exclude_none=True) == {"static": 1}


def test_another_loss_leaves_the_old_ones_rates_behind():
    recipe = load_recipe("mtt-shapes", ["dynamic.loss=frepo", LABELS, "experts=null"])
    assert set(recipe.dynamic.learning_rates.model_dump(exclude_none=True)) == {
        "dynamic",
        "integrator",
        "labels",
    }


@pytest.mark.parametrize(
    "name, overrides, sentence",
    [
        (
            "quickstart",
            ["experts.count=3"],
            "experts are read by dynamic.loss=mtt only; set experts=null",
        ),
        ("mtt-shapes", ["dynamic.loss=dm"], "dynamic.loss=mtt only; set experts=null"),
        ("random-shapes", ["experts.count=3"], "a coreset is chosen, not learned; set experts=null"),
        (
            "mtt-shapes",
            ["experts.epochs=4"],
            "experts.epochs=4 is below the 5 epochs that dynamic.loss=mtt reads",
        ),
        (
            "quickstart",
            ["memory.quantise=true"],
            "learns what int8 or int4 stores, not export.dtype=float32; set export.dtype=int8",
        ),
        (
            "random-shapes",
            ["memory.quantise=true", "export.dtype=int8"],
            "a coreset is chosen; set memory.quantise=false",
        ),
        (
            "quickstart",
            ["export.dtype=uint8"],
            "keeps real pixels, which a learned set has none of; choose int8",
        ),
        (
            "dm-shapes-naive",
            ["export.dtype=uint8"],
            "keeps real pixels, which a learned set has none of; choose int8",
        ),
        ("quickstart", ["memory.dynamic_frames=9"], "memory.stored_frames=9 is above data.frames=8"),
        ("quickstart", ["memory.dynamic_size=33"], "memory.dynamic_size=33 is above data.size=32"),
        (
            "mtt-shapes",
            ["dynamic.step_size=0.0005"],
            "dynamic.step_size=0.0005 is below dynamic.least_step_size=0.001",
        ),
        (
            "mtt-shapes",
            ["memory.integrators=4", "dynamic.batch_size=3"],
            "batch_size=3 leaves some of memory.integrators=4",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(name, overrides, sentence):
    said = refusal(name, *overrides)
    assert sentence in said and len(said.splitlines()) == 1


def test_a_change_of_loss_leaves_the_old_ones_settings_behind():
    recipe = load_recipe("mtt-shapes", ["dynamic.loss=dm", "experts=null"])
    quick = load_recipe("quickstart")
    assert recipe.dynamic.loss == "dm" and recipe.dynamic.momentum == quick.dynamic.momentum
    assert recipe.dynamic.iterations == load_recipe("mtt-shapes").dynamic.iterations, "what both have stays"
    assert recipe.dynamic.real_per_class == type(quick.dynamic)().real_per_class, (
        "what was dropped is its default"
    )
    back = load_recipe("quickstart", ["dynamic.loss=mtt", STEP, "dynamic.loss=dm", "experts=null"])
    assert back.dynamic.loss == "dm" and back.dynamic.chunk == 64


def test_what_is_given_with_the_new_loss_counts():
    recipe = load_recipe(
        "quickstart", ["dynamic.loss=frepo", LABELS, "dynamic.pool=3", "dynamic.real_clips=7"]
    )
    assert (recipe.dynamic.pool, recipe.dynamic.real_clips, recipe.dynamic.width) == (3, 7, 32)
    assert recipe.dynamic.learning_rates.dynamic == load_recipe("quickstart").dynamic.learning_rates.dynamic
    # In whatever order: an earlier setting of the new loss is one that the old loss does not have.
    assert "has no setting pool" in refusal("quickstart", "dynamic.pool=3")


def test_merging_drops_only_where_the_loss_is_told_anew():
    below = {"dynamic": {"loss": "mtt", "inner_steps": 3, "width": 8, "nonsense": 1}}
    assert merged(below, {"dynamic": {"width": 9}})["dynamic"] == {**below["dynamic"], "width": 9}
    assert merged(below, {"dynamic": {"loss": "dm"}})["dynamic"] == {"loss": "dm", "width": 8, "nonsense": 1}
    assert merged(below, {"dynamic": {"loss": "mtt"}})["dynamic"] == below["dynamic"]
    assert merged(below, {"dynamic": None})["dynamic"] is None
    assert below["dynamic"]["inner_steps"] == 3, "what is below is not changed"


def test_experts_come_where_they_are_read_and_train_as_long_as_they_are_read():
    recipe = load_recipe("quickstart", ["dynamic.loss=mtt", STEP])
    assert recipe.needs_experts and recipe.experts.count == 30 and recipe.expert_epochs == 10
    longer = load_recipe("mtt-shapes", ["dynamic.max_start_epoch=3", "dynamic.expert_epochs=4"])
    assert longer.expert_epochs == 6
    assert load_recipe("mtt-shapes", ["experts.epochs=9"]).expert_epochs == 9
    quick = load_recipe("quickstart")
    assert not quick.needs_experts and quick.experts is None


@pytest.mark.parametrize(
    "overrides", [["dynamic.loss=mtt", STEP], ["dynamic.loss=frepo", LABELS], ["dynamic.loss=dc"]]
)
def test_resolved_recipes_of_every_loss_load_as_themselves(overrides):
    recipe = load_recipe("quickstart", overrides)
    assert parse_recipe(resolved_yaml(recipe)) == recipe


def test_all_beyond_the_paper_is_off_by_default():
    for loss, learned in {"dm": (), "dc": (), "mtt": ("step_size",), "frepo": ("labels",)}.items():
        rates = dict.fromkeys(("dynamic", "integrator", *learned), 1)
        recipe = Recipe.model_validate(
            {"name": "r", "static": {}, "dynamic": {"loss": loss, "learning_rates": rates}}
        )
        memory = recipe.memory
        assert (memory.integrator_start, memory.quantise, recipe.static.augment) == ("random", False, ())
        assert memory.stored_frames is memory.dynamic_size is None and recipe.export.dtype == "float32"
        assert getattr(recipe.dynamic, "augment", ()) == () and not getattr(
            recipe.dynamic, "soft_labels", False
        )
        assert getattr(recipe.dynamic, "gradient", "auto") == "auto"


def test_a_resolved_recipe_that_still_says_networks_fresh_is_the_same_recipe():
    """Sets and runs made before the setting was taken out have it; other networks are refused."""
    recipe = load_recipe("quickstart")
    before = resolved_yaml(recipe).replace("  loss: dm\n", "  loss: dm\n  networks: fresh\n")
    assert "networks" in before and parse_recipe(before) == recipe
    with pytest.raises(UsageError, match="unknown key dynamic.networks"):
        parse_recipe(before.replace("networks: fresh", "networks: experts"))
