"""The rooms: imports go down only, nobody imports the command line, and private names stay at home."""

import ast
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONTRACT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def broken_contracts(folder):
    """Check the contract of pyproject.toml on a copy of the package in `folder`; return (exit code, report)."""
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", CONTRACT],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path):
    pytest.importorskip("importlinter")
    shutil.copytree(ROOT / "keras_vdd", tmp_path / "keras_vdd", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_rooms_import_from_rooms_further_down_only(copy):
    code, report = broken_contracts(copy)
    assert code == 0, report


@pytest.mark.parametrize(
    "file, line",
    [
        ("models/footprint.py", "from keras_vdd.runs import folder"),
        ("cards/card.py", "from keras_vdd import pipeline"),
        ("data/decoding/cut.py", "from keras_vdd.data.store import reader"),
    ],
)
def test_an_import_upwards_is_noticed(copy, file, line):
    path = copy / "keras_vdd" / file
    path.write_text(f"{path.read_text()}\n\ndef upwards():\n    {line}\n")
    code, report = broken_contracts(copy)
    assert code == 1 and "BROKEN" in report


def test_a_room_that_the_contract_does_not_name_is_noticed(copy):
    (copy / "keras_vdd" / "attic").mkdir()
    (copy / "keras_vdd" / "attic" / "__init__.py").write_text('"""A new room."""\n')
    code, report = broken_contracts(copy)
    assert code == 1 and "attic" in report


def imports(path):
    """Yield (module, name) of every import of keras_vdd in a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_vdd"):
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.startswith("keras_vdd"))


def room_of(module):
    return module.split(".")[1] if "." in module else ""


def test_nobody_imports_the_command_line_and_private_names_stay_in_their_room():
    found = []
    for path in sorted([*(ROOT / "keras_vdd").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]):
        own = path.relative_to(ROOT).parts
        # `keras_vdd/__main__.py` is the command line by another name.
        home = "cli" if own[0] == "cli" or own[1] == "__main__.py" else own[1].removesuffix(".py")
        for module, name in imports(path):
            if home != "cli" and f"{module}.{name}.".startswith("keras_vdd.cli."):
                found.append(f"{path.relative_to(ROOT)} imports the command line")
            private = [
                part for part in (*module.split("."), name) if part.startswith("_") and part != "__version__"
            ]
            if private and room_of(module) != home:
                found.append(f"{path.relative_to(ROOT)} imports {private[0]} of {module}")
    assert not found, "\n".join(found)
