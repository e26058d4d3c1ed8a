"""The comment that a whole recipe opens with says what its settings say."""

import re
import subprocess
import sys

import pytest

from keras_vdd import models
from keras_vdd.distilled.budget import label_bytes, memory_bytes
from keras_vdd.planning.paper_figures import SETS, figure_of
from keras_vdd.planning.recipe_opening import opening
from keras_vdd.planning.stored_bytes import expert_bytes, mini_c3d_parameters
from keras_vdd.recipe.load import list_recipes, load_recipe

RECIPES = {recipe.name: recipe for recipe in list_recipes()}
CLASSES = {
    "miniucf": 50,
    "ucf101": 101,
    "hmdb51": 51,
    "kinetics400": 400,
    "ssv2": 174,
    "shapes": 8,
    "folder": 10,
}


def words(name, *overrides, run_as=None):
    """The comment on one line."""
    text = opening(load_recipe(name, overrides), name, run_as or name, overrides)
    assert all(line.startswith("#") for line in text.splitlines())
    return " ".join(" ".join(line.removeprefix("#") for line in text.splitlines()).split())


@pytest.mark.parametrize("name", RECIPES)
def test_it_says_what_a_reader_must_know(name):
    told = words(name)
    assert max(map(len, opening(RECIPES[name], name, name).splitlines())) <= 110
    parts = [told.index(f" {part} ") for part in ("Needs", "Command", "Result", "Cost")]
    assert parts == sorted(parts)
    root = "" if RECIPES[name].data.set == "shapes" else r" data\.root=\w+"
    assert re.search(rf"Command vdd distill --recipe {name}{root} Result", told)


def stored(recipe, dtype):
    memory, data, classes = recipe.memory, recipe.data, CLASSES[recipe.data.set]
    labels = recipe.dynamic is not None and recipe.dynamic.loss == "frepo"
    nbytes = memory_bytes(memory, classes, data.frames, data.size, dtype)
    return nbytes + labels * label_bytes(classes, memory.videos_per_class)


@pytest.mark.parametrize("name", [name for name in RECIPES if not name.startswith("full-")])
def test_its_bytes_are_exact(name):
    recipe, told = RECIPES[name], words(name)
    dtype, classes = recipe.export.dtype, CLASSES[recipe.data.set]
    assert f"a distilled set of {stored(recipe, dtype):,} bytes in {dtype} for {classes} classes (" in told
    if recipe.coreset:
        assert f"as float32 {stored(recipe, 'float32'):,})" in told


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.data.set in SETS])
def test_it_has_the_figure_of_the_table(name):
    told, found = words(name), figure_of(RECIPES[name])
    if found is None:
        assert "The paper has no figure" in told and "The paper reports" not in told
        return
    storage = f" at {found.storage}" if found.storage else ""
    assert f"The paper reports {found}{storage}." in told


def test_what_it_is_follows_from_the_settings():
    assert words("mtt-miniucf").startswith(
        "MiniUCF, 1 video per class: stills by gradient matching (DC), then motion by trajectory matching (MTT)."
    )
    assert "whole videos and their labels, from real clips, by ridge" in words("frepo-ssv2-naive")
    assert "5 stills per class by gradient matching (DC), shown as unmoving videos." in words(
        "static-dc-hmdb51-5"
    )
    assert "5 real clips per class chosen by k-center" in words("k-center-ucf101-5")
    soft = words("mtt-miniucf", "dynamic.soft_labels=true", "dynamic.learning_rates.labels=1", "static=null")
    assert "real stills, then motion and labels by trajectory" in soft and "row of labels each video" in soft


def test_experts_that_are_taken_cost_nothing():
    taken = words("mtt-shapes", "experts.source=hf://owner/experts@v1", "experts.count=1")
    assert "; 1 published expert, taken from hf://owner/experts@v1" in taken
    assert "of experts, which recipes" in words("mtt-shapes") and "of experts" not in taken


def test_overrides_change_it():
    told = words(
        "mtt-miniucf", "memory.integrators=3", "data.classes=Archery,High Jump,Diving", "data.root=a b"
    )
    assert "for 3 classes (2 stills and 2 motion clips a class, 3 integrators)" in told
    command = "vdd distill --recipe mtt-miniucf memory.integrators=3 'data.classes=Archery,High Jump,Diving' "
    command += "'data.root=a b' Result"
    assert command in told
    assert "The paper has no figure" in words("mtt-miniucf", "data.frames=8")
    assert "13.5 GB of experts" in words("mtt-miniucf", "experts.count=84")
    assert "kinetics600, 1 video per class" in words("dm-kinetics400", "data.set=kinetics600")
    assert "--recipe other.yaml data.root=UCF101" in words("mtt-miniucf", run_as="other.yaml")


def test_what_was_measured_or_noted_is_said_of_the_settings_it_holds_for():
    assert "a few minutes on two cores" in words("quickstart")
    assert "a few minutes" in words("quickstart", "run.seed=4", "data.root=there")
    assert "a few minutes" not in words("quickstart", "dynamic.iterations=100000")
    assert "Flips half of the clips" in words("dm-ssv2")
    assert "Flips" not in words("dm-ssv2", "data.flip=false")
    assert "Chosen an interval of 4 frames" in words(
        "dm-ssv2-5-naive"
    ) and "; the rates of 1 per class." in words("dm-ssv2-5-naive")


@pytest.mark.parametrize("classes, width, stem", [(50, 128, 64), (7, 8, 4)])
def test_weights_are_counted_as_the_network_has_them(classes, width, stem):
    network = models.create("mini_c3d", classes, 4, 16, width, stem)
    assert mini_c3d_parameters(classes, width, stem) == network.count_params()
    shape = [f"dynamic.width={width}", f"dynamic.stem={stem}", "experts.count=3"]
    recipe = load_recipe("mtt-miniucf", shape)
    assert expert_bytes(recipe, classes) == 3 * (recipe.expert_epochs + 1) * 4 * network.count_params()


def test_it_needs_no_keras():
    code = (
        "import sys, keras_vdd.cli.main as cli; cli.main(['recipes', 'show', 'mtt-miniucf'])\n"
        "sys.exit('keras' in sys.modules or 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "95,335,708 bytes" in done.stdout, done.stderr
