"""Help: fast, without Keras, and with examples that run."""

import json
import re
import runpy
import shlex
import subprocess
import sys

import click
import pytest

from keras_vdd.cli import main as cli
from keras_vdd.recipe.load import load_recipe
from keras_vdd.storage.storage_types import DTYPES

HEAVY = ("keras", "numpy", "pydantic", "ruamel", "rich", "datasets", "av", "torch", "tensorflow", "jax")


def vdd(*args, code=0, **more):
    command = [sys.executable, "-P", "-m", "keras_vdd.cli", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == code, done.stderr
    return done


def commands():
    """Yield (words, command) of every command there is."""
    waiting = [((), cli.command)]
    while waiting:
        words, command = waiting.pop(0)
        yield words, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            names = command.list_commands(context)
            waiting += [((*words, name), command.get_command(context, name)) for name in names]


EVERY = dict(commands())
# The example of `vdd doctor` runs where what it says is tested.
CHEAP = ("recipes",)


def test_storage_types_are_those_there_are():
    (dtype,) = [option for option in EVERY["export",].params if option.name == "dtype"]
    assert tuple(dtype.type.choices) == DTYPES


def test_a_process_that_imports_the_command_again_does_not_run_it(monkeypatch):
    """As those do that are spawned to decode videos."""
    monkeypatch.setattr(sys, "argv", ["vdd", "recipes", "list"])
    runpy.run_module("keras_vdd.cli.__main__", run_name="__mp_main__")


def test_a_user_s_own_files_are_not_taken_for_what_is_imported(tmp_path):
    for name in ("logging", "random", "keras", "pydantic"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')\n")
    for module in ("keras_vdd", "keras_vdd.cli"):
        words = [sys.executable, "-m", module, "recipes", "validate", "quickstart"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr


def examples(command):
    return [line.strip() for line in command.epilog.splitlines() if line.strip().startswith("vdd ")]


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["distill", "--help"], ["recipes", "--help"]])
def test_help_imports_nothing_heavy(args):
    code = (
        "import sys\nfrom keras_vdd.cli.main import main\nmain(sys.argv[1:])\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    command = [sys.executable, "-P", "-c", code, *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_recipes_are_listed_without_keras():
    code = "from keras_vdd.cli.main import main\nmain(['recipes', 'list'])\n"
    code += "import sys; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_the_commands_are_those_promised():
    promised = "recipes prepare experts interpolator distill evaluate train predict export publish load inspect doctor"
    assert list(cli.COMMANDS) == promised.split()
    assert {("recipes", name) for name in ("list", "show", "copy", "validate")} <= set(EVERY)


@pytest.mark.parametrize("words", EVERY, ids=lambda words: " ".join(("vdd", *words)))
def test_help_ends_with_an_example(words, capsys):
    assert cli.main([*words, "--help"]) == 0
    lines = capsys.readouterr().out.rstrip().splitlines()
    at = max(number for number, line in enumerate(lines) if line.strip() == "Example:")
    shown = [line.strip() for line in lines[at + 1 :]]
    assert shown == examples(EVERY[words]) and shown


LINES = sorted({line for command in EVERY.values() for line in examples(command)})


@pytest.mark.parametrize("line", LINES)
def test_examples_name_commands_options_and_recipes_that_exist(line):
    args = shlex.split(line)[1:]
    command, words = cli.command, ()
    while isinstance(command, click.Group):
        words, args = (*words, args[0]), args[1:]
        command = EVERY[words]
    context = command.make_context(words[-1], list(args))
    if context.params.get("recipe"):
        load_recipe(context.params["recipe"], context.params.get("overrides", ()))


@pytest.mark.parametrize("line", [line for line in LINES if line.split()[1] in CHEAP])
def test_examples_that_need_no_training_run(line, tmp_path):
    done = vdd(*shlex.split(line)[1:], cwd=tmp_path)
    assert done.stdout
    if "--json" in line:
        json.loads(done.stdout)


def test_unknown_commands_and_options(capsys):
    assert cli.main(["distil"]) == 2
    assert "did you mean distill?" in capsys.readouterr().err
    assert cli.main(["distill", "--recipe", "quickstart", "--dryrun"]) == 2
    assert "--dry-run" in capsys.readouterr().err
    assert cli.main(["distill"]) == 2
    assert "--recipe" in capsys.readouterr().err


def test_the_version_is_the_package_s(capsys):
    import keras_vdd

    assert cli.main(["--version"]) == 0
    assert re.fullmatch(rf"vdd, version {re.escape(keras_vdd.__version__)}\n", capsys.readouterr().out)
