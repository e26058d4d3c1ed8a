"""Figures of the paper that stand beside a plan."""

import pytest

from keras_vdd.distilled.budget import memory_bytes
from keras_vdd.planning.paper_figures import figure, figure_of
from keras_vdd.recipe.load import list_recipes, load_recipe

RECIPES = {recipe.name: recipe for recipe in list_recipes()}
CLASSES = {"miniucf": 50, "hmdb51": 51}
LATER = ("sfvd-",)  # methods that the paper does not have
PRINTED = [
    recipe
    for recipe in RECIPES.values()
    if recipe.data.set in CLASSES
    and recipe.method != "full"
    and not recipe.name.startswith((*LATER, "keyframes-"))
]


def test_cells_of_table_2_and_table_3():
    best, large = figure("mtt", "miniucf", 1), figure("mtt", "kinetics400", 5)
    assert (best.mean, best.deviation, best.top, best.table, best.storage) == (23.3, 0.6, 1, 2, "94 MB")
    assert (large.mean, large.deviation, large.top, large.table, large.storage) == (11.5, 0.5, 5, 3, None)
    assert str(best) == "23.3 +- 0.6 % top-1 on MiniC3D (table 2)"
    assert str(figure("full", "miniucf", 1)) == "57.22 +- 0.14 % top-1 on MiniC3D (table 2)"


def test_cells_of_table_4():
    across = figure("mtt", "miniucf", 1, "convnet_gru")
    assert (across.mean, across.deviation, across.storage) == (14.8, 0.1, "94 MB")
    assert str(across) == "14.8 +- 0.1 % top-1 on CNN+GRU (table 4)"
    assert str(figure("random", "miniucf", 1, "convnet_lstm")) == "6.5 +- 0.3 % top-1 on CNN+LSTM (table 4)"
    for other in (("dm", "miniucf", 5, "convnet_gru"), ("dm", "hmdb51", 1, "convnet_gru")):
        assert figure(*other) is None
    assert figure("dm", "miniucf", 1, "convnet_rnn") is figure("frepo", "miniucf", 1, "convnet_gru") is None


def test_a_set_has_the_figure_of_the_network_that_is_trained_on_it():
    of = {
        name: figure_of(load_recipe("dm-miniucf", [f"evaluation.architecture={name}"]))
        for name in ("mini_c3d", "convnet_gru", "convnet_lstm", "convnet_mean")
    }
    assert [figure and figure.mean for figure in of.values()] == [17.5, 12.0, 10.3, None]
    # Table 4 has sets that were learned on MiniC3D.
    assert figure_of(load_recipe("dm-miniucf", ["dynamic.network=convnet_gru"])) is None


def test_key_frames_have_the_figures_of_their_own_paper():
    found = {
        name: figure_of(load_recipe("keyframes-miniucf", [f"memory.insertion={name}"]))
        for name in ("gradient", "random", "none")
    }
    assert [figure.mean for figure in found.values()] == [17.9, 16.8, 15.8]
    assert str(found["gradient"]) == "17.9 % top-1 on MiniC3D (PRISM, arXiv 2505.22564)"
    assert str(figure_of(RECIPES["keyframes-hmdb51-5"])).startswith("10.5 %")
    assert figure_of(RECIPES["keyframes-ssv2"]) is None
    assert figure_of(load_recipe("keyframes-miniucf", ["evaluation.architecture=convnet_gru"])) is None


def test_cells_that_the_paper_does_not_have():
    assert figure("mtt", "ucf101", 1) is None
    assert figure("mtt", "miniucf", 2) is None
    assert figure("frepo", "ssv2", 1) is None
    assert figure("full", "miniucf", 5) is None


@pytest.mark.parametrize("recipe", PRINTED, ids=lambda recipe: recipe.name)
def test_printed_storage_is_that_of_the_tensors(recipe):
    memory, data = recipe.memory, recipe.data
    nbytes = memory_bytes(memory, CLASSES[data.set], data.frames, data.size)
    number, unit = figure_of(recipe).storage.split()
    # Megabytes of 10^6 or of 2^20, one figure for 50 and for 51 classes.
    assert unit == "MB" and float(number) * 1e6 == pytest.approx(nbytes, rel=0.08)


@pytest.mark.parametrize(
    "override",
    [
        "data.frames=8",
        "data.size=64",
        "memory.statics_per_class=3",
        "memory.dynamics_per_class=1",
        "data.set=ucf101",
    ],
)
def test_other_settings_than_the_paper_has_no_figure(override):
    assert figure_of(RECIPES["dm-miniucf"]) is not None
    assert figure_of(load_recipe("dm-miniucf", [override])) is None


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith(LATER)])
def test_methods_that_came_later_have_none(name):
    assert figure_of(RECIPES[name]) is None


def test_stills_learned_by_dm_have_none():
    stills = [
        "memory.kind=still",
        "static=null",
        "dynamic.learning_rates={static: 1}",
        "evaluation.compare=[]",
    ]
    assert figure_of(load_recipe("dm-miniucf", stills)) is None
