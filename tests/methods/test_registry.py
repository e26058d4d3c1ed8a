"""What a method may not say of itself, and what a recipe may not ask of it."""

from typing import Literal

import pytest

from keras_vdd.errors import UsageError
from keras_vdd.methods import LearningRates, MatchingSettings, Method, register_method
from keras_vdd.recipe.load import load_recipe
from keras_vdd.settings import Rate


class Nameless(MatchingSettings):
    """Settings without a loss."""


class TemperatureRates(LearningRates):
    """With one more part."""

    temperature: Rate | None = None
    """Of the temperature."""


class OwnSettings(MatchingSettings):
    """Own: a loss with a learned temperature."""

    loss: Literal["own"] = "own"
    """Matching loss: own."""
    learning_rates: TemperatureRates = TemperatureRates()
    """Steps of the optimizer."""
    warm: bool = False
    """Learn the temperature."""


def own(**changes):
    about = {
        "name": "own", "title": "Own", "settings": OwnSettings, "objective": print, "cost": print,
        "learns": {"temperature": "warm"},
    }  # fmt: skip
    return Method(**{**about, **changes})


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"name": "Own loss"}, "'Own loss' must have a name of small letters"),
        ({"settings": int}, "must be a subclass of keras_vdd.methods.MatchingSettings"),
        ({"settings": Nameless}, "Nameless needs the field `loss: Literal\\['own'\\] = 'own'`"),
        ({"name": "other"}, "OwnSettings needs the field `loss: Literal\\['other'\\] = 'other'`"),
        (
            {"learns": {"colour": None}},
            "learns 'colour', for which its settings have no learning_rates.colour",
        ),
        ({"learns": {"temperature": "hot"}}, "where 'hot' is true, which is none of its settings"),
        ({"learns": {"labels": None}}, "labels have a kind, and only they"),
        ({"label_kind": "regression"}, "labels have a kind, and only they"),
        ({"smaller": ("size",)}, "has smaller='size', which is none of its settings"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, words):
    with pytest.raises(UsageError, match=words):
        own(**changes)


def test_a_learned_part_needs_its_rate_where_it_is_learned(forgetting):
    register_method(own())
    rate = "dynamic.learning_rates.temperature=0.1"
    assert load_recipe("quickstart", ["dynamic.loss=own", "dynamic.warm=true", rate]).dynamic.warm
    for overrides, sentence in (
        (["dynamic.warm=true"], "dynamic.warm=true needs dynamic.learning_rates.temperature"),
        ([rate], "dynamic.learning_rates.temperature=0.1 is for what is not learned here"),
    ):
        with pytest.raises(UsageError, match=sentence):
            load_recipe("quickstart", ["dynamic.loss=own", *overrides])
    # Another loss has no such part.
    back = load_recipe("quickstart", ["dynamic.loss=own", rate, "dynamic.loss=dm"])
    assert back.dynamic.learning_rates == load_recipe("quickstart").dynamic.learning_rates


def test_memories_and_experts_that_a_method_does_not_take_are_refused(forgetting):
    def fits(settings, memory):
        if memory.videos_per_class > 1:
            yield f"dynamic.loss=own takes memory.videos_per_class=1, not {memory.videos_per_class}"

    register_method(own(memories=("full-video",), fits=fits))
    with pytest.raises(UsageError) as caught:
        load_recipe(
            "quickstart",
            ["dynamic.loss=own", "memory={videos_per_class: 2, statics_per_class: 2, dynamics_per_class: 2}"],
        )
    said = str(caught.value)
    assert "dynamic.loss=own does not work with memory.kind=static-dynamic; it works with full-video" in said
    assert "dynamic.loss=own takes memory.videos_per_class=1, not 2" in said
    with pytest.raises(UsageError, match="experts are read by dynamic.loss=mtt only; set experts=null"):
        load_recipe("quickstart", ["experts.count=2"])


def test_experts_come_with_any_method_that_reads_them(forgetting):
    register_method(own(expert_epochs=lambda settings: settings.width // 16))
    recipe = load_recipe("quickstart", ["dynamic.loss=own"])
    assert recipe.needs_experts and recipe.experts is not None and recipe.expert_epochs == 2
    with pytest.raises(
        UsageError, match="experts.epochs=1 is below the 2 epochs that dynamic.loss=own reads"
    ):
        load_recipe("quickstart", ["dynamic.loss=own", "experts.epochs=1"])
    with pytest.raises(UsageError, match="read by dynamic.loss=mtt or dynamic.loss=own only"):
        load_recipe("quickstart", ["experts.count=2"])
