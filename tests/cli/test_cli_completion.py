"""The Tab key: names of commands, recipes and settings, by click's own way for each shell, without Keras."""

import shutil
import subprocess
import sys

import pytest
from click.shell_completion import get_completion_class

from keras_vdd.cli.main import command

pytestmark = pytest.mark.once


def offered(words, begun, shell="bash"):
    """What the Tab key offers behind some words, where `begun` of the next is typed."""
    found = get_completion_class(shell)(command, {}, "vdd", "_VDD_COMPLETE").get_completions(words, begun)
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


def test_a_shell_is_answered_without_keras():
    code = (
        "import sys\nsys.modules['keras'] = None\nsys.argv[0] = 'vdd'\n"
        "from keras_vdd.cli.main import main\nsys.exit(main([]))"
    )
    words = {
        "_VDD_COMPLETE": "bash_complete",
        "COMP_WORDS": "vdd prepare --recipe herding-sh",
        "COMP_CWORD": "3",
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
    script = get_completion_class("bash")(command, {}, "vdd", "_VDD_COMPLETE").source()
    assert "compopt -o nospace" in script
    asked = (
        'compopt() { echo "$@"; }\nenv() { echo plain,static.width=; }\n'
        "COMP_WORDS=(vdd) COMP_CWORD=1; _vdd_completion vdd; echo ${COMPREPLY[0]}"
    )
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("-o nospace\nstatic.width=\n", "")
