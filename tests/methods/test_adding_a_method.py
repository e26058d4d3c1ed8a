"""The page on adding a loss, run as it is written; its loss then has the tests that every loss has."""

import json
import re
import subprocess
import sys

import pytest
import test_every_method
from test_extending import SHAPES, SHORT, follow, rows_of
from tiny_stage import KINDS

import keras_vdd
from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import load_recipe


@pytest.fixture
def place(tmp_path):
    """A folder with the page's file."""
    follow("adding-a-method.md", tmp_path)
    return tmp_path


@pytest.fixture
def registered(place, forgetting):
    """The page's method in this process, until the test ends."""
    return keras_vdd.load_plugin(place / "moments.py").METHOD


@pytest.mark.once
@pytest.mark.slow
def test_the_command_of_the_page_ends_with_a_set(tmp_path, vdd_here):
    (words,) = follow("adding-a-method.md", tmp_path)
    vdd_here(words, *SHORT, *SHAPES, "evaluation.compare=[random-clips]")
    run = tmp_path / "runs" / "moments"
    assert list(rows_of(run)) == ["random clips", "Moments + static-dynamic"]
    results = json.loads((run / "results.json").read_text())
    assert results["losses"]["dynamic"]["iterations"] == 4 and results["rows"][-1]["clips"] == 16
    loaded = keras_vdd.load(run / "distilled")
    assert loaded.kind == "static-dynamic" and "loss: moments" in loaded.recipe
    (plugin,) = json.loads((run / "environment.json").read_text())["plugins"]
    assert plugin["file"] == "moments.py"
    # Gone on with, it is done; without the plugin the setting that is wrong is named.
    vdd_here(words, *SHORT, *SHAPES, "evaluation.compare=[random-clips]")
    said = vdd_here(["evaluate", "runs/moments"], code=2).err
    assert "dynamic.loss=moments must be one of dc, dm, frepo, mtt" in said


@pytest.mark.once
@pytest.mark.slow
def test_in_a_folder_beside_the_others_it_is_found_by_itself(place):
    folder = place / "own" / "moments"
    folder.mkdir(parents=True)
    text, last = (place / "moments.py").read_text().rstrip().rsplit("\n", 1)
    assert last == "keras_vdd.register_method(METHOD)"
    (folder / "__init__.py").write_text(text + "\n", encoding="utf-8")
    code = (
        "import keras_vdd.methods as m; m.__path__.append('own'); import keras_vdd; "
        "from keras_vdd.recipe.keys import known_keys; "
        "print(m.METHODS.names(), 'dynamic.variance' in known_keys(), "
        "keras_vdd.plan(keras_vdd.load_recipe('quickstart', ['dynamic.loss=moments']))['title'])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=place, capture_output=True, text=True, timeout=600
    )
    assert done.stdout == "['dc', 'dm', 'frepo', 'moments', 'mtt'] True Moments + static-dynamic\n"


@pytest.mark.once
def test_the_schema_and_its_errors_know_it_while_it_is_registered(registered):
    recipe = load_recipe("quickstart", ["dynamic.loss=moments", "dynamic.variance=2"])
    assert recipe.dynamic.variance == 2 and recipe.loss_of("dynamic") is registered
    for overrides, sentence in {
        (
            "dynamic.loss=moment",
        ): "dynamic.loss=moment must be one of dc, dm, frepo, moments, mtt; did you mean moments?",
        ("dynamic.loss=moments", "dynamic.variance=-1"): "dynamic.variance=-1 must be at least 0",
        (
            "dynamic.loss=moments",
            "dynamic.varianc=1",
        ): "unknown key dynamic.varianc; did you mean dynamic.variance?",
        ("dynamic.variance=1",): "dynamic.loss=dm has no setting variance; remove dynamic.variance",
        (
            "dynamic.loss=moments",
            "dynamic.pool=1",
        ): "dynamic.loss=moments has no setting pool; remove dynamic.pool",
    }.items():
        with pytest.raises(UsageError, match=re.escape(sentence)):
            load_recipe("quickstart", overrides)
    # What only it has is left behind where another loss is chosen.
    back = load_recipe("quickstart", ["dynamic.loss=moments", "dynamic.variance=2", "dynamic.loss=dm"])
    assert back == load_recipe("quickstart")


def test_without_it_the_name_is_unknown():
    with pytest.raises(UsageError, match="dynamic.loss=moments must be one of dc, dm, frepo, mtt"):
        load_recipe("quickstart", ["dynamic.loss=moments"])


@pytest.mark.parametrize("kind", KINDS)
def test_its_gradient_meets_differences(kind, registered, monkeypatch):
    test_every_method.test_its_gradient_meets_differences_in_all_that_it_learns("moments", kind, monkeypatch)


def test_it_is_resumed_planned_and_told_like_the_others(registered, tmp_path, monkeypatch):
    test_every_method.test_stopped_in_its_midst_and_begun_again_it_ends_with_the_same_bytes(
        "moments", "still", (), tmp_path
    )
    test_every_method.test_it_is_planned_and_twice_the_iterations_take_twice_the_time(
        "moments", "still", monkeypatch
    )
    test_every_method.test_what_it_learns_is_what_it_declares("moments")
    test_every_method.test_its_settings_say_what_they_are("moments")
