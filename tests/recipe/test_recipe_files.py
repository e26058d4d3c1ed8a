"""The recipe files of the package: their names, what they say and what they leave to their parents."""

import re
from importlib import resources

import pytest

from keras_vdd.memory.budget import label_bytes, memory_bytes
from keras_vdd.recipe.files import extended, packaged, parse_yaml
from keras_vdd.recipe.load import list_recipes, load_recipe, parse_recipe, resolved_yaml
from keras_vdd.recipe.merging import merged

RECIPES = {recipe.name: recipe for recipe in list_recipes()}
TEXTS = {name: file.read_text(encoding="utf-8") for name, file in packaged(bases=True).items()}
SETS = {"miniucf": 50, "ucf101": 101, "hmdb51": 51, "kinetics400": 400, "ssv2": 174, "shapes": 8}
PAPER_SETS = [name for name in SETS if name != "shapes"]
CHOSEN = ("random", "herding", "k-center", "full")
# <method>-<set>, -5 for five videos per class, -naive for whole videos.
NAME = re.compile(rf"(dm|mtt|frepo|static-dc|random|herding|k-center|full)-({'|'.join(SETS)})(-5)?(-naive)?")
NAMED = sorted(name for name in RECIPES if NAME.fullmatch(name))


def opening(name):
    return TEXTS[name].partition("\n\n")[0]


def words(name):
    """The opening comment on one line."""
    return " ".join(line.removeprefix("#").strip() for line in opening(name).splitlines())


def family():
    for data in PAPER_SETS:
        for loss in ("dm", "mtt", "frepo"):
            yield from (f"{loss}-{data}{five}{naive}" for five in ("", "-5") for naive in ("", "-naive"))
        for method in ("static-dc", "random", "herding", "k-center"):
            yield from (f"{method}-{data}", f"{method}-{data}-5")
        yield f"full-{data}"


def test_every_method_is_there_on_every_set():
    others = {"quickstart", "dm-folder", "mtt-folder"}
    assert set(family()) | others <= set(RECIPES)
    rest = set(RECIPES) - set(family()) - others
    assert rest and all(NAME.fullmatch(name) and RECIPES[name].data.set == "shapes" for name in rest)


@pytest.mark.parametrize("name", NAMED)
def test_a_name_says_method_set_and_videos_per_class(name):
    method, data, five, naive = NAME.fullmatch(name).groups()
    recipe = RECIPES[name]
    memory = recipe.memory
    assert recipe.data.set == data
    assert memory.videos_per_class == (5 if five else 1)
    if method in CHOSEN:
        assert recipe.method == method and memory.kind == "full-video" and recipe.export.dtype == "uint8"
    elif method == "static-dc":
        assert (recipe.method, memory.kind) == ("static-dc", "still")
        assert memory.statics_per_class == memory.videos_per_class
    else:
        assert recipe.dynamic.loss == method
        assert recipe.method == ("naive" if naive else "static-dynamic")
        assert memory.kind == ("full-video" if naive else "static-dynamic")
        needed = {"video"} if naive else {"dynamic", "integrator"}
        needed |= {"mtt": {"step_size"}, "frepo": {"labels"}}.get(method, set())
        assert set(recipe.dynamic.learning_rates.model_dump(exclude_none=True)) == needed
    assert (recipe.static is None) == (memory.kind == "full-video")


@pytest.mark.parametrize("name", RECIPES)
def test_a_resolved_recipe_loads_as_itself(name):
    text = resolved_yaml(RECIPES[name])
    assert parse_recipe(text) == RECIPES[name]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_opens_with_what_a_reader_must_know(name):
    assert TEXTS[name].startswith("# ") and RECIPES[name].summary
    assert all(line.startswith("#") and len(line) <= 110 for line in opening(name).splitlines())
    command = f"vdd distill --recipe {name}" + ("" if RECIPES[name].data.set == "shapes" else " data.root=")
    parts = [words(name).index(f" {part} ") for part in ("Needs", "Command", "Result", "Cost")]
    assert parts == sorted(parts) and f"Command {command}" in re.sub(r" +", " ", words(name))


@pytest.mark.parametrize("name", sorted(set(TEXTS) - set(RECIPES)))
def test_a_base_says_that_it_is_none(name):
    assert "Not a recipe of its own: others extend it." in words(name)


def stored(recipe, classes, dtype):
    memory, data = recipe.memory, recipe.data
    labels = recipe.dynamic is not None and recipe.dynamic.loss == "frepo"
    return memory_bytes(
        memory.kind, classes, memory.videos_per_class, memory.statics_per_class, memory.dynamics_per_class,
        data.frames, data.size, data.size, memory.integrators, dtype,
    ) + labels * label_bytes(classes, memory.videos_per_class)  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMED if not name.startswith("full-")])
def test_the_bytes_of_the_comment_are_exact(name):
    recipe = RECIPES[name]
    classes, dtype = SETS[recipe.data.set], recipe.export.dtype
    assert f"a distilled set of {stored(recipe, classes, dtype):,} bytes in {dtype} (" in words(name)
    if recipe.coreset:
        assert f"{stored(recipe, classes, 'float32'):,}" in words(name)


