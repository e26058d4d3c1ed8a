"""The Tab key: names of commands, recipes and settings, by click's own way for each shell, without Keras."""

import shutil
import subprocess
import sys

import pytest
from click.shell_completion import get_completion_class

from keras_vdd.cli.main import command

pytestmark = pytest.mark.once


def completion(shell):
    return get_completion_class(shell)(command, {}, "vdd", "_VDD_COMPLETE")


def offered(words, begun, shell="bash"):
    """What the Tab key offers behind some words, where `begun` of the next is typed."""
    found = completion(shell).get_completions(words, begun)
    return [item.value if item.type == "plain" else item.type for item in found]


@pytest.mark.parametrize(
    "words, begun, expected",
    [
        ([], "inter", ["interpolator"]),
        (["recipes"], "s", ["show"]),
        (["distill", "--recipe"], "quick", ["quickstart"]),
        (["distill", "--recipe"], "./mine", ["file"]),
        (["recipes", "show"], "mtt-sh", ["mtt-shapes", "mtt-shapes-naive"]),
        (["distill", "--recipe", "quickstart"], "run.check", ["run.checkpoint_every="]),
        (["recipes", "copy", "quickstart", "my.yaml"], "data.shapes.te", ["data.shapes.test_per_class="]),
        (["evaluate", "runs/mine"], "evaluation.se", ["evaluation.seeds="]),
        (["evaluate"], "ru", ["dir"]),
        (["recipes", "list", "--set"], "mini", ["miniucf"]),
        (["distill", "--backend"], "to", ["torch"]),
        (["train", "runs/mine", "--save"], "a", ["file"]),
        (["recipes", "copy", "quickstart"], "data.shapes.te", ["data.shapes.test_per_class="]),
        (["recipes", "copy", "quickstart"], "my.y", ["file"]),
        (["distill", "--recipe", "dm-folder"], "data.root=my", ["file"]),
        (
            ["distill", "--recipe", "dm-folder"],
            "export.dtype=int",
            ["int8", "int4"],
        ),
        (["distill", "--recipe", "dm-folder"], "dynamic.loss=m", ["mtt"]),
        (
            ["distill", "--recipe", "dm-folder"],
            "run.deterministic=",
            ["true", "false"],
        ),
        (["distill", "--recipe", "dm-folder"], "data.part=", ["whole", "middle"]),
        (["distill", "--recipe", "dm-folder"], "data.size=", []),
        (["inspect"], "quick", ["dir"]),
    ],
)
def test_what_is_offered(words, begun, expected):
    assert offered(words, begun) == expected


def test_every_recipe_and_no_section():
    from keras_vdd.recipe.names import known

    assert offered(["distill", "--recipe"], "", "zsh") == list(known())
    keys = offered(["distill", "--recipe", "quickstart"], "", "fish")
    assert {"static.iterations=", "data.root=", "dynamic.learning_rates.step_size="} <= set(keys)
    assert "static=" not in keys and all(key.endswith("=") for key in keys)


@pytest.mark.parametrize(
    "shell, line, word, expected",
    [
        (
            "bash",
            "vdd distill --recipe=quick",
            "quick",
            "plain,quickstart\n",
        ),  # the shell's word ends at the =
        ("bash", "vdd distill --recipe=quick", "--recipe=quick", "plain,--recipe=quickstart\n"),
        ("bash", "vdd distill static.width=8 data.fl", "data.fl", "plain,data.flip=\n"),
        ("bash", "vdd distill --recipe quickstart data.codec=j", "j", "plain,jpeg\n"),
        ("bash", "vdd distill --recipe ", "", None),
        ("bash", "vdd distill --recipe dm-folder data.root='my vid", "'my vid", "file,my vid\n"),
        ("zsh", "vdd distill --recipe=quick", "2", "plain\n--recipe=quickstart\n_\n"),
        ("fish", "vdd distill --recipe=quick", "--recipe=quick", "plain,--recipe=quickstart\n"),
    ],
)
def test_what_stands_before_an_equals_sign_is_kept(monkeypatch, shell, line, word, expected):
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", word)
    said = completion(shell).complete() + "\n"
    assert said == expected if expected else "plain,dm-ucf101\n" in said


def test_a_shell_is_answered_without_keras():
    code = (
        "import sys\nsys.modules['keras'] = None\nsys.argv[0] = 'vdd'\n"
        "from keras_vdd.cli.main import main\nsys.exit(main([]))"
    )
    words = {
        "_VDD_COMPLETE": "bash_complete",
        "COMP_WORDS": "vdd prepare --recipe herding-sh",
        "COMP_CWORD": "herding-sh",
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **words},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "plain,herding-shapes\n", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_of_bash_leaves_the_cursor_behind_the_equals_sign():
    asked = (
        'compopt() { echo "$@"; }\nenv() { echo "plain,static.width="; echo "$@" >&2; }\n'
        'COMP_LINE="vdd a=b stat more" COMP_POINT=12 COMP_WORDS=(vdd a = b stat more) COMP_CWORD=4\n'
        "_vdd_completion vdd; echo ${COMPREPLY[0]}"
    )
    done = subprocess.run(
        ["bash", "-c", f"{completion('bash').source()}\n{asked}"], capture_output=True, text=True
    )
    assert done.stdout == "-o nospace\nstatic.width=\n"
    assert done.stderr == "COMP_WORDS=vdd a=b stat COMP_CWORD=stat _VDD_COMPLETE=bash_complete vdd\n"


def test_the_scripts_of_zsh_and_fish_are_mended():
    zsh, fish = completion("zsh").source(), completion("fish").source()
    assert 'compadd -U -S ""' in zsh and zsh.count("compset -P") == 2
    assert fish.count("(commandline -ct)") == 2
    # The shells themselves read them, where they are there.
    for shell, script in (("zsh", zsh), ("fish", fish)):
        if shutil.which(shell):
            done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, "")
