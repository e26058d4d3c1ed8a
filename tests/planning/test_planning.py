"""Plans: exact bytes for every recipe, stages for every method, estimates from one measurement."""

import json
import math

import pytest

from keras_vdd.data.sources import SOURCES, find_videos
from keras_vdd.errors import UsageError, VddError
from keras_vdd.methods.cost import FORWARD, SECOND_ORDER, TO_VIDEOS
from keras_vdd.methods.mtt.cost import INNER_STEP
from keras_vdd.models.footprint import total_bytes
from keras_vdd.planning import plan as planning
from keras_vdd.planning import stage_costs
from keras_vdd.planning.extent import extent_of
from keras_vdd.planning.timing import duration_in_words
from keras_vdd.recipe.load import list_recipes, load_recipe

RECIPES = {recipe.name: recipe for recipe in list_recipes()}
TINY = ["data.frames=4", "data.size=16", "evaluation.width=8", "evaluation.stem=4", "evaluation.test_clips=2"]
NETWORK = ["dynamic.width=8", "dynamic.stem=4"]
SCORED, BESIDE = "evaluation of the set", "evaluation of the rows beside it"


def tiny(name, *overrides):
    recipe = RECIPES[name]
    small = TINY + (NETWORK if recipe.dynamic else []) + (["static.width=8"] if recipe.static else [])
    return load_recipe(name, [*small, *overrides])


@pytest.fixture
def measured(monkeypatch):
    """A training pass takes a second; the networks that were measured."""
    seen = []
    monkeypatch.setattr(stage_costs, "training_pass", lambda network: seen.append(network) or 1.0)
    return seen


@pytest.mark.parametrize("name", RECIPES)
def test_bytes_follow_from_shapes(name):
    recipe, extent = RECIPES[name], extent_of(RECIPES[name].data)
    shapes, nbytes = planning.shapes(recipe, extent.classes), planning.stored(recipe, extent.classes)
    values = {part: math.prod(shape) for part, shape in shapes.items()}
    if recipe.method == "full":
        assert not shapes and "distilled" not in nbytes
        return
    assert nbytes.get("distilled, were it float32", nbytes["distilled"]) == 4 * sum(values.values())
    if recipe.export.dtype == "uint8":
        assert nbytes["distilled"] == sum(values.values())
    assert nbytes.get("labels among them", 0) == 4 * values.get("labels", 0)
    assert nbytes["real clip, one byte a value"] == 3 * recipe.data.frames * recipe.data.size**2


@pytest.mark.parametrize(
    "overrides, nbytes",
    [
        (["export.dtype=float16"], 2 * (8 * 3 * 256 + 8 * 4 * 256) + 4 * 327),
        (["export.dtype=int8"], 8 * 3 * 256 + 8 * 4 * 256 + 4 * 16 + 4 * 327),
        (["export.dtype=int4"], 8 * (3 * 128 + 2 * 12) + 8 * (4 * 128 + 2 * 16) + 4 * 327),
        (["memory.dynamic_frames=2", "memory.dynamic_size=8"], 4 * (8 * 3 * 256 + 8 * 2 * 64) + 4 * 327),
        (["memory.integrators=8"], 4 * (8 * 3 * 256 + 8 * 4 * 256) + 8 * 4 * 327),
    ],
)
def test_storage_options_count(overrides, nbytes):
    assert planning.stored(tiny("quickstart", *overrides), 8)["distilled"] == nbytes


def test_labels_learned_by_mtt_count():
    soft = ["dynamic.soft_labels=true", "dynamic.learning_rates.labels=1"]
    hard, soft = (planning.stored(tiny("mtt-shapes", *more), 8)["distilled"] for more in ([], soft))
    assert soft - hard == 4 * 8 * 8


STAGES = {
    "quickstart": {"static", "dynamic"},
    "mtt-shapes": {"static", "experts", "dynamic"},
    "frepo-shapes": {"static", "dynamic"},
    "mtt-shapes-naive": {"experts", "dynamic"},
    "static-dc-shapes": {"static"},
    "herding-shapes": {"choice"},
    "random-shapes": set(),
    "full-shapes": set(),
}


