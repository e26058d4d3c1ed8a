"""run.device and run.deterministic: what they may be, and what is said of the rest."""

import pytest

from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import load_recipe, parse_recipe, resolved_yaml


def test_a_recipe_that_says_nothing_takes_what_the_backend_does():
    run = load_recipe("quickstart").run
    assert (run.device, run.deterministic) == ("auto", False)


@pytest.mark.parametrize("device", ["auto", "cpu", "gpu", "mps", "cuda", "cuda:0", "cuda:12"])
def test_devices_travel_with_the_recipe(device):
    recipe = load_recipe("quickstart", [f"run.device={device}", "run.deterministic=true"])
    assert (recipe.run.device, recipe.run.deterministic) == (device, True)
    assert parse_recipe(resolved_yaml(recipe)) == recipe


@pytest.mark.parametrize(
    "device, close",
    [
        ("cuda:x", "; did you mean cuda:0?"),
        ("cuda:01", "; did you mean cuda:0?"),
        ("CUDA", "; did you mean cuda?"),
        ("gpus", "; did you mean gpu?"),
        ("nvidia", ""),
    ],
)
def test_other_names_are_refused_with_the_nearest(device, close):
    with pytest.raises(UsageError) as raised:
        load_recipe("quickstart", [f"run.device={device}"])
    assert str(raised.value) == (
        f"recipe quickstart: run.device={device} must be one of auto, cpu, gpu, cuda, mps or cuda:N, N being a "
        f"number from 0{close}"
    )


def test_a_word_for_deterministic_is_refused():
    with pytest.raises(UsageError, match="run.deterministic=yes must be true or false"):
        load_recipe("quickstart", ["run.deterministic=yes"])
