"""Commands that are pointed at a set, a run or a store: what they find and what they refuse."""

import errno
import json

import numpy as np
import pytest
from made_rows import results

from keras_vdd.classifiers import place
from keras_vdd.cli.main import main
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.hub.export import export
from keras_vdd.recipe.load import load_recipe, resolved_yaml


def vdd(capsys, *args, code=0):
    assert main([str(arg) for arg in args]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def small_set():
    rng = np.random.default_rng(0)
    recipe = load_recipe("quickstart", ["data.size=8", "data.frames=4"])
    return DistilledSet(
        kind="static-dynamic",
        class_names=("left", "right"),
        frames=4,
        mean=(0.5, 0.5, 0.5),
        std=(0.2, 0.2, 0.2),
        videos_per_class=1,
        static=rng.normal(size=(2, 2, 8, 8, 3)).astype("float32"),
        dynamic=rng.normal(size=(2, 2, 4, 8, 8, 1)).astype("float32"),
        video=None,
        kernels=rng.normal(size=(1, 3, 3, 3, 4, 3)).astype("float32"),
        biases=np.zeros((1, 3), "float32"),
        labels=None,
        recipe=resolved_yaml(recipe),
        provenance={"seed": 0},
    )


@pytest.fixture
def run(tmp_path):
    """A finished run folder, as far as these commands look into it."""
    folder = tmp_path / "runs" / "quickstart"
    folder.mkdir(parents=True)
    distilled = small_set()
    export(distilled, folder / "distilled")
    (folder / "recipe.yaml").write_text(distilled.recipe)
    (folder / "environment.json").write_text(json.dumps({"backend": "torch"}))
    results().write(folder / "results.json")
    return folder


BYTES = 4 * (2 * 2 * 8 * 8 * 3 + 2 * 2 * 4 * 8 * 8 + 327)


def test_inspect_a_run_and_its_set(capsys, run):
    facts = json.loads(vdd(capsys, "inspect", run, "--json"))
    assert (facts["kind"], facts["set"], facts["environment"]) == ("run", "shapes", {"backend": "torch"})
    assert facts["distilled"] == json.loads(vdd(capsys, "inspect", run / "distilled", "--json"))
    held = facts["distilled"]
    assert held["bytes"] == BYTES and held["classes"] == ["left", "right"] and held["videos"] == 8
    assert held["shapes"]["dynamic"] == [2, 2, 4, 8, 8, 1] and held["mean"] == [0.5] * 3
    assert held["provenance"]["seed"] == 0
    assert f"{BYTES:,}" in vdd(capsys, "inspect", run)


def test_inspect_draws_a_picture(capsys, run, tmp_path):
    from PIL import Image

    vdd(capsys, "inspect", run, "--picture", tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.size[0] > 8
    assert "must end in .png" in vdd(capsys, "inspect", run, "--picture", tmp_path / "p.gif", code=2)


def test_export_again_in_half_the_bytes(capsys, run, tmp_path):
    target = tmp_path / "smaller"
    args = ("export", run, "--dtype", "float16", "--to", target)
    written = json.loads(vdd(capsys, *args, "--json"))
    assert written["bytes"] == (BYTES - 4 * 327) // 2 + 4 * 327
    assert json.loads(vdd(capsys, "inspect", target, "--json"))["dtype"] == "float16"
    card = (target / "README.md").read_text(encoding="utf-8")
    assert "50.00 ± 1.00" in card and "scored as float32" in card, "what was scored was stored as float32"
    vdd(capsys, "export", run, "--to", tmp_path / "same")
    card = (tmp_path / "same" / "README.md").read_text(encoding="utf-8")
    assert "50.00 ± 1.00" in card and "scored as" not in card
    assert vdd(capsys, *args, code=2).startswith("error: ")
    vdd(capsys, *args, "--force")


@pytest.mark.parametrize("command", ["evaluate", "train", "inspect"])
def test_places_that_hold_no_set(capsys, tmp_path, command):
    assert "does not exist" in vdd(capsys, command, tmp_path / "none", code=2)
    (tmp_path / "empty").mkdir()
    assert "is no distilled set" in vdd(capsys, command, tmp_path / "empty", code=1)
    (tmp_path / "file").write_text("x")
    assert "is a file" in vdd(capsys, command, tmp_path / "file", code=2)


def test_a_run_that_has_not_come_to_a_set(capsys, run, tmp_path):
    (run / "distilled").rename(tmp_path / "gone")
    assert "no distilled set yet" in vdd(capsys, "evaluate", run, code=1)
    assert "no distilled set yet" in vdd(capsys, "export", run, "--to", tmp_path / "x", code=1)
    assert json.loads(vdd(capsys, "inspect", run, "--json"))["kind"] == "run"


def test_train_keeps_keras_files_only(capsys, run, tmp_path):
    assert "must end in .keras" in vdd(capsys, "train", run, "--save", tmp_path / "x.h5", code=2)
    assert "does not exist" in vdd(capsys, "train", run, "--save", tmp_path / "no" / "x.keras", code=2)
    (tmp_path / "folder.keras").mkdir()
    assert "it is a folder" in vdd(capsys, "train", run, "--save", tmp_path / "folder.keras", code=2)


def test_a_place_for_a_classifier_is_tried_before_training(capsys, run, tmp_path, monkeypatch):
    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(place, "try_writing", refused)
    said = vdd(capsys, "train", run, "--save", tmp_path / "x.keras", code=2)
    assert said.endswith(
        f"the folder {tmp_path} cannot be written to (Permission denied): name a file in another\n"
    )


def test_inspect_a_store(capsys, tmp_path):
    from keras_vdd.data.sources import find_videos
    from keras_vdd.data.store import prepare

    shapes = ["data.shapes.train_per_class=1", "data.shapes.test_per_class=1", "data.size=16"]
    data = load_recipe("quickstart", [*shapes, f"data.store={tmp_path / 'stores'}"]).data
    stores = prepare(find_videos(data), data)
    facts = json.loads(vdd(capsys, "inspect", tmp_path / "stores", "--json"))
    found = {name: value for name, value in facts.items() if isinstance(value, dict)}
    assert {value["bytes"] for value in found.values()} == {store.nbytes for store in stores.values()}
    assert all((held["videos"], held["classes"], held["size"]) == (8, 8, 16) for held in found.values())


def test_damaged_results_are_one_sentence(capsys, run, tmp_path):
    (run / "results.json").write_text('{"rows": [')
    said = vdd(capsys, "export", run, "--to", tmp_path / "set", code=1)
    assert said.startswith(f"error: The results '{run}/results.json' are damaged") and said.count("\n") == 1
    assert not (tmp_path / "set").exists()
