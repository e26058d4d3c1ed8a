"""The rooms: imports go down only and in no circle, none is large, private names stay at home."""

import ast
import graphlib
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


def files_by_room():
    """Return {room: paths of its files}; the rooms inside `data` count as such."""
    rooms = {}
    for path in sorted([*(ROOT / "keras_vdd").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]):
        folders = path.relative_to(ROOT).parts[:-1]
        rooms.setdefault("/".join(folders[: 3 if "data" in folders else 2]), []).append(path)
    return rooms


def test_no_room_has_more_than_2000_lines():
    sizes = {
        room: sum(len(path.read_text().splitlines()) for path in paths)
        for room, paths in files_by_room().items()
        if room != "keras_vdd"  # files of no room
    }
    assert len(sizes) > 30 and {room: lines for room, lines in sizes.items() if lines > 2000} == {}


def circle(folder):
    """Return the modules of a circle of imports in a package, those inside functions too; None where there is none."""
    modules = {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (folder / "keras_vdd").rglob("*.py")
    }
    graph = {
        module: {f"{home}.{name}" if f"{home}.{name}" in modules else home for home, name in imports(path)}
        for module, path in modules.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return None


def test_no_files_import_each_other_in_a_circle(copy):
    assert circle(copy) is None
    low = copy / "keras_vdd" / "storage" / "levels.py"
    low.write_text(f"{low.read_text()}\n\ndef back():\n    from keras_vdd.storage import storage_types\n")
    assert "keras_vdd.storage.levels" in circle(copy)


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
