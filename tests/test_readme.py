"""What the README says can be run, runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """A folder with the run `quickstart`, learned briefly: the geometry is the recipe's own."""
    folder = tmp_path_factory.mktemp("readme")
    short = "static.iterations=1 dynamic.iterations=2 evaluation.steps=2 evaluation.seeds=1".split()
    run("-m", "keras_vdd.cli", "distill", "--recipe", "quickstart", *short, "evaluation.compare=[]", folder=folder)
    return folder


def run(*arguments, folder):
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=600, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_script_trains_on_the_loaded_set_and_prints_its_accuracy(quickstart):
    (script,) = blocks("python")
    assert "epochs=300" in script
    assert len([line for line in script.splitlines() if line.strip()]) <= 15
    printed = run("-c", script.replace("epochs=300", "epochs=2"), folder=quickstart)
    accuracy = float(re.search(r"test accuracy ([\d.]+)", printed).group(1))
    assert 0 <= accuracy <= 1


def test_the_table_has_every_recipe_and_no_other():
    from keras_vdd.recipe.load import list_recipes

    rows = README.split("| recipe | what it is |")[1].split("\n\n")[0].splitlines()[2:]
    named = {name for row in rows for name in re.findall(r"`([a-zA-Z0-9-]+)`", row.split("|")[1])}
    # A name with SET stands for one of each set, and for what -5 and -naive make of it.
    found = set()
    for recipe in list_recipes():
        plain = recipe.name.removesuffix("-naive").removesuffix("-5")
        general = re.sub(rf"-{recipe.data.set}$", "-SET", plain)
        assert named & {recipe.name, general}, recipe.name
        found |= named & {recipe.name, general}
    assert found == named


def test_every_command_of_the_table_exists():
    from keras_vdd.cli.main import COMMANDS

    rows = [line for line in README.splitlines() if line.startswith("| `vdd")]
    named = {word for row in rows for cell in re.findall(r"`([^`]+)`", row.split("|")[1]) for word in cell.split()}
    assert set(COMMANDS) <= named | {"recipes"}
