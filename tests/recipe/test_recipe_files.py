"""The recipe files of the package: the names they make, what they say and what they leave to each other."""

import fnmatch
import re
from pathlib import Path

import pytest

import keras_vdd.recipes
from keras_vdd.errors import VddError
from keras_vdd.methods import METHODS
from keras_vdd.recipe import compose, layers
from keras_vdd.recipe.commented import commented_yaml
from keras_vdd.recipe.load import list_recipes, load_recipe, parse_recipe, resolved_yaml
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.names import known

FOLDER = Path(keras_vdd.recipes.__file__).parent
FILES = sorted(str(file.relative_to(FOLDER).with_suffix("")) for file in FOLDER.rglob("*.yaml"))
RECIPES = {recipe.name: recipe for recipe in list_recipes()}
SETS = {"miniucf": 50, "ucf101": 101, "hmdb51": 51, "kinetics400": 400, "ssv2": 174, "shapes": 8}
PAPER_SETS = [name for name in SETS if name != "shapes"]
CHOSEN = ("random", "herding", "k-center", "full")
# <method>-<set>, -5 for five videos per class, -naive for whole videos.
NAME = re.compile(
    rf"(dm|mtt|frepo|keyframes|sfvd|static-dc|random|herding|k-center|full)-({'|'.join(SETS)})(-5)?(-naive)?"
)
NAMED = sorted(name for name in RECIPES if NAME.fullmatch(name))


def family():
    for data in PAPER_SETS:
        for loss in ("dm", "mtt", "frepo"):
            yield from (f"{loss}-{data}{five}{naive}" for five in ("", "-5") for naive in ("", "-naive"))
        for method in ("keyframes", "sfvd", "static-dc", "random", "herding", "k-center"):
            yield from (f"{method}-{data}", f"{method}-{data}-5")
        yield f"full-{data}"


def test_every_method_is_there_on_every_set():
    others = {"quickstart", "dm-folder", "mtt-folder", "sfvd-folder"}
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
    elif method == "keyframes":
        assert (recipe.method, memory.kind, recipe.static) == ("key-frames", "key-frames", None)
        assert recipe.dynamic.loss == "dm" and list(memory.insertion_times(recipe.dynamic.iterations))
        assert set(recipe.dynamic.learning_rates.model_dump(exclude_none=True)) == {"key_frames"}
        return
    elif method == "sfvd":
        assert (recipe.dynamic.loss, memory.kind, recipe.static) == ("mtt", "still", None)
        assert memory.statics_per_class == memory.videos_per_class
        assert set(recipe.dynamic.learning_rates.model_dump(exclude_none=True)) == {"static", "step_size"}
        return
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


@pytest.mark.parametrize(
    "name", [name for name in RECIPES if re.search("miniucf|shapes|folder|quick|ssv2-5", name)]
)
def test_a_commented_recipe_loads_as_itself(name):
    assert parse_recipe(commented_yaml(RECIPES[name])) == RECIPES[name]


def flat(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def repeated(above, below):
    below = dict(flat(below))
    return [key for key, value in flat(above) if key in below and below[key] == value]


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("exceptions/")])
def test_no_file_repeats_what_it_extends(file):
    laid = {}
    for parent in layers.parents(file):
        assert not repeated(layers.settings(parent), laid)
        laid = merged(laid, layers.settings(parent))
    assert not repeated({key: value for key, value in layers.written(file).items() if key != "extends"}, laid)


def of_exceptions(name):
    return [(one.file, one.settings) for one in compose.exceptions_of(name)]


@pytest.mark.parametrize("name", [name for name, parts in known().items() if parts])
def test_no_two_files_of_exceptions_say_the_same_of_a_recipe(name):
    said = {}
    for file, settings in of_exceptions(name):
        for key, _ in flat(settings):
            assert said.setdefault(key, file) == file


@pytest.mark.parametrize("found", layers.exceptions(), ids=lambda one: f"{one.file}:{one.patterns}")
def test_every_exception_is_one(found):
    # Each of its patterns is for some recipe, and none says what comes out without it.
    for pattern in found.patterns:
        assert fnmatch.filter(known(), pattern), pattern
    names = {name for pattern in found.patterns for name in fnmatch.filter(known(), pattern)}
    for key, value in flat(found.settings):
        assert any(dict(flat(without(name, found))).get(key) != value for name in names), key


