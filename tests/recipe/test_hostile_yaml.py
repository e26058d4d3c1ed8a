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


def written(folder, parents_of, count):
    """Files 0.yaml, 1.yaml, ... that extend what `parents_of` a number says; the last extends a recipe by name."""
    for number in range(count):
        last = number == count - 1
        parents = "quickstart" if last else f"[{', '.join(parents_of(number))}]"
        (folder / f"{number}.yaml").write_text(f"extends: {parents}\nrun: {{seed: {number}}}\n")
    return folder / "0.yaml"


def test_many_ways_to_one_recipe_are_gone_once(tmp_path):
    began = time.thread_time()
    recipe = load_recipe(written(tmp_path, lambda number: [f"{number + 1}.yaml"] * 8, 20))
    assert recipe.run.seed == 0 and time.thread_time() - began < 2


@pytest.mark.parametrize(
    ("parents_of", "told"),
    [
        (lambda number: [f"{number + 1}.yaml"], "31.yaml: more than 32 recipes extend each other in a row"),
        (lambda number: ["quickstart"] * 33, "0.yaml: extends names 33 recipes, more than 32"),
        (lambda number: ["~no-such-user/x.yaml"], "recipe file ~no-such-user/x.yaml does not exist"),
        (lambda number: ['"~a\\0.yaml"'], "is no file's name: it holds a zero byte"),
    ],
)
def test_what_a_recipe_may_not_extend(parents_of, told, tmp_path):
    with pytest.raises(UsageError) as caught:
        load_recipe(written(tmp_path, parents_of, 40))
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_of_many_mistakes_the_first_are_told_and_of_long_ones_the_start():
    began = time.thread_time()
    with pytest.raises(UsageError) as caught:
        parse_recipe("extends: quickstart\nname: mine\n" + "".join(f"k{n}: 1\n" for n in range(4000)))
    said = str(caught.value)
    assert said.count("\n") == 21 and said.endswith("3,980 more settings are wrong")
    for text in (f"? {'x' * 60_000}\n: 1\n", "!" * 60_000, f"run: {{seed: !!int {'x' * 60_000}}}\n"):
        with pytest.raises(UsageError) as caught:
            parse_recipe(f"name: mine\n{text}")
        assert len(str(caught.value)) < 500
    assert time.thread_time() - began < 2


@pytest.mark.parametrize("key", ["1.5", "true", "2020-01-01", "[a]", "~"])
def test_a_name_that_is_no_text_is_told(key):
    with pytest.raises(UsageError, match="the name .* in run must be text"):
        parse_recipe(f"extends: quickstart\nname: mine\nrun:\n  ? {key}\n  : 2\n")


@pytest.mark.parametrize("place", ["run: {dir", "data: {root", "data: {store"])
def test_a_place_with_a_zero_byte_is_none(place):
    with pytest.raises(UsageError, match="must not hold a zero byte"):
        parse_recipe(f'extends: quickstart\nname: mine\n{place}: "a\\0b"}}\n')


@pytest.mark.parametrize("parents", [[["a"]], {"a": 1}, 3, "../secret.yaml", ["quickstart", "/dev/zero"]])
def test_what_somebodys_recipe_may_not_extend(parents):
    with pytest.raises(UsageError, match="extends"):
        refuse_files({"extends": parents}, "it")
