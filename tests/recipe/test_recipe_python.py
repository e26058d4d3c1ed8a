"""Recipes in Python: settings as keywords, as mappings, as texts; a recipe given as a mapping."""

import pathlib

import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.planning.recipe_copies import copy_recipe, show_recipe
from keras_vdd.recipe.load import list_recipes, load_recipe, parse_recipe, resolved_yaml

TEXTS = ["dynamic.iterations=5", "data.root=~/videos", "data.classes=[a,b,c,d]", "static=null"]
VALUES = {
    "dynamic.iterations": 5,
    "data.root": "~/videos",
    "data.classes": ("a", "b", "c", "d"),
    "static": None,
}


def test_texts_mappings_and_keywords_say_the_same():
    expected = load_recipe("quickstart", TEXTS)
    assert load_recipe("quickstart", VALUES) == expected
    assert load_recipe("quickstart", **VALUES) == expected
    assert load_recipe("quickstart", TEXTS[:2], **{key: VALUES[key] for key in list(VALUES)[2:]}) == expected
    nested = {"dynamic": {"iterations": 5}, "data": {"root": "~/videos", "classes": ["a", "b", "c", "d"]}}
    assert load_recipe("quickstart", nested, static=None).data.classes == expected.data.classes
    assert load_recipe("quickstart", "dynamic.iterations=5").dynamic.iterations == 5


def test_keywords_are_laid_over_overrides():
    recipe = load_recipe("quickstart", ["run.seed=1", "run.seed=2"], **{"run.seed": 3})
    assert recipe.run.seed == 3 and load_recipe("quickstart", {"run.seed": 1}, run={"seed": 4}).run.seed == 4


def test_another_loss_by_keyword_leaves_behind_what_it_has_no_use_for():
    settings = {"dynamic.loss": "mtt", "dynamic.learning_rates.step_size": 1e-5}
    texts = [f"{key}={value}" for key, value in settings.items()]
    assert load_recipe("quickstart", **settings) == load_recipe("quickstart", texts)


def test_paths_and_numpy_numbers_are_plain_values(tmp_path):
    recipe = load_recipe(
        "dm-folder", **{"data.root": tmp_path / "videos", "run.seed": np.int64(3), "run.name": "mine"}
    )
    assert recipe.data.root == str(tmp_path / "videos") and recipe.run.seed == 3
    home = load_recipe("dm-folder", **{"data.root": "~/videos"}).data.root
    assert home == str(pathlib.Path.home() / "videos")


def test_a_mapping_is_a_recipe():
    given = {"name": "mine", "extends": "quickstart", "dynamic.iterations": 7, "static": {"iterations": 2}}
    recipe = load_recipe(given, **{"run.seed": 1})
    assert (recipe.name, recipe.dynamic.iterations, recipe.static.iterations) == ("mine", 7, 2)
    assert recipe.memory == load_recipe("quickstart").memory and given["dynamic.iterations"] == 7
    assert load_recipe(recipe.model_dump()) == recipe


def test_a_recipe_is_itself_and_can_be_changed():
    recipe = load_recipe("quickstart")
    assert load_recipe(recipe) is recipe
    changed = load_recipe(recipe, **{"data.size": 40})
    assert changed.data.size == 40 and recipe.data.size != 40
    assert load_recipe(changed, **{"data.size": recipe.data.size}) == recipe


@pytest.mark.parametrize(
    "given, settings, words",
    [
        (
            "quickstart",
            {"dynamic.iteration": 5},
            "unknown key dynamic.iteration; did you mean dynamic.iterations?",
        ),
        (
            "quickstart",
            {"dynamic.iterations": "5"},
            "dynamic.iterations='5' must be a whole number, without quotes",
        ),
        ("quickstart", {"dynamic": {"iterations": -5}}, "dynamic.iterations=-5 must be at least 1"),
        ("quickstart", {"data.root": 3}, "data.root=3 must be text"),
        ({"extends": "quickstart"}, {}, "recipe given as a mapping: name is missing"),
        ({"name": "mine", "extends": "nothing"}, {}, "unknown recipe nothing"),
        ({"name": "mine", 3: 4}, {}, "the name 3 in the recipe must be text"),
    ],
)
def test_what_is_wrong_is_said_as_for_texts(given, settings, words):
    with pytest.raises(UsageError) as caught:
        load_recipe(given, **settings)
    assert words in str(caught.value)


@pytest.mark.parametrize("overrides", [[3], [("dynamic.iterations", 5, 6)], {3: 4}, [None]])
def test_overrides_that_are_none_are_refused_in_a_sentence(overrides):
    with pytest.raises(UsageError, match="is not KEY=VALUE|unknown key 3"):
        load_recipe("quickstart", overrides)


def test_parts_of_the_list():
    assert {recipe.data.set for recipe in list_recipes(set="ssv2")} == {"ssv2"}
    with pytest.raises(UsageError, match="no recipe has method hardening; choose one of dm, "):
        list_recipes(method="hardening")


def test_a_shown_recipe_loads_again_and_a_copy_has_the_name_of_its_file(tmp_path):
    settings = {"data.size": 64, "data.classes": ("Basketball", "Diving"), "run.name": None}
    text = show_recipe("dm-ucf101", **settings)
    assert parse_recipe(text) == load_recipe("dm-ucf101", **settings) and "data.size=64" in text
    path = copy_recipe("dm-ucf101", tmp_path / "mine.yaml", **settings)
    assert (
        load_recipe(path).name == "mine"
        and load_recipe(path).data == load_recipe("dm-ucf101", **settings).data
    )


def test_a_resolved_recipe_as_a_mapping_of_python_is_the_same(tmp_path):
    recipe = load_recipe("mtt-miniucf")
    assert load_recipe(recipe.model_dump()) == parse_recipe(resolved_yaml(recipe)) == recipe
