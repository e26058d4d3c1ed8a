"""Experts published to a stand-in for the Hub by the unmodified client, and taken from there by a recipe."""

import hashlib
import json
from pathlib import Path

import pytest
from small_experts import contents, recipe_of

from keras_vdd.experts import engine
from keras_vdd.recipe.load import resolved_yaml

CODE = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import keras_vdd
from keras_vdd.errors import VddError
from keras_vdd.experts import training
from keras_vdd.models.clips import mini_c3d
from small_experts import Linear

mini_c3d.NETWORK = Linear
training.ExpertTrainer = None  # nothing is trained here
for verb, args, options in json.loads(sys.argv[1]):
    try:
        print(json.dumps(getattr(keras_vdd, verb)(*args, **options)))
    except VddError as error:
        print(json.dumps(dict(error=str(error))))
"""


@pytest.mark.slow
def test_experts_are_published_and_taken_by_address(hub, at_hub, linear, stores, tmp_path):
    bank = engine.learn_experts(recipe_of(tmp_path, "experts.count=2"), stores)
    recipe = tmp_path / "wanting.yaml"
    recipe.write_text(
        resolved_yaml(recipe_of(tmp_path, "experts.count=2", "experts.source=hf://user/experts"))
    )
    (other := tmp_path / "other").mkdir()
    (other / "train.csv").write_text("a,b")
    hub.hold("user/strange", other)
    first, same, strange, taken, pinned, misfit, missing, loaded, inspected = at_hub(
        ("publish_experts", bank.folder, "user/experts", {"license": "cc0-1.0", "tag": "v1"}),
        ("publish_experts", bank.folder, "user/experts", {"license": "cc0-1.0"}),
        ("publish_experts", bank.folder, "user/strange", {"license": "cc0-1.0"}),
        ("make_experts", recipe, {}),
        ("make_experts", recipe, {"experts.source": "hf://user/experts@v1", "experts.count": 1}),
        ("make_experts", recipe, {"experts.batch_size": 9}),
        ("make_experts", recipe, {"experts.source": "user/none"}),
        ("load", "user/experts@v1", {}),
        ("inspect", "user/experts", {}),
        code=CODE,
    )
    files = hub.dataset("user/experts").files()
    assert files.items() >= contents(bank.folder).items() and first["tag"] == "v1"
    assert first["use"] == "experts.source=hf://user/experts" and not same["changed"]
    told = json.loads(files["experts.json"])["files"]
    assert {name: about["sha256"] for name, about in told.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents(bank.folder).items()
    }
    assert [expert["top1"] for expert in taken["experts"]] == bank.accuracies and "hub-home" in taken[
        "folder"
    ]
    assert len(pinned["experts"]) == 1
    assert "do not fit the recipe: they have experts.batch_size=10, and it has 9" in misfit["error"]
    assert "the Hub has no dataset user/none" in missing["error"]
    assert loaded["error"] == (
        "user/experts@v1 on the Hub holds experts, networks for trajectory matching, and no distilled set: "
        "`vdd experts --recipe RECIPE experts.source=hf://user/experts@v1` takes them and says how good they are."
    )
    assert "experts.source=hf://user/experts`" in inspected["error"]
    assert "holds something other than a folder of experts (such as train.csv)" in strange["error"]
