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
    run(
        "-m",
        "keras_vdd.cli",
        "distill",
        "--recipe",
        "quickstart",
        *short,
        "evaluation.compare=[]",
        folder=folder,
    )
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
    assert len([line for line in script.splitlines() if line.strip()]) < 10
    printed = run("-c", script.replace("epochs=300", "epochs=2"), folder=quickstart)
    accuracy = float(re.search(r"test accuracy ([\d.]+)", printed).group(1))
    assert 0 <= accuracy <= 1


def test_the_front_door_goes_from_a_recipe_to_a_smaller_set(quickstart, tmp_path):
    (script,) = blocks("py")
    (tmp_path / "stores").symlink_to(quickstart / "stores")
    short = {"static.iterations": 1, "evaluation.steps": 2, "evaluation.seeds": 1, "evaluation.compare": []}
    told = script.replace('"dynamic.iterations": 100', f'"dynamic.iterations": 2, **{short}')
    assert told != script
    *_, scores, loaded = run("-c", told, folder=tmp_path).splitlines()
    assert "'values'" in scores and "bytes as float16" in loaded
    assert (tmp_path / "losses.csv").read_text().startswith("epoch,iteration,loss")


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
    named = {
        word for row in rows for cell in re.findall(r"`([^`]+)`", row.split("|")[1]) for word in cell.split()
    }
    assert set(COMMANDS) <= named | {"recipes"}


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") != "torch", reason="the table says that it is torch's")
def test_what_gpus_should_take_is_what_the_plan_says(monkeypatch):
    from keras_vdd.models import footprint
    from keras_vdd.planning import plan
    from keras_vdd.planning import stage_costs as planned_stages
    from keras_vdd.recipe.load import load_recipe

    # As on a card of 80 GB; nothing is measured here.
    monkeypatch.setattr(footprint, "device_bytes", lambda: 80 * 10**9)
    monkeypatch.setattr(planned_stages, "training_pass", lambda network: 0.0)
    rate = 1e12 * float(re.search(r"assumed (\d+) TFLOP/s", README).group(1))
    rows = README.split("| recipe | memory, estimated |")[1].split("\n\n")[0].splitlines()[2:]
    assert len(rows) == 8
    for row in rows:
        name, *told = re.fullmatch(r"\| `(.+)` \| (\d+) GB \| ([\d.]+) \| ([\d.]+) \|", row).groups()
        stages = plan.plan(load_recipe(name))["estimates"]
        table = [stage for stage in stages if stage.startswith("evaluation")]
        hours = [
            sum(stages[stage]["operations"] for stage in some) / rate / 3600
            for some in (stages.keys() - table, table)
        ]
        memory = max(stage["bytes of memory"] for stage in stages.values()) / 1e9
        assert told == [f"{memory:.0f}", *(f"{length:.1f}" for length in hours)], name
