"""What gets installed: every room and every recipe, and nothing under a name that is not ours."""

import importlib.util
import itertools
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOMES = {"keras_vdd": "keras_vdd", "keras_vdd.cli": "cli", "keras_vdd.recipes": "recipes"}


def packages_in_the_tree():
    for name, folder in HOMES.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            yield ".".join((name, *init.parent.relative_to(ROOT / folder).parts))


def test_the_list_of_packages_is_the_tree():
    listed, there = SETTINGS["tool"]["setuptools"]["packages"], set(packages_in_the_tree())
    for package in sorted(there.symmetric_difference(listed)):
        said = "has no folder: take it out of" if package in listed else "would not be installed: add it to"
        pytest.fail(f"The package {package} {said} `packages` in pyproject.toml.")
    assert listed == sorted(set(listed))


def test_no_room_lacks_its_init():
    for folder in HOMES.values():
        for module in (ROOT / folder).rglob("*.py"):
            assert (module.parent / "__init__.py").is_file(), module


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that a copy of the checkout builds, without the network."""
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed, and a wheel is built without the network here")
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    # A copy, so that no build folder is left in the checkout, where it would keep deleted files alive.
    for entry in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / entry, source / entry)
    for entry in (*HOMES.values(), "tests"):
        shutil.copytree(ROOT / entry, source / entry, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-P", "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*command, "-w", str(place), str(source)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = place.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_module_and_every_recipe(wheel):
    names = set(wheel.namelist())
    for name, folder in HOMES.items():
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".yaml", ".md", ".typed") and "__pycache__" not in file.parts:
                inner = "/".join((*name.split("."), *file.relative_to(ROOT / folder).parts))
                assert inner in names


def test_type_checkers_read_the_annotations_of_what_is_installed(wheel, tmp_path):
    home = tmp_path / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    wheel.extractall(packages)
    user = tmp_path / "user.py"
    user.write_text(
        "import keras_vdd.errors\nkeras_vdd.errors.VddError.exit_code = 'one'\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "mypy", "--config-file=", "--no-incremental"]
    command += ["--python-executable", home / "bin" / "python"]
    done = subprocess.run([*command, user], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert 'has type "str", variable has type "int"' in done.stdout, done.stdout + done.stderr
    (packages / "keras_vdd" / "py.typed").unlink()
    done = subprocess.run([*command, user], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert "py.typed" in done.stdout, done.stdout + done.stderr


def test_nothing_else_reaches_site_packages(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"keras_vdd"}
    assert not [name for name in wheel.namelist() if "tests" in name.split("/")]


def test_the_wheel_runs_by_itself(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import keras_vdd.cli.main as cli; print(cli.__file__); sys.exit(cli.main(['recipes', 'list']))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path)) and "quickstart" in done.stdout


def test_the_command_is_installed_as_vdd(wheel):
    (points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "vdd = keras_vdd.cli.main:run" in wheel.read(points).decode()


def test_constraints_pin_what_the_package_asks_for():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    project = SETTINGS["project"]
    asked = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    names = {line.split("[")[0].split(">")[0].split("<")[0].strip().lower() for line in asked}
    assert names - {"keras-vdd"} <= pinned
    assert not [line for line in lines if "//" in line or "@" in line or line.startswith("-")]


def test_the_readme_gives_the_command_that_ci_runs():
    command = "python -m venv .venv && . .venv/bin/activate && "
    command += 'pip install -c constraints.txt -e ".[all,test]" && python -m tests'
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
