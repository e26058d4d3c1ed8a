"""Every recipe of the package resolves to the settings that are stored beside this test.

`resolved_settings.json` has each distinct section once and, recipe by recipe, which of them it takes. It was
written when every recipe was a file of its own, recipes that came later were added; a change of a setting is made
there by hand, and meant. What the schema has gained since must be at its default.
"""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from keras_vdd.recipe.load import list_recipes

STORED = json.loads((Path(__file__).parent / "resolved_settings.json").read_text(encoding="utf-8"))
# What was taken out since, with the only value that a recipe had: networks for DM and DC are always fresh; and frames
# that motion clips store are memory.stored_frames, as those of videos.
REMOVED = {"dynamic.networks": "fresh", "memory.dynamic_frames": None}
RECIPES = {recipe.name: recipe for recipe in list_recipes()}


def stored(name):
    row = STORED["recipes"][name]
    return {
        key: STORED["sections"][key][v] if key in STORED["sections"] and v is not None else v
        for key, v in row.items()
    }


def differences(found, expected, prefix=""):
    """Yield the dotted names of what `found`, a section, has otherwise than the stored `expected`."""
    values = found.model_dump(mode="json")
    for key in expected.keys() - values.keys():
        if expected[key] != REMOVED.get(f"{prefix}{key}", "nothing was removed"):
            yield f"{prefix}{key} is gone"
    for key, field in type(found).model_fields.items():
        value = getattr(found, key)
        if isinstance(value, BaseModel) and isinstance(expected.get(key), dict):
            yield from differences(value, expected[key], f"{prefix}{key}.")
        elif key in expected:
            if values[key] != expected[key]:
                yield f"{prefix}{key}={values[key]}, not {expected[key]}"
        elif value != field.get_default(call_default_factory=True) and key != "name":
            yield f"{prefix}{key}={values[key]}, which is new and not its default"


def test_there_are_as_many_as_there_were():
    assert len(STORED["recipes"]) == 130 and set(STORED["recipes"]) <= set(RECIPES)


@pytest.mark.parametrize("name", STORED["recipes"])
def test_a_recipe_has_the_stored_settings(name):
    assert list(differences(RECIPES[name], stored(name))) == []


def test_a_difference_is_seen():
    recipe, expected = RECIPES["mtt-miniucf"], stored("mtt-miniucf")
    assert list(differences(recipe, {**expected, "dynamic": {**expected["dynamic"], "inner_steps": 9}})) == [
        "dynamic.inner_steps=10, not 9"
    ]
    assert list(differences(recipe, {**expected, "static": None})) != []
    del expected["experts"]
    assert [line.partition("=")[0] for line in differences(recipe, expected)] == ["experts"]
