"""`vdd --plugin`: before or after a command, with any backend; what is wrong with the file is told in a sentence."""

import json
import os

import keras
import pytest

from keras_vdd import plugins
from keras_vdd.cli.main import main

ROW = """
import keras_vdd
from keras_vdd.evaluation import Amount, Baseline

class Row(Baseline):
    name, title = "{name}", "a row"

keras_vdd.register_baseline(Row())
print("not a result")
"""
SHOW = ["recipes", "show", "quickstart", "evaluation.compare=mine", "--json"]


@pytest.fixture
def plugin(tmp_path, monkeypatch, forgetting):
    """Write a plugin and return its path; what it registers is forgotten after the test."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="mine.py"):
        (tmp_path / name).write_text(text)
        return name

    return write


@pytest.mark.parametrize("before", [True, False])
def test_it_may_stand_before_a_command_or_after_it(before, plugin, capsys):
    option = ["--plugin", plugin(ROW.format(name="mine"))]
    assert main([*option, *SHOW] if before else [*SHOW, *option]) == 0
    assert json.loads(capsys.readouterr().out)["evaluation"]["compare"] == ["mine"]


def test_a_group_leaves_the_backend_to_what_follows(plugin, capsys):
    path = plugin("import keras\nassert keras.config.backend()\n" + ROW.format(name="mine"))
    assert main(["--plugin", path, *SHOW, "--backend", keras.config.backend()]) == 0
    other = next(name for name in ("torch", "jax") if name != keras.config.backend())
    assert main(["--plugin", path, *SHOW, "--backend", other]) == 2
    assert f"start another for {other}" in capsys.readouterr().err


def test_several_are_run_in_order_and_none_twice(plugin, capsys):
    first = plugin("import sys\nprint('first', file=sys.stderr)\n" + ROW.format(name="one"), "one.py")
    second = plugin("import sys\nprint('second', file=sys.stderr)\n" + ROW.format(name="mine"), "two.py")
    for shown in (["first", "second"], []):
        assert main(["--plugin", first, *SHOW, "--plugin", second, "--plugin", first]) == 0
        said = capsys.readouterr().err.splitlines()
        assert [line for line in said if line in ("first", "second")] == shown
    assert [len(each["sha256"]) for each in plugins.loaded_plugins()] == [64, 64]


def test_nothing_is_left_beside_the_file(plugin, tmp_path):
    assert main([*SHOW, "--plugin", plugin(ROW.format(name="mine"))]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["mine.py"]


@pytest.mark.parametrize(
    "text, code, words",
    [
        ("a = 1\nb = (\n", 2, "Plugin 'mine.py' is no Python: line 2: '(' was never closed."),
        ("a = 1\n1 / 0\n", 1, "Plugin 'mine.py', line 2 fails: ZeroDivisionError: division by zero"),
        (
            "import no_such_module\n",
            1,
            "Plugin 'mine.py', line 1 fails: ModuleNotFoundError: No module named",
        ),
        ("import sys\nsys.exit(3)\n", 1, "Plugin 'mine.py', line 2 fails: SystemExit: 3"),
        (ROW.format(name="full"), 2, "Plugin 'mine.py', line 8: There is a baseline 'full' already"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, code, words, plugin, capsys):
    assert main([*SHOW, "--plugin", plugin(text)]) == code
    said = capsys.readouterr()
    assert said.out == "" and words in said.err and "Traceback" not in said.err
    assert plugins.loaded_plugins() == []


def test_what_is_no_file_is_told(plugin, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe\x00")
    os.mkfifo(tmp_path / "pipe")
    for name, words in (
        ("pipe", "is no file"),
        ("nowhere.py", "does not exist"),
        ("folder", "is a folder"),
        ("picture.png", "is no text"),
    ):
        assert main([*SHOW, "--plugin", name]) == 2
        assert f"error: Plugin '{name}' {words}" in capsys.readouterr().err


def test_the_backend_of_the_run_is_settled_before_the_plugin_runs(plugin, tmp_path, monkeypatch, capsys):
    from keras_vdd.cli import backend

    about = []
    monkeypatch.setattr(backend, "settle", lambda say, run: about.append(run and str(run)))
    path = plugin("assert False\n")
    for command in (
        ["evaluate", "runs/mine"],
        ["train", "runs/mine/distilled"],
        ["distill", "--recipe", "quickstart", "--name", "mine", "run.name=other", "memory.kind=nowhere"],
        ["distill", "--recipe", "quickstart", "run.dir=here"],
        ["distill", "--recipe", "no-such-recipe"],
        ["prepare", "--recipe", "quickstart"],
    ):
        assert main(["--plugin", path, *command]) == 1
    assert about == ["runs/mine", "runs/mine/distilled", "runs/mine", "here/quickstart", None, None]
    assert "Plugin 'mine.py', line 1 fails" in capsys.readouterr().err
