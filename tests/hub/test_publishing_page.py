"""`docs/publishing.md` as it is written, on a small run, with a stand-in for the Hub."""

import re
import shlex
from pathlib import Path

import pytest
from hub.stand_in import WRITER
from small_experts import recipe_of
from small_sets import numbers

import keras_vdd
from keras_vdd.experts import engine
from keras_vdd.recipe.load import load_recipe, resolved_yaml
from keras_vdd.runs.folder import RunFolder

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "publishing.md").read_text(encoding="utf-8")
CODE = f"""
import contextlib, io, json, sys
sys.path.insert(0, {str(TESTS)!r})
from keras_vdd.cli.main import main
from keras_vdd.models.clips import mini_c3d
from small_experts import Linear

mini_c3d.NETWORK = Linear  # nothing to compile
for how, told, _ in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        if how == "run":
            names = dict()
            exec(told[0], names)
            print(len(names["train"]), names["train"][0]["video"].shape, names["arrays"])
        else:
            failed = main(told)
            assert not failed, told
    print(json.dumps(out.getvalue()))
"""


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def place(make_set, linear, stores, tmp_path):
    """A folder with the two runs that the page names, as far as publishing looks at them."""
    recipe = recipe_of(
        tmp_path, "experts.count=2", "evaluation.compare=[]", "evaluation.steps=1", "run.name=taken"
    )
    (tmp_path / "stores").symlink_to(Path(stores["train"].folder).parents[1])
    (tmp_path / "mtt-shapes.yaml").write_text(resolved_yaml(recipe))
    engine.learn_experts(recipe, stores)
    RunFolder(load_recipe(recipe, **{"run.name": "mtt-shapes"}))
    run = RunFolder(load_recipe(recipe, **{"run.name": "quickstart"}))
    made = make_set(
        recipe=resolved_yaml(recipe), class_names=stores["train"].class_names, frames=8, videos_per_class=1,
        static=numbers(0, 8, 1, 32, 32, 3), dynamic=numbers(1, 8, 1, 8, 32, 32, 1),
    )  # fmt: skip
    keras_vdd.export(made, run.path / "distilled")
    return tmp_path


@pytest.mark.slow
def test_the_page_runs(hub, at_hub, place):
    hub.users[WRITER] = ("me", True)
    commands = [
        shlex.split(line.replace("--recipe mtt-shapes", "--recipe mtt-shapes.yaml"), comments=True)[1:]
        for block in blocks("bash")
        for line in block.splitlines()
    ]
    (script,) = blocks("py")
    said = at_hub(*[("vdd", *command, {}) for command in commands], ("run", script, {}), code=CODE)
    dry, sent, experts, taken, distilled, loaded, copied, inspected, evaluated, read = said
    assert "nothing was sent" in dry and "tag format-2" in sent
    repositories = hub.dataset("me/shapes-distilled"), hub.dataset("me/shapes-experts")
    assert [len(repository.commits) for repository in repositories] == [2, 2]
    assert "take them: experts.source=hf://me/shapes-experts" in experts and "2" in taken
    assert (place / "runs" / "taken" / "distilled").is_dir() and "MTT" in distilled
    assert "classes" in loaded and keras_vdd.load(place / "copy").classes == 8 and "copy" in copied
    assert (
        (place / "set.png").stat().st_size and (place / "set.gif").stat().st_size and "cc0-1.0" in inspected
    )
    assert "static-dynamic set" in evaluated and "±" in evaluated
    assert read.startswith("8 (8, 32, 32, 3) LoadedSet(")
