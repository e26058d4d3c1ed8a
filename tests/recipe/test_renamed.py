"""Settings by the names that they had before: read as those of now, in whatever layer; both at once refused."""

import pytest

from keras_vdd.errors import UsageError
from keras_vdd.recipe.keys import known_keys
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.renamed import RENAMED

pytestmark = pytest.mark.once


def layer(key, value, base="quickstart"):
    section, name = key.split(".")
    return {"name": "r", "extends": base, section: {name: value}}


def test_names_of_before_are_no_settings_of_now():
    assert not set(RENAMED) & set(known_keys()) and set(RENAMED.values()) <= set(known_keys())


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
@pytest.mark.parametrize("swapped", [False, True])
def test_the_upper_layer_wins_by_whatever_name(old, new, swapped, tmp_path):
    below, above = (new, old) if swapped else (old, new)
    (tmp_path / "below.yaml").write_text("extends: quickstart\n{}: {{{}: 2}}\n".format(*below.split(".")))
    given = layer(above, 3, str(tmp_path / "below.yaml"))
    section, name = new.split(".")
    assert getattr(getattr(load_recipe(given), section), name) == 3
    assert getattr(getattr(load_recipe(layer(above, None, given["extends"])), section), name) is None
    for recipe in (
        load_recipe(layer(below, 2), [f"{above}=3"]),
        load_recipe(layer(below, 2), {above: 3}),
        load_recipe(layer(below, 2), {section: {above.split(".")[1]: 3}}),
        load_recipe("quickstart", [f"{section}={{{below.split('.')[1]}: 2}}", f"{above}=3"]),
        load_recipe("quickstart", [f"{below}=2"], **{above: 3}),
    ):
        assert getattr(getattr(recipe, section), name) == 3


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_both_names_at_once_are_refused(old, new):
    section, names = old.split(".")[0], (old.split(".")[1], new.split(".")[1])
    both = {names[0]: 2, names[1]: 3}
    for given in (
        lambda: load_recipe({"name": "r", "extends": "quickstart", section: both}),
        lambda: load_recipe({"name": "r", "extends": "quickstart", old: 2, new: 3}),
        lambda: parse_recipe(
            f"extends: quickstart\nname: r\n{section}: {{{names[1]}: 3, {names[0]}: null}}\n"
        ),
        lambda: load_recipe("quickstart", [f"{new}=3", f"{old} = 2"]),
        lambda: load_recipe("quickstart", {old: 2, new: 2}),
        lambda: load_recipe("quickstart", {section: both}),
        lambda: load_recipe("quickstart", [f"{section}={{{names[0]}: 2, {names[1]}: 3}}"]),
    ):
        with pytest.raises(UsageError) as caught:
            given()
        assert f"{old} is the old name of {new}, and both are given; drop {old}" in str(caught.value)
