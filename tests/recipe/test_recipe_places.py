"""Recipes that leave their machine name no folder of it."""

import types
import typing

import pytest
from pydantic import BaseModel

from keras_vdd.errors import UsageError
from keras_vdd.memory import MEMORIES
from keras_vdd.methods import METHODS
from keras_vdd.recipe.load import load_recipe, parse_recipe, resolved_yaml
from keras_vdd.recipe.places import PLACES, without_places
from keras_vdd.recipe.schema import Recipe

# Settings of free text that name no place of a machine.
OTHERS = {"name", "summary", "run.name", "run.device", "data.set", "data.classes"}


def texts_of(model, prefix=""):
    """The dotted names of settings that may hold text that is no choice of a few."""
    for name, field in model.model_fields.items():
        dotted = f"{prefix}{name}"
        kinds = list(parts(field.annotation))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from texts_of(kind, f"{dotted}.")
        if str in kinds:
            yield dotted


def parts(kind):
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return
    if origin in (typing.Union, types.UnionType, tuple, typing.Annotated):
        for inner in typing.get_args(kind):
            yield from parts(inner)
        return
    yield kind


def test_every_setting_of_text_is_a_place_or_known_to_be_none():
    found = set(texts_of(Recipe))
    registered = [("memory", kind.settings) for kind in MEMORIES]
    registered += [(section, loss.settings) for loss in METHODS for section in ("static", "dynamic")]
    for section, settings in registered:
        found |= set(texts_of(settings, f"{section}."))
    names = {"network", "architecture", "interpolation", "augment", "compare", "dtype", "kind", "loss"}
    found = {dotted for dotted in found if dotted.split(".")[-1] not in names}
    assert found - OTHERS == set(PLACES)


def test_places_get_their_defaults_and_all_else_stays():
    here = {
        "data.root": "/home/somebody/secret videos",
        "data.annotations": "../lists",
        "data.store": "/mnt/somebody/stores",
        "run.dir": "/home/somebody/runs",
        "experts.folder": "~/experts",
        "experts.source": "/home/somebody/experts/x",
    }
    default = load_recipe("mtt-ucf101", **{"run.name": "mine"})
    text = resolved_yaml(load_recipe(default, **here))
    left = without_places(text)
    assert "somebody" in text and not any(value in left for value in here.values())
    assert parse_recipe(left) == load_recipe(default, **{"data.root": None})
    assert without_places(left) == left


def test_experts_on_the_hub_stay():
    recipe = load_recipe("mtt-shapes", **{"experts.source": "hf://me/shapes-experts@v1"})
    assert parse_recipe(without_places(resolved_yaml(recipe))) == recipe


def test_text_that_is_no_full_recipe():
    assert without_places("") == ""
    assert without_places("name: a\ndata: null\nrun: 3\nlater: {root: b}\n") == (
        "name: a\ndata: null\nrun: 3\nlater:\n  root: b\n"
    )
    with pytest.raises(UsageError, match="the recipe of the set must hold"):
        without_places("only words")
