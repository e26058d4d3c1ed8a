"""`vdd recipes`: what it prints, writes and refuses."""

import errno
import json

import pytest

from keras_vdd.cli.main import main
from keras_vdd.recipe.load import load_recipe, parse_recipe


def vdd(capsys, *args, code=0):
    assert main([str(arg) for arg in args]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def test_list_as_json(capsys):
    listed = json.loads(vdd(capsys, "recipes", "list", "--json"))
    assert all(set(recipe) == {"name", "summary", "method", "set"} for recipe in listed)
    by_name = {recipe["name"]: recipe for recipe in listed}
    assert by_name["dm-ucf101"]["set"] == "ucf101" and by_name["dm-ucf101"]["method"] == "static-dynamic"
    assert by_name["static-dc-miniucf"]["method"] == "static-dc"


def test_show_prints_a_whole_recipe_that_loads_again(capsys):
    text = vdd(capsys, "recipes", "show", "dm-ucf101", "data.classes=present", "run.seed=3")
    assert text.startswith("# UCF101")
    assert parse_recipe(text) == load_recipe("dm-ucf101", ["data.classes=present", "run.seed=3"])


def test_show_the_source(capsys):
    assert "extends: [_dm, _ucf101]" in vdd(capsys, "recipes", "show", "dm-ucf101", "--source")


def test_show_as_json(capsys):
    shown = json.loads(vdd(capsys, "recipes", "show", "quickstart", "data.size=40", "--json"))
    assert shown["data"]["size"] == 40 and shown["dynamic"]["loss"] == "dm"


def test_a_copy_is_a_recipe_of_its_own(capsys, tmp_path):
    file = tmp_path / "deep" / "mine.yaml"
    vdd(capsys, "recipes", "copy", "dm-ucf101", file)
    copied = load_recipe(file)
    assert copied.name == "mine" and copied.data == load_recipe("dm-ucf101").data
    assert "exists already" in vdd(capsys, "recipes", "copy", "quickstart", file, code=1)
    vdd(capsys, "recipes", "copy", "quickstart", file, "--force")
    assert load_recipe(file).data == load_recipe("quickstart").data
    assert "must end in .yaml" in vdd(capsys, "recipes", "copy", "quickstart", tmp_path / "mine", code=2)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(capsys, tmp_path, monkeypatch):
    def full(reader, writer):
        writer.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    said = vdd(capsys, "recipes", "copy", "quickstart", tmp_path / "a.yaml", code=1)
    assert said.startswith("error: the disk is full") and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_validate(capsys, tmp_path):
    assert vdd(capsys, "recipes", "validate", "quickstart") == "quickstart: valid\n"
    assert json.loads(vdd(capsys, "recipes", "validate", "quickstart", "--json")) == {
        "recipe": "quickstart",
        "valid": True,
    }
    file = tmp_path / "bad.yaml"
    file.write_text("extends: quickstart\ndata: {sizes: 3}\nstatic: {iterations: -1}\n")
    said = vdd(capsys, "recipes", "validate", file, code=2)
    assert "did you mean data.size?" in said and "static.iterations=-1 must be at least 1" in said


@pytest.mark.parametrize(
    "args, words",
    [
        (["recipes", "show", "quickstrat"], "did you mean quickstart?"),
        (["recipes", "show", "none.yaml"], "none.yaml does not exist"),
        (["distill", "--recipe", "quickstart", "satic.iterations=3"], "did you mean static.iterations?"),
        (["prepare", "--recipe", "nope"], "unknown recipe nope"),
        (["distill", "--recipe", "quickstart", "static.iterations"], "is not KEY=VALUE"),
        (["distill", "--recipe", "quickstart", "--precision", "float64"], "float64"),
        (["distill", "--recipe", "quickstart", "--name", "a/b"], "run.name=a/b"),
    ],
)
def test_wrong_requests_end_with_two_and_a_sentence(capsys, args, words):
    said = vdd(capsys, *args, code=2)
    assert words in said and "Traceback" not in said
    assert sum(line.lower().startswith("error: ") for line in said.splitlines()) == 1
