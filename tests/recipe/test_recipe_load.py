"""Finding, extending, overriding and writing recipes, and the sentences for what is wrong with them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_vdd.errors import UsageError
from keras_vdd.recipe.keys import known_keys
from keras_vdd.recipe.load import list_recipes, load_recipe, parse_recipe, resolved_yaml
from keras_vdd.recipe.overrides import parse

NAMES = ["dm-miniucf", "dm-ucf101", "quickstart", "static-dc-miniucf"]


def refusal(name, *overrides):
    with pytest.raises(UsageError) as caught:
        load_recipe(name, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_recipes_of_the_package():
    assert {recipe.name for recipe in list_recipes()} >= set(NAMES)
    assert all(recipe.summary for recipe in list_recipes())


def test_the_settings_of_the_paper():
    recipe = load_recipe("dm-miniucf")
    assert (recipe.data.frames, recipe.data.size, recipe.data.interval) == (16, 112, 4)
    assert (recipe.static.iterations, recipe.static.learning_rate) == (3000, 0.1)
    rates = recipe.dynamic.learning_rates
    assert (rates.dynamic, rates.integrator, recipe.dynamic.momentum) == (1e-4, 1e-5, 0.95)
    assert (recipe.dynamic.iterations, recipe.dynamic.real_per_class) == (5000, 64)
    assert (recipe.memory.statics_per_class, recipe.memory.dynamics_per_class) == (2, 2)
    assert (recipe.evaluation.evaluator, recipe.evaluation.epochs) == ("paper", 500)


@pytest.mark.parametrize("name", NAMES)
def test_a_resolved_recipe_loads_as_itself(name, tmp_path):
    recipe = load_recipe(name, ["data.root=a: b # c", "run.name=2024"])
    text = resolved_yaml(recipe)
    (tmp_path / "other.yaml").write_text(text)
    assert load_recipe(tmp_path / "other.yaml") == recipe == parse_recipe(text)
    assert resolved_yaml(parse_recipe(text)) == text
    sections = {line.split(":")[0] for line in text.splitlines() if line[0] != " "}
    assert sections == set(type(recipe).model_fields)


def test_numbers_in_exponent_form_are_numbers():
    recipe = load_recipe("quickstart", ["dynamic.learning_rates.dynamic=1e4", "static.iterations=1e1"])
    assert recipe.dynamic.learning_rates.dynamic == 1e4 and recipe.static.iterations == 10


def test_text_is_taken_as_it_is():
    recipe = load_recipe("quickstart", ["data.root=C:\\videos: [1]", "data.store=2024", "run.name=007"])
    assert (recipe.data.root, recipe.data.store, recipe.run.name) == ("C:\\videos: [1]", "2024", "007")
    assert load_recipe("quickstart", ["data.root=null"]).data.root is None


@pytest.mark.parametrize("text", ["data.classes=[A, B]", "data.classes=A,B"])
def test_lists_of_classes(text):
    assert load_recipe("dm-ucf101", [text]).data.classes == ("A", "B")
    assert load_recipe("dm-ucf101", ["data.classes=present"]).data.classes == "present"


def test_a_stage_can_be_taken_away_and_changed():
    stills = ["dynamic=null", "memory.kind=still", "evaluation.compare=random-stills,full"]
    recipe = load_recipe("quickstart", stills)
    assert recipe.dynamic is None and recipe.method == "static-dc"
    assert load_recipe("quickstart", ["static=null"]).static is None
    again = load_recipe("quickstart", ["static=null", "static.iterations=7"])
    assert again.static.iterations == 7 and again.static.width == 128


def test_the_last_override_wins():
    assert load_recipe("quickstart", ["run.seed=1", "run.seed=2"]).run.seed == 2


def test_extending_by_name_and_by_path(tmp_path):
    (tmp_path / "inner").mkdir()
    base = "extends: quickstart\nsummary: base\ndata: {size: 40}\nstatic: null\n"
    (tmp_path / "base.yaml").write_text(base)
    child = tmp_path / "inner" / "child.yaml"
    child.write_text("extends: ../base.yaml\nrun: {seed: 5}\n")
    recipe = load_recipe(child)
    assert (recipe.name, recipe.summary, recipe.data.size, recipe.run.seed) == ("child", "", 40, 5)
    assert recipe.static is None and recipe.data.frames == load_recipe("quickstart").data.frames


def test_extending_several_lays_the_later_over_the_earlier(tmp_path):
    (tmp_path / "long.yaml").write_text("summary: long\ndata: {frames: 9, size: 40}\n")
    (tmp_path / "mtt.yaml").write_text(
        "data: {size: 48}\ndynamic: {loss: mtt, learning_rates: {step_size: 0}}\n"
    )
    (tmp_path / "child.yaml").write_text("extends: [quickstart, long.yaml, mtt.yaml]\nrun: {seed: 5}\n")
    recipe, below = load_recipe(tmp_path / "child.yaml"), load_recipe("quickstart")
    assert (recipe.name, recipe.summary, recipe.run.seed) == ("child", "", 5)
    assert (recipe.data.frames, recipe.data.size, recipe.data.set) == (9, 48, "shapes")
    assert (recipe.dynamic.loss, recipe.dynamic.width) == ("mtt", below.dynamic.width)
    (tmp_path / "other.yaml").write_text("extends: [quickstart, mtt.yaml, long.yaml]\n")
    assert load_recipe(tmp_path / "other.yaml").data.size == 40


def test_extending_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\n")
    assert "circle" in refusal(tmp_path / "a.yaml")
    (tmp_path / "c.yaml").write_text("extends: [quickstart, c.yaml]\n")
    assert "circle" in refusal(tmp_path / "c.yaml")


def test_layers_are_not_recipes():
    assert "does not exist" in refusal("methods/dm") and "unknown recipe paper" in refusal("paper")


def test_a_composed_recipe_is_extended_by_its_name(tmp_path):
    (tmp_path / "mine.yaml").write_text("extends: mtt-miniucf-5\ndynamic: {inner_steps: 7}\n")
    recipe, below = load_recipe(tmp_path / "mine.yaml"), load_recipe("mtt-miniucf-5")
    assert (recipe.name, recipe.summary, recipe.dynamic.inner_steps) == ("mine", "", 7)
    assert recipe.dynamic.batch_size == below.dynamic.batch_size == 128 and recipe.memory == below.memory
    (tmp_path / "mine.yaml").write_text("extends: mtt-miniufc-5\n")
    assert "did you mean mtt-miniucf-5?" in refusal(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    "name, words",
    [
        ("mtt-miniufc", "did you mean mtt-miniucf?"),
        ("mtt-miniucf-10", "miniucf has no -10, only 1 and 5 per class"),
        ("frepo-shapes-5", "shapes has no -5, only 1 per class"),
        ("full-ucf101-5", "full has no -5, only 1 per class"),
        ("mtt-miniucf-1", "it is called mtt-miniucf"),
        ("frepo-folder", "folder has dm, mtt, sfvd alone"),
        ("dm-folder-naive", "folder has dm, mtt, sfvd alone"),
        ("dm-shapes", "it is called quickstart"),
        ("herding-ucf101-naive", "herding has no -naive"),
    ],
)
def test_what_a_name_asks_for_and_is_not_there_is_said(name, words):
    assert f"unknown recipe {name}" in refusal(name) and words in refusal(name)


def test_unknown_recipe_offers_the_nearest():
    assert "did you mean dm-ucf101?" in refusal("dm-ufc101")
    assert "vdd recipes list" in refusal("zzzzzz")


@pytest.mark.parametrize(
    "override, words",
    [
        ("static.iteration=3", "unknown key static.iteration; did you mean static.iterations?"),
        ("sttic.iterations=3", "did you mean static.iterations?"),
        ("iterations=3", "did you mean static.iterations or interpolator.iterations or dynamic.iterations?"),
        ("set=ucf101", "did you mean data.set?"),
        ("data.root.x=1", "unknown key data.root.x"),
        ("extends=quickstart", "unknown key extends"),
        ("static.iterations", "is not KEY=VALUE, such as data.root=videos, without a space"),
        ("STATIC.ITERATIONS=5", "did you mean static.iterations?"),
        ("static.iterations='5'", "static.iterations='5' must be a whole number, without quotes"),
        ("=3", "is not KEY=VALUE"),
        ("static.iterations=many", "static.iterations=many must be a whole number"),
        ("static.iterations=0", "static.iterations=0 must be at least 1"),
        ("static.iterations=2.5", "static.iterations=2.5 must be a whole number"),
        ("static.iterations=", "static.iterations cannot be null"),
        ("static.momentum=1", "static.momentum=1 must be below 1"),
        ("static.learning_rate=.inf", "static.learning_rate=inf must be a finite number"),
        ("static.learning_rate=1e39", "static.learning_rate=1e+39 must be at most 3e+38"),
        ("data.set=ucf10", "did you mean ucf101?"),
        ("data.split=4", "data.split=4 must be at most 3"),
        ("data.flip=maybe", "data.flip=maybe must be true or false"),
        ("data.classes=some", "must be all, present or a list"),
        ("data.classes=[a", "data.classes=[a is not valid YAML"),
        ("data.std=1,2", "data.std[2] is missing"),
        ("data.std=1,0,1", "data.std[1]=0 must be at least 1e-06"),
        ("data.std=1,1,1e300", "data.std[2]=1e+300 must be at most 1000000"),
        ("data.mean=-1e7,0,0", "data.mean[0]=-10000000.0 must be at least -1000000"),
        ("data.size=1024 data.frames=64", "make videos of 805,306,368 bytes, more than the 536,870,912 that"),
        ("data=3", "data=3 must be a section"),
        ("run.name=a/b", "run.name=a/b must be made of at most 100 letters"),
        ("memory.videos_per_class=3", "must be a multiple of memory.videos_per_class=3"),
        ("evaluation.compare=best", "must be one of full, random-clips"),
        ("dynamic=null", "set memory.kind=still"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(override, words):
    assert words in refusal("quickstart", *override.split())


def test_all_that_is_wrong_is_said_at_once():
    said = refusal("quickstart", "data.size=1", "foo.bar=2", "static.momentum=x")
    assert len(said.splitlines()) == 4
    assert all(key in said for key in ("data.size=1", "foo.bar", "static.momentum=x"))


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "must hold `key: value` lines"),
        (b"- a\n- b\n", "must hold `key: value` lines"),
        (b"data: [1\n", "line 2: not valid YAML"),
        (b"data: {size: 8}\ndata: {size: 9}\n", "not valid YAML"),
        (b"a: !!python/object/apply:os.system [echo]\n", "not valid YAML"),
        (b"\xff\xfe\x00", "is not a text file"),
        (b"extends: {a: b}\n", "must be a recipe, by name or path, or a list of such"),
        (b"extends: [quickstart, 3]\n", "extends=3 must be a recipe"),
        (b"extends: [quickstart, nowhere]\n", "unknown recipe nowhere"),
        (b"extends: quickstart\nnam: x\n", "did you mean name?"),
        (b"extends: nowhere.yaml\n", "nowhere.yaml does not exist"),
        (b"1: 2\n", "must hold `key: value` lines"),
        (b"a: " + b"[" * 5000, "not valid YAML"),
    ],
)
def test_files_that_are_no_recipes(tmp_path, content, words):
    file = tmp_path / "r.yaml"
    file.write_bytes(content)
    assert words in refusal(file)


def test_places_that_are_no_recipes(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.yaml")
    assert "is a folder" in refusal(f"{tmp_path}/")


TEXT_KEYS = sorted(key for key, kind in known_keys().items() if kind == "text")
plain_text = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1).filter(
    lambda t: t not in ("null", "~") and not t.startswith("~/") and not (t[0] == t[-1] and t[0] in "'\"")
)


@given(st.sampled_from(TEXT_KEYS), plain_text)
def test_text_comes_through_whatever_it_is(key, text):
    assert parse(f"{key}={text}") == (key, text)


@given(st.floats(min_value=0, max_value=1e38, allow_subnormal=False))
@settings(max_examples=50)
def test_floats_keep_every_bit(value):
    recipe = load_recipe("quickstart", [f"static.learning_rate={value!r}"])
    assert recipe.static.learning_rate == value
    assert parse_recipe(resolved_yaml(recipe)).static.learning_rate == value


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=300)
def test_no_override_does_worse_than_a_sentence(text):
    try:
        load_recipe("quickstart", [text])
    except UsageError as error:
        assert str(error)


@pytest.mark.parametrize(
    "text", ["0\x850", "a\u2028b", "a\u2029b", "a\nb", "é: #", "a'b", 'a"b', "0x10", "1e4", "yes"]
)
def test_text_that_yaml_might_take_for_something_else_comes_back(text):
    recipe = load_recipe("quickstart", [f"data.store={text}"])
    assert parse_recipe(resolved_yaml(recipe)) == recipe


@given(st.sampled_from(sorted(known_keys())), st.text(max_size=20))
@settings(max_examples=300)
def test_no_value_does_worse_than_a_sentence(key, value):
    try:
        recipe = load_recipe("quickstart", [f"{key}={value}"])
    except UsageError as error:
        assert str(error)
    else:
        assert parse_recipe(resolved_yaml(recipe)) == recipe