@pytest.mark.parametrize("name", STAGES)
def test_every_method_is_planned_stage_by_stage(name):
    plan = planning.plan(tiny(name))
    beside = {BESIDE} if tiny(name).evaluation.compare else set()
    assert set(plan["estimates"]) == STAGES[name] | {SCORED} | beside
    for stage in plan["estimates"].values():
        assert stage["parameters"] > 0 and stage["seconds"] >= 0 and stage["bytes of memory"] > 0
    assert json.loads(json.dumps(plan)) == plan
    assert plan["machine"]["bytes of memory"] == total_bytes()


@pytest.mark.parametrize(
    "name", ["dm-miniucf", "mtt-ssv2-5", "frepo-kinetics400", "k-center-hmdb51", "mtt-folder"]
)
def test_recipes_are_planned_without_their_videos(name, measured):
    plan = planning.plan(load_recipe(name, ["data.root=null"]))
    assert plan["classes"] == (
        10 if name.endswith("folder") else SOURCES.get(RECIPES[name].data.set).size.classes
    )
    # The image network of stage 1 and one video network, whatever looks through it.
    assert len(measured) == (1 if name.startswith("k-center") else 2)


def seconds(name, stage, *overrides):
    return planning.plan(tiny(name, *overrides))["estimates"][stage]["seconds"]


def test_times_are_passes_through_the_network(measured):
    few = ["dynamic.iterations=10", "dynamic.real_per_class=3"]
    assert seconds("quickstart", "dynamic", *few) == pytest.approx(10 * (FORWARD * 24 + TO_VIDEOS * 8))
    assert seconds("quickstart", "dynamic", *few, "dynamic.loss=dc") == pytest.approx(
        10 * (24 + SECOND_ORDER * 8)
    )
    still = ["static.iterations=5", "static.real_per_class=4"]
    assert seconds("static-dc-shapes", "static", *still) == pytest.approx(5 * 8 * (4 + SECOND_ORDER))
    ridge = ["dynamic.iterations=10", "dynamic.real_clips=20"]
    assert seconds("frepo-shapes", "dynamic", *ridge) == pytest.approx(
        10 * (FORWARD * 20 + TO_VIDEOS * 8 + 8)
    )
    experts = ["experts.count=3", "experts.epochs=7"]
    assert seconds("mtt-shapes", "experts", *experts) == pytest.approx(3 * (7 * 192 + FORWARD * 96))
    assert seconds("herding-shapes", "choice") == pytest.approx((25 + FORWARD) * 192, abs=0.1)


@pytest.mark.parametrize("form", INNER_STEP)
def test_inner_steps_of_mtt_cost_what_their_form_costs(form, measured):
    asked = ["dynamic.iterations=2", "dynamic.inner_steps=3", f"dynamic.gradient={form}"]
    assert seconds("mtt-shapes", "dynamic", *asked) == pytest.approx(2 * 3 * 8 * INNER_STEP[form])
    asked.append("dynamic.batch_size=5")
    assert seconds("mtt-shapes", "dynamic", *asked) == pytest.approx(2 * 3 * 5 * INNER_STEP[form], abs=0.1)
    plan = planning.plan(tiny("mtt-shapes", *asked))["estimates"]["dynamic"]
    assert (plan["gradient"], plan["videos of an inner step"]) == (form, 5)


def test_a_table_costs_its_rows(measured):
    # A second a clip trained on, the share of a forward pass a clip tested.
    tests = FORWARD * 96 * 2
    one = ["evaluation.seeds=2", "evaluation.compare=[]"]
    assert seconds("quickstart", SCORED, *one, "evaluation.steps=7") == pytest.approx(2 * (7 * 8 + tests))
    paper = [*one, "evaluation.evaluator=paper", "evaluation.epochs=4", "evaluation.batch_size=3"]
    assert seconds("quickstart", SCORED, *paper) == pytest.approx(2 * (4 * 8 + tests))
    assert seconds("full-shapes", SCORED, "evaluation.seeds=2") == pytest.approx(2 * (15 * 192 + tests))
    rows = ["evaluation.seeds=1", "evaluation.steps=7", "evaluation.compare=full,random-clips"]
    assert seconds("quickstart", BESIDE, *rows) == pytest.approx(15 * 192 + 7 * 8 + 2 * tests)