def flat(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@pytest.mark.parametrize("name", TEXTS)
def test_no_file_repeats_what_its_parents_say(name):
    own = parse_yaml(TEXTS[name])
    above = {key: value for key, value in own.items() if key not in ("extends", "summary")}
    below = dict(flat(extended({"extends": own.get("extends")}, name)))
    assert not [key for key, value in flat(above) if key in below and below[key] == value]


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_file_extends_does_not_say_the_same_twice(name):
    parents, laid = parse_yaml(TEXTS[name]).get("extends"), {}
    for parent in parents if isinstance(parents, list) else []:
        values, below = extended({"extends": parent}, name), dict(flat(laid))
        assert not [key for key, value in flat(values) if key in below and below[key] == value]
        laid = merged(laid, values)


def test_files_end_with_one_line_end_and_hold_no_tabs():
    for text in TEXTS.values():
        assert text.endswith("\n") and not text.endswith("\n\n") and "\t" not in text


def test_settings_of_the_paper():
    def rates(name):
        return RECIPES[name].dynamic.learning_rates.model_dump(exclude_none=True)

    mtt, five, naive = (RECIPES[f"mtt-miniucf{suffix}"].dynamic for suffix in ("", "-5", "-naive"))
    assert rates("dm-miniucf-5") == {"dynamic": 1e3, "integrator": 1e-6}
    assert rates("dm-miniucf-naive") == {"video": 30}
    assert rates("mtt-miniucf") == {"dynamic": 1e4, "integrator": 1e-3, "step_size": 1e-5}
    assert rates("mtt-miniucf-5") == {"dynamic": 1e4, "integrator": 1e-3, "step_size": 0}
    assert rates("mtt-miniucf-naive") == {"video": 1e5, "step_size": 1e-5}
    assert (mtt.iterations, mtt.inner_steps, mtt.expert_epochs, mtt.max_start_epoch) == (10000, 10, 1, 10)
    assert (mtt.step_size, mtt.least_step_size, mtt.momentum, mtt.batch_size) == (0.01, 0.001, 0.95, None)
    assert (five.inner_steps, five.batch_size) == (5, 128)
    assert (naive.iterations, naive.inner_steps, naive.momentum) == (8000, 10, 0.5)
    assert RECIPES["dm-miniucf-naive"].dynamic.momentum == 0.5

    experts = RECIPES["mtt-miniucf"].experts
    assert (experts.count, experts.learning_rate, experts.batch_size) == (30, 0.01, 256)
    assert RECIPES["mtt-miniucf"].expert_epochs == 10

    frepo, evaluation = RECIPES["frepo-miniucf"].dynamic, RECIPES["frepo-miniucf"].evaluation
    assert rates("frepo-miniucf") == {"dynamic": 100, "integrator": 1e-3, "labels": 3e-4}
    assert (frepo.iterations, frepo.real_clips, frepo.pool, frepo.max_updates) == (10000, 512, 10, 100)
    assert (frepo.network_rate, frepo.regulariser, frepo.last_rate) == (1e-4, 1e-6, 0.1)
    assert (evaluation.evaluator, evaluation.epochs) == ("frepo", 1000)


def test_memories_of_the_paper():
    def pairs(name):
        return RECIPES[name].memory.statics_per_class, RECIPES[name].memory.dynamics_per_class

    for data in PAPER_SETS:
        for loss in ("dm", "mtt"):
            assert (pairs(f"{loss}-{data}"), pairs(f"{loss}-{data}-5")) == ((2, 2), (10, 10))
        assert (pairs(f"frepo-{data}"), pairs(f"frepo-{data}-5")) == ((1, 1), (5, 5))


@pytest.mark.parametrize("name", [name for name in NAMED if RECIPES[name].data.set != "shapes"])
def test_sets_are_cut_as_in_the_paper(name):
    recipe = RECIPES[name]
    large = recipe.data.set in ("kinetics400", "ssv2")
    cut = recipe.data.frames, recipe.data.size, recipe.data.part
    assert cut == ((8, 64, "middle") if large else (16, 112, "whole"))
    if large and name.startswith("mtt-"):
        assert recipe.dynamic.batch_size == 256
    if recipe.dynamic is None or recipe.dynamic.loss != "frepo":
        assert (recipe.evaluation.evaluator, recipe.evaluation.epochs) == ("paper", 500)


def test_shapes_recipes_differ_from_the_quickstart_in_method_alone():
    quickstart = load_recipe("quickstart")
    for name in NAMED:
        if name.endswith(("-shapes", "-shapes-naive")):
            recipe = RECIPES[name]
            assert recipe.data == quickstart.data
            same = {"compare": quickstart.evaluation.compare}
            assert recipe.evaluation.model_copy(update=same) == quickstart.evaluation


def test_the_folder_has_recipes_alone():
    files = {file.name for file in resources.files("keras_vdd.recipes").iterdir() if file.is_file()}
    assert {name for name in files if name.endswith(".yaml")} == {f"{name}.yaml" for name in TEXTS}
    assert not [name for name in files if name.endswith((".yml", ".partial"))]