def without(name, exception):
    """The settings of a recipe as they would be without one exception."""
    kept = [one for one in layers.exceptions() if one is not exception]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "exceptions", lambda: kept)
        return compose.composed(name)


def test_what_files_say_of_themselves_is_there():
    sizes, methods = set(map(int, layers.names_in("sizes"))), set(layers.names_in("methods"))
    for file in FILES:
        about = layers.about(file) if not file.startswith("exceptions/") else None
        assert set(getattr(about, "sizes", None) or ()) <= sizes
        assert set(getattr(about, "methods", None) or ()) <= methods
        assert set(getattr(about, "instead", {}).values()) <= set(RECIPES)
        if file.startswith("methods/"):
            settings = layers.settings(file)
            choice = settings.get("coreset", {}).get("method") or settings.get("dynamic", {}).get("loss")
            # Where it is said how, it is said of the loss or the choice that has the name of the file.
            assert about.by is None or choice in METHODS or choice == file.removeprefix("methods/")
    for data in layers.names_in("sets"):
        assert layers.settings(f"sets/{data}")["data"]["set"] == data


def test_there_are_few_files_and_each_opens_with_what_it_is():
    assert len(FILES) <= 60
    assert {file.partition("/")[0] for file in FILES if "/" in file} == {
        "parts",
        "methods",
        "sizes",
        "sets",
        "exceptions",
    }
    for file in FILES:
        text = layers.text(file)
        assert text.startswith("# ") and max(map(len, text.splitlines())) <= 120
        assert text.endswith("\n") and not text.endswith("\n\n") and "\t" not in text


def test_the_page_on_how_they_go_together_names_every_folder():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [
        page.index(f"`{folder}") for folder in ("parts/", "methods/", "sizes/", "sets/", "exceptions/")
    ] == sorted(
        page.index(f"`{folder}") for folder in ("parts/", "methods/", "sizes/", "sets/", "exceptions/")
    )


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


def test_a_set_and_a_method_are_a_file_each(monkeypatch):
    """What is added as one file is there under all of its names, and resolves."""
    new = {
        "sets/mine": "about: {title: Mine, needs: videos, sizes: [1]}\ndata: {set: folder, size: 48}\n",
        "methods/third": "about: {summary: N third clips per class}\nextends: methods/random\n"
        "coreset: {method: random}\n",
    }
    texts, names_in = layers.text, layers.names_in
    monkeypatch.setattr(layers, "text", lambda path: new[path] if path in new else texts(path))
    added = {"sets": ["mine"], "methods": ["third"]}
    monkeypatch.setattr(layers, "names_in", lambda folder="": names_in(folder) + added.get(folder, []))
    caches = (known, layers.mapping, layers.about_method, layers.about_set, layers.exceptions, layers.written)
    try:
        for cached in caches:
            cached.cache_clear()
        assert {
            "mtt-mine",
            "mtt-mine-naive",
            "full-mine",
            "third-mine",
            "third-miniucf-5",
            "third-shapes",
        } <= set(known())
        assert not {"mtt-mine-5", "third-folder"} & set(known())
        assert load_recipe("mtt-mine").data.size == 48 and load_recipe("mtt-mine").dynamic.inner_steps == 10
        assert load_recipe("third-miniucf-5").summary == "MiniUCF, 5 third clips per class"
    finally:
        for cached in caches:
            cached.cache_clear()


def test_a_wrong_word_of_a_file_on_itself_is_a_sentence(monkeypatch):
    monkeypatch.setattr(layers, "text", lambda path: "about: {titel: Mine}\n")
    with pytest.raises(VddError, match=r"recipes/sets/wrong.yaml, about: .*; titel: Extra inputs"):
        layers.about("sets/wrong")
    layers.written.cache_clear()
    layers.mapping.cache_clear()


def test_hints_name_the_file_that_is_worked_on(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: quickstart\n")
    with pytest.raises(VddError, match=rf"`vdd recipes show {mine}` prints every key"):
        load_recipe(mine, ["qqqq=1"])
    with pytest.raises(VddError, match="`vdd recipes show dm-shapes-naive` prints every key"):
        load_recipe("dm-shapes-naive", qqqq=1)
