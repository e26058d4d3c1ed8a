"""The schema: what it documents, what it refuses, and how stages and memory must fit."""

import pytest
from pydantic import BaseModel, ValidationError

from keras_vdd.memory import MEMORIES
from keras_vdd.recipe.keys import known_keys
from keras_vdd.recipe.schema import Recipe

RATES = {"dynamic": 1.0, "integrator": 0.1}


def make(**sections):
    return Recipe.model_validate({"name": "r", "dynamic": {"learning_rates": RATES}, **sections})


def sections(model=Recipe):
    yield model
    for name in known_keys():
        part = Recipe
        for step in name.split("."):
            if (
                step not in part.model_fields
            ):  # of a kind of memory or a loss alone, whose own tests read its fields
                part = None
                break
            annotation = part.model_fields[step].annotation
            options = getattr(annotation, "__args__", (annotation,))
            part = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)
            if part is None:
                break
        if part:
            yield part


def test_every_field_says_what_it_is():
    bare = [
        f"{model.__name__}.{name}"
        for model in sections()
        for name, field in model.model_fields.items()
        if not (field.description or (isinstance(field.annotation, type) and field.annotation.__doc__))
    ]
    assert not bare


def test_a_recipe_cannot_be_changed():
    recipe = make()
    with pytest.raises(ValidationError):
        recipe.data.size = 3


@pytest.mark.parametrize(
    "memory, dynamic, static, method",
    [
        ({}, {"learning_rates": RATES}, {}, "static-dynamic"),
        ({"kind": "still"}, None, {}, "static-dc"),
        ({"kind": "still"}, {"learning_rates": {"static": 1.0}}, None, "naive"),
        ({"kind": "full-video"}, {"learning_rates": {"video": 30.0}}, None, "naive"),
    ],
)
def test_methods_follow_from_memory_and_stages(memory, dynamic, static, method):
    recipe = make(memory=memory, dynamic=dynamic, static=static, evaluation={"compare": ["full"]})
    assert recipe.method == method


@pytest.mark.parametrize("vpc, spc, dpc", [(1, 1, 1), (1, 2, 3), (5, 10, 10), (2, 2, 4)])
def test_memories_in_multiples_of_the_slots_are_taken(vpc, spc, dpc):
    memory = MEMORIES.get("static-dynamic").settings(
        videos_per_class=vpc, statics_per_class=spc, dynamics_per_class=dpc
    )
    assert (memory.statics_per_class, memory.dynamics_per_class) == (spc, dpc)


def test_other_counts_are_refused_both_at_once():
    with pytest.raises(ValidationError) as caught:
        MEMORIES.get("static-dynamic").settings(videos_per_class=2, statics_per_class=3, dynamics_per_class=0)
    assert "statics_per_class=3" in str(caught.value) and "dynamics_per_class=0" in str(caught.value)


def test_a_kind_keeps_only_what_it_has():
    still = MEMORIES.get("still").settings(dynamics_per_class=4, integrators=3)
    assert (still.statics_per_class, still.dynamics_per_class, still.integrators) == (2, 0, 1)
    video = MEMORIES.get("full-video").settings(videos_per_class=3)
    assert (video.statics_per_class, video.dynamics_per_class) == (0, 0)


def test_shapes_settings_are_there_for_shapes_only():
    assert make(data={"set": "shapes"}).data.shapes.train_per_class > 0
    assert make(data={"set": "folder", "shapes": {"seed": 3}}).data.shapes is None


@pytest.mark.parametrize(
    "sections, words",
    [
        ({"dynamic": None}, "needs a dynamic stage"),
        ({"dynamic": {"learning_rates": {"dynamic": 1.0}}}, "learning_rates.integrator"),
        ({"memory": {"kind": "still"}, "dynamic": None}, "no stage"),
        ({"memory": {"kind": "full-video"}, "dynamic": None, "static": {}}, "no stage"),
        ({"memory": {"kind": "full-video"}, "static": {}}, "set static=null"),
        ({"memory": {"kind": "still"}, "dynamic": None, "static": {}}, "static-only"),
        ({"memory": {"integrators": 3}, "data": {"classes": ["a", "b"]}}, "integrators=3"),
        ({"data": {"classes": ["a"]}}, "at least two"),
        ({"data": {"classes": ["a", "a"]}}, "twice"),
        ({"data": {"std": [0.1, 0.0, 0.1]}}, "greater than or equal to 0.000001"),
        ({"data": {"test_fraction": 1.0}}, "less than 1"),
        ({"data": {"set": "ucf101", "unused": "train"}}, "data.unused=train is for hmdb51"),
        ({"data": {"set": "hmdb51", "unused": "test"}}, "drop"),
        ({"data": {"set": "hmdb51", "split": 4}}, "less than or equal to 3"),
        ({"data": {"set": "ssv2", "split": 2}}, "data.split=2 is for hmdb51, miniucf, ucf101"),
        ({"data": {"set": "folder", "annotations": "lists"}}, "data.annotations is for the lists"),
        ({"data": {"set": "kinetics"}}, "kinetics400"),
        ({"evaluation": {"compare": ["full", "full"]}}, "twice"),
        ({"static": {"iterations": True}}, "must be a number"),
        ({"static": {"learning_rate": float("nan")}}, "finite"),
        ({"static": {"learning_rate": -0.1}}, "greater than or equal to 0"),
        ({"run": {"name": "../elsewhere"}}, "pattern"),
    ],
)
def test_what_does_not_fit_is_refused(sections, words):
    with pytest.raises(ValidationError, match=words):
        make(**sections)


@pytest.mark.parametrize(
    "data",
    [
        {"set": "hmdb51", "split": 3, "unused": "train", "annotations": "lists"},
        {"set": "miniucf", "split": 2},
        {"set": "kinetics700", "annotations": "all.csv"},
        {"set": "ssv2", "annotations": "labels"},
    ],
)
def test_settings_of_public_sets(data):
    made = make(data=data).data
    assert all(getattr(made, name) == value for name, value in data.items())
    # What a resolved recipe says is taken again, with every default written out.
    assert make(data=made.model_dump()).data == made


def coreset(method, *compare):
    evaluation = {"compare": compare}
    return make(
        coreset={"method": method}, memory={"kind": "full-video"}, dynamic=None, evaluation=evaluation
    )


@pytest.mark.parametrize(
    "method, row",
    [
        ("random", "random-clips"),
        ("full", "full"),
        ("full", "random-clips-equal-bytes"),
        ("full", "random-stills-equal-bytes"),
    ],
)
def test_rows_that_say_nothing_beside_a_coreset_are_refused(method, row):
    with pytest.raises(ValidationError, match=f"evaluation.compare has {row}, .*drop that row"):
        coreset(method, row)
    assert coreset("herding", row).evaluation.compare == (row,)


def test_whole_numbers_may_be_written_as_floats():
    assert make(static={"iterations": 1e4}).static.iterations == 10_000
    with pytest.raises(ValidationError):
        make(static={"iterations": 1.5})