def test_adjoint_needs_less_memory_than_the_unrolled_graph(measured):
    def held(form):
        plan = planning.plan(tiny("mtt-shapes", f"dynamic.gradient={form}", "dynamic.inner_steps=20"))
        return plan["estimates"]["dynamic"]["bytes of memory"]

    assert held("adjoint") == held("tesla") < held("unrolled") / 2


def test_experts_are_counted_on_disk(measured):
    plan = planning.plan(tiny("mtt-shapes", "experts.count=3", "experts.epochs=7"))["estimates"]["experts"]
    assert plan["bytes on disk"] == 3 * 8 * 4 * plan["parameters"]


def test_made_shapes_are_as_the_plan_says(tmp_path):
    made = ["data.shapes.train_per_class=2", "data.shapes.test_per_class=1", f"data.store={tmp_path}"]
    data = tiny("quickstart", *made).data
    extent, listing = extent_of(data), find_videos(data)
    assert (extent.train, extent.test, extent.classes) == (len(listing.train), len(listing.test), 8)
    assert extent.store_bytes == 24 * 24 * 16 * 16 * 3
    # With a root of their own they are made there, not looked for.
    assert extent_of(data.model_copy(update={"root": str(tmp_path / "none")})) == extent


def test_a_part_of_a_public_set_has_its_share_of_the_videos():
    whole = extent_of(RECIPES["dm-ucf101"].data)
    part = extent_of(load_recipe("dm-ucf101", ["data.classes=Archery,Diving"]).data)
    assert (whole.classes, whole.train, part.classes) == (101, 9537, 2)
    assert part.train == round(2 * 9537 / 101) and part.store_bytes < whole.store_bytes / 50
    assert "published" in whole.source


def test_an_unnamed_folder_is_assumed_and_a_named_one_is_looked_into(tmp_path):
    assumed = extent_of(RECIPES["dm-folder"].data)
    assert assumed.classes == 10 and "assumption" in assumed.source
    assert extent_of(load_recipe("dm-folder", ["data.classes=a,b,c"]).data).classes == 3
    with pytest.raises(VddError, match="none"):
        extent_of(load_recipe("dm-folder", [f"data.root={tmp_path}/none"]).data)
    with pytest.raises((VddError, UsageError), match="none"):
        extent_of(load_recipe("dm-miniucf", [f"data.root={tmp_path}/none"]).data)


@pytest.mark.parametrize(
    "length, words",
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "60 min"),
        (3600, "1.0 h"),
        (86400, "24.0 h"),
        (2e6, "23.1 days"),
        (1e9, "32 years"),
        (1e30, "over 1,000 years"),
    ],
)
def test_lengths_of_time_in_words(length, words):
    assert duration_in_words(length) == words


def test_operations_are_counted_by_hand_and_go_with_the_seconds(measured):
    # MiniC3D at 16 x 112 x 112 and 50 classes: outputs of each layer, times two for each weight that makes one.
    layers = [
        (16 * 56 * 56 * 64, 3 * 7 * 7 * 3),
        (16 * 14 * 14 * 128, 3 * 7 * 7 * 64),
        (8 * 4 * 4 * 128, 3 * 7 * 7 * 128),
    ]
    head = 3 * 50 * 128
    passes = 3 * 2 * (sum(outputs * weights for outputs, weights in layers) + head)
    stages = planning.plan(load_recipe("dm-miniucf", ["data.root=null"]))["estimates"]
    assert stages[SCORED]["operations"] == pytest.approx(stages[SCORED]["seconds"] * passes, rel=1e-4)
    assert stages["dynamic"]["operations"] == pytest.approx(stages["dynamic"]["seconds"] * passes, rel=1e-4)
    assert stages["static"]["operations"] < stages["static"]["seconds"] * passes / 5


@pytest.mark.once
def test_a_wide_network_is_measured_on_a_narrow_one_and_scaled_by_operations(measured, monkeypatch):
    monkeypatch.setattr(stage_costs, "_MEASURED", 10**6)
    recipe = tiny("static-dc-miniucf")
    networks = stage_costs.Networks(recipe, 5)
    wide, seconds = networks.of("mini_c3d", 64, 32)
    (narrow,) = measured
    assert narrow.count_params() < wide.count_params()
    operations = stage_costs.training_operations
    assert seconds == pytest.approx(operations(wide) / operations(narrow))
