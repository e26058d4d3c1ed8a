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


def test_list_goes_set_by_set(capsys):
    lines = vdd(capsys, "recipes", "list").splitlines()
    recipes = json.loads(vdd(capsys, "recipes", "list", "--json"))
    heads = [line for line in lines if not line.startswith(" ")]
    assert sorted(heads) == sorted({recipe["set"] for recipe in recipes})
    below = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert set(below) == {recipe["name"] for recipe in recipes} and len(lines) == len(below) + len(heads)
    start = lines.index("miniucf") + 1
    assert lines[start].split()[0] == "dm-miniucf" and lines[start].endswith("static-dynamic memory with DM")
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    "options, names",
    [
        (["--set", "shapes", "--method", "mtt"], ["mtt-shapes", "mtt-shapes-naive", "sfvd-shapes"]),
        (["--set", "ssv2", "--method", "herding"], ["herding-ssv2", "herding-ssv2-5"]),
        (["--set", "folder"], ["dm-folder", "mtt-folder", "sfvd-folder"]),
        (["--method", "full", "--set", "ucf101"], ["full-ucf101"]),
    ],
)
def test_list_a_part(options, names, capsys):
    listed = json.loads(vdd(capsys, "recipes", "list", *options, "--json"))
    assert [recipe["name"] for recipe in listed] == names
    assert [line.split()[0] for line in vdd(capsys, "recipes", "list", *options).splitlines()[1:]] == names


def test_list_of_a_part_that_is_not_there(capsys):
    said = vdd(capsys, "recipes", "list", "--set", "ufc101", code=2)
    assert "no recipe has set ufc101; choose one of folder, hmdb51," in said
    assert "no recipe has method frepo; choose one of dm, mtt, naive, static-dynamic" in vdd(
        capsys, "recipes", "list", "--set", "folder", "--method", "frepo", code=2
    )


def test_show_prints_a_whole_recipe_that_loads_again(capsys):
    text = vdd(capsys, "recipes", "show", "dm-ucf101", "data.classes=present", "run.seed=3")
    assert text.startswith("# UCF101")
    assert parse_recipe(text) == load_recipe("dm-ucf101", ["data.classes=present", "run.seed=3"])


def test_show_the_source(capsys, tmp_path):
    text = vdd(capsys, "recipes", "show", "dm-ucf101-5", "--source")
    files = [line.removeprefix("# recipes/") for line in text.splitlines() if line.startswith("# recipes/")]
    layers = ["parts/paper.yaml", "methods/dm.yaml", "sizes/5.yaml", "sets/ucf101.yaml", "exceptions/dm.yaml"]
    assert [file for file in files if file in layers] == layers and "dm-*-5:" in text
    (tmp_path / "mine.yaml").write_text("extends: dm-ucf101\n")
    assert "extends: dm-ucf101\n" in vdd(capsys, "recipes", "show", tmp_path / "mine.yaml", "--source")


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
    (tmp_path / "folder.yaml").mkdir()
    assert "is a folder" in vdd(
        capsys, "recipes", "copy", "quickstart", tmp_path / "folder.yaml", "--force", code=2
    )


def test_a_copy_is_whole_and_valid_alone(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vdd(capsys, "recipes", "copy", "mtt-miniucf-5")
    text = (tmp_path / "mtt-miniucf-5.yaml").read_text()
    assert "extends" not in text and "vdd distill --recipe mtt-miniucf-5.yaml data.root=UCF101" in text
    assert vdd(capsys, "recipes", "validate", "mtt-miniucf-5.yaml") == "mtt-miniucf-5.yaml: valid\n"
    assert load_recipe("mtt-miniucf-5.yaml") == load_recipe("mtt-miniucf-5")
    vdd(capsys, "recipes", "copy", "mtt-miniucf-5.yaml", "again.yaml", "data.size=64", "run.seed=3")
    again = load_recipe("again.yaml")
    assert (again.name, again.data.size, again.run.seed) == ("again", 64, 3)
    assert again.dynamic == load_recipe("mtt-miniucf-5").dynamic
    vdd(capsys, "recipes", "copy", "quickstart", "data.size=40")
    assert load_recipe("quickstart.yaml").data.size == 40
    assert "data.sizes" in vdd(capsys, "recipes", "copy", "quickstart", "x.yaml", "data.sizes=40", code=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "again.yaml",
        "mtt-miniucf-5.yaml",
        "quickstart.yaml",
    ]


def test_every_setting_stands_under_what_it_means(capsys):
    lines = vdd(capsys, "recipes", "show", "quickstart").splitlines()
    body = lines[lines.index("") + 1 :]
    settings = [n for n, line in enumerate(body) if line and not line.lstrip().startswith("#")]
    assert len(settings) > 60 and all(body[n - 1].lstrip().startswith("# ") for n in settings)
    assert "  # Stills of a class (SPC), a multiple of VPC; 0 for full-video." in body
    assert max(len(line) for line in lines if line.lstrip().startswith("#")) <= 110


def test_a_full_disk_is_one_sentence_and_leaves_nothing(capsys, tmp_path, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("keras_vdd.files._sync", full)
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
        (["distill", "quickstart"], "Missing option '--recipe'. Name one, such as --recipe quickstart."),
        (["recipes", "validate", "quickstart", "--data.size=8"], "Settings have no dashes: data.size=VALUE."),
        (["distill", "--recipe", "quickstart", "--precision", "float64"], "float64"),
        (["distill", "--recipe", "quickstart", "--name", "a/b"], "run.name=a/b"),
    ],
)
def test_wrong_requests_end_with_two_and_a_sentence(capsys, args, words):
    said = vdd(capsys, *args, code=2)
    assert words in said and "Traceback" not in said
    assert sum(line.lower().startswith("error: ") for line in said.splitlines()) == 1
