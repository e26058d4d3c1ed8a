"""YAML that is made to hurt is one sentence, soon; so are values that no parser is ready for."""

import time

import pytest

from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.places import refuse_files
from keras_vdd.recipe.yaml_text import LONGEST, parse_yaml

pytestmark = pytest.mark.once


def bomb(inside):
    """Twelve lines, each nine times the one before: a hundred thousand million values."""
    return "\n".join(f"x{n}: &x{n} {inside(f'*x{n - 1}, ' * 9)}" for n in range(1, 12)) + "\n"


LISTS = "x0: &x0 [a]\n" + bomb("[{}]".format)
MERGES = "x0: &x0 {a: 1}\n" + bomb("{{<<: [{}]}}".format)
HOSTILE = {
    "aliases": (LISTS, "more than 10000 values"),
    "merges": (MERGES, "more than 10000 values"),
    "an alias in itself": ("data: &x {classes: [*x]}\n", "value that it is in itself"),
    "brackets": ("data: " + "[" * 3000, "nested more than 32 deep"),
    "brackets, closed": ("data: " + "[" * 3000 + "]" * 3000, "nested more than 32 deep"),
    "braces": ("data: " + "{a: " * 3000, "nested more than 32 deep"),
    "dashes": ("data:\n  " + "- " * 3000, "nested more than 32 deep"),
    "keys in keys": ("data:\n  " + "? " * 3000, "nested more than 32 deep"),
    "too long": (f"summary: {'x' * LONGEST}\n", "more than 64 KiB"),
    "no boolean": ("data: {flip: !!bool maybe}\n", "not of the kind that its tag says"),
    "no number": ("data: {size: !!int ''}\n", "not of the kind that its tag says"),
    "no file": ("extends: 0x" + "f" * 5000 + "\n", "extends a number of thousands of digits"),
    "a number of 6000 digits": (
        "data: {size: 0x" + "f" * 5000 + "}\n",
        "data.size=a number of thousands of digits",
    ),
    "a number that no machine counts to": (
        "data: {set: shapes}\nevaluation: {stem: 1" + "0" * 400 + "}\n",
        "must be below",
    ),
    "a choice of 6000 digits": (
        "evaluation: {compare: [0x" + "f" * 5000 + "]}\n",
        "a number of thousands of digits",
    ),
    "half a letter": ('memory: {kind: "\\ud800"}\n', "memory.kind="),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_recipe_is_one_sentence_soon(name):
    text, what = HOSTILE[name]
    began = time.thread_time()
    with pytest.raises(UsageError) as caught:
        parse_recipe(f"name: mine\n{text}")
    assert what in str(caught.value) and "\n" not in str(caught.value)
    assert time.thread_time() - began < 2


@pytest.mark.parametrize("value", ["!!bool maybe", "[" * 3000, "!!float ''", "[a, *b]", "x" * (LONGEST + 1)])
def test_a_hostile_override_is_one_short_sentence(value):
    with pytest.raises(UsageError, match="data.mean=.* is not valid YAML") as caught:
        load_recipe("quickstart", [f"data.mean={value}"])
    assert len(str(caught.value)) < 200


def test_anchors_and_aliases_are_taken_where_they_are_small():
    text = "extends: quickstart\nname: mine\nstatic: &s {width: 8}\nstatic: &s {width: 4}\n"
    with pytest.raises(UsageError, match="duplicate key"):
        parse_recipe(text)
    recipe = parse_recipe("extends: quickstart\nname: mine\ndata: {mean: &m [0.5, 0.5, 0.5], std: *m}\n")
    assert recipe.data.mean == recipe.data.std == (0.5, 0.5, 0.5)
    assert parse_yaml("a: &x 1\nb: &x 2\nc: *x") == {"a": 1, "b": 2, "c": 2}


@pytest.mark.parametrize("name", [f"{'x' * 300}.yaml", f"{'x/' * 3000}y.yaml"])
def test_a_name_that_no_file_has(name):
    with pytest.raises(UsageError, match="is no file's name") as caught:
        load_recipe(name)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("parents", [[["a"]], {"a": 1}, 3, "../secret.yaml", ["quickstart", "/dev/zero"]])
def test_what_somebodys_recipe_may_not_extend(parents):
    with pytest.raises(UsageError, match="extends"):
        refuse_files({"extends": parents}, "it")
