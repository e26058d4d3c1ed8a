"""Choosing a backend: before Keras, said where nobody chose, refused in a sentence."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from keras_vdd import installed
from keras_vdd.cli import backend
from keras_vdd.cli.main import main
from keras_vdd.errors import UsageError

INSTALLED = [name for name in backend.NAMES if backend.installed(name)]


def python(code, *args, env=None, home=None):
    """Run code in a process without a backend chosen and with a Keras home of its own."""
    clean = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    clean |= {"KERAS_HOME": str(home)} if home else {}
    command = [sys.executable, "-P", "-c", code, *args]
    return subprocess.run(command, env=clean | (env or {}), capture_output=True, text=True, timeout=120)


SHOW = "\nimport os; print(os.environ['KERAS_BACKEND'])"
SETTLE = "from keras_vdd.cli import backend; backend.settle()" + SHOW
MAIN = "import sys; from keras_vdd.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("name", INSTALLED)
def test_the_option_decides_before_or_after_the_command(name):
    show = "import sys; from keras_vdd.cli.main import main; main(sys.argv[1:])" + SHOW
    for args in (["--backend", name, "recipes", "list"], ["recipes", "list", "--backend", name]):
        done = python(show, *args, env={"KERAS_BACKEND": "torch"})
        assert done.stdout.splitlines()[-1] == name, done.stderr


def test_nobody_chose(tmp_path):
    done = python(SETTLE, home=tmp_path)
    assert done.stdout.strip() == INSTALLED[0]
    assert done.stderr.count("\n") == 1 and f"backend: {INSTALLED[0]}" in done.stderr


def test_the_configuration_of_keras_is_heard(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": INSTALLED[-1]}))
    assert python(SETTLE, home=tmp_path).stdout.strip() == INSTALLED[-1]
    (tmp_path / "keras.json").write_text("not json")
    assert python(SETTLE, home=tmp_path).stdout.strip() == INSTALLED[0]


@pytest.mark.slow
def test_what_keras_wrote_by_itself_is_no_choice(tmp_path):
    # As Keras writes it, and with a key of a later version.
    wrote = "import keras"
    assert python(wrote, home=tmp_path, env={"KERAS_BACKEND": "torch"}).returncode == 0
    written = json.loads((tmp_path / "keras.json").read_text())
    for content in (written, {**written, "later": False}):
        (tmp_path / "keras.json").write_text(json.dumps(content))
        assert python(SETTLE, home=tmp_path).stdout.strip() == INSTALLED[0]
    (tmp_path / "keras.json").write_text(json.dumps({**written, "backend": "jax"}))
    done = python(SETTLE, home=tmp_path)
    assert done.stdout.strip() == "jax" and f"since {tmp_path / 'keras.json'} says so" in done.stderr


def test_what_was_chosen_and_cannot_be_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(installed, "installed", lambda name: name == "torch")
    first = "it is the first of torch, tensorflow, jax that is installed"
    for name, lacks in (("openvino", "is not supported"), ("jax", "is not installed")):
        monkeypatch.setenv("KERAS_BACKEND", name)
        assert installed.choice() == (name, f"KERAS_BACKEND says so, and it {lacks}")
        monkeypatch.delenv("KERAS_BACKEND")
        (tmp_path / "keras.json").write_text(json.dumps({"backend": name}))
        told = f"{first} ({tmp_path / 'keras.json'} says {name}, which {lacks})"
        assert installed.choice() == ("torch", told)
    for odd in ("[1]", "{}", '{"backend": 5}', '{"backend": null}', "[" * 10**5, "\ud800", ""):
        (tmp_path / "keras.json").write_bytes(odd.encode(errors="surrogatepass"))
        wrong = "" if odd.endswith(("]", "}")) else f" ({tmp_path / 'keras.json'} is no JSON)"
        assert installed.choice() == ("torch", first + wrong)
    for instead in (pathlib.Path.mkdir, os.mkfifo):
        home = tmp_path / instead.__name__
        home.mkdir()
        instead(home / "keras.json")
        monkeypatch.setenv("KERAS_HOME", str(home))
        assert installed.choice()[1].startswith(f"{first} ({home / 'keras.json'} cannot be read (")


def test_a_folder_of_a_backends_name_is_no_backend(tmp_path, monkeypatch):
    (tmp_path / "no_such_backend").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not installed.installed("no_such_backend")


def test_a_run_on_a_backend_that_is_gone_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "environment.json").write_text(json.dumps({"backend": "jax"}))
    for name in ("KERAS_BACKEND", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    for module in (backend, installed):
        monkeypatch.setattr(module, "installed", lambda name: name == "torch")
    monkeypatch.setattr(backend, "choose", lambda name: None)
    backend.settle(run=tmp_path)
    assert capsys.readouterr().err == (
        f"backend: torch, since jax, on which the run '{tmp_path}' was begun, is not installed, and it is the first of "
        "torch, tensorflow, jax that is installed (--backend or KERAS_BACKEND chooses another)\n"
    )


def test_a_run_keeps_its_backend_where_nobody_chose(tmp_path):
    run, last = tmp_path / "run", INSTALLED[-1]
    run.mkdir()
    settle = f"from keras_vdd.cli import backend; backend.settle(run={str(run)!r})" + SHOW
    assert python(settle, home=tmp_path).stdout.strip() == INSTALLED[0]
    (run / "environment.json").write_text(json.dumps({"backend": last}))
    done = python(settle, home=tmp_path)
    assert done.stdout.strip() == last
    assert done.stderr == (
        f"backend: {last}, since the run '{run}' was begun on it (--backend or KERAS_BACKEND chooses another)\n"
    )
    (run / "distilled").mkdir()
    (run / "recipe.yaml").touch()
    assert python(settle.replace("run')", "run/distilled')"), home=tmp_path).stdout.strip() == last
    done = python(settle, home=tmp_path, env={"KERAS_BACKEND": INSTALLED[0]})
    assert (done.stdout.strip(), done.stderr) == (INSTALLED[0], "")
    (run / "environment.json").write_text(json.dumps({"backend": "theano"}))
    assert python(settle, home=tmp_path).stdout.strip() == INSTALLED[0]


def test_how_a_backend_is_installed(tmp_path, monkeypatch):
    def told(noted):
        monkeypatch.setattr(installed, "installed_from", lambda: noted)
        return installed.how_to_install("jax")

    url = tmp_path.as_uri()
    assert told({"url": url, "dir_info": {"editable": True}}) == f'pip install -e ".[jax]" in {tmp_path}'
    assert told({"url": url, "dir_info": {}}) == f"pip install '{tmp_path}[jax]'"
    assert (
        told({}) == told({"url": "file:///no/such/folder", "dir_info": {}}) == 'pip install "keras-vdd[jax]"'
    )


def test_a_home_that_nobody_knows(monkeypatch):
    for name in ("HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pathlib.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert installed.configured() == (None, "")


def test_the_environment_is_heard_silently(tmp_path):
    done = python(SETTLE, home=tmp_path, env={"KERAS_BACKEND": INSTALLED[-1]})
    assert (done.stdout.strip(), done.stderr) == (INSTALLED[-1], "")


@pytest.mark.parametrize("name", backend.NAMES)
def test_a_backend_that_is_not_installed(name):
    hidden = f"import sys; sys.modules[{name!r}] = None\n"
    done = python(hidden + MAIN, "--backend", name, "recipes", "list")
    assert done.returncode == 2
    assert done.stderr == f"error: backend {name} is not installed; {installed.how_to_install(name)}\n"


def test_no_backend_at_all(tmp_path):
    hidden = "import sys; sys.modules.update(torch=None, tensorflow=None, jax=None)\n"
    done = python(hidden + MAIN, "distill", "--recipe", "quickstart", "--dry-run", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no backend is installed; pip install")
    assert done.stderr.count("\n") == 1


def test_an_unknown_backend_in_the_environment(tmp_path):
    done = python(MAIN, "distill", "--recipe", "quickstart", "--dry-run", env={"KERAS_BACKEND": "theano"})
    assert done.returncode == 2 and "KERAS_BACKEND=theano is not supported; choose from torch" in done.stderr


def test_a_backend_starts_where_nothing_can_be_written(monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    started = []
    monkeypatch.setattr(backend.tempfile, "TemporaryFile", nowhere)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backend.importlib, "import_module", started.append)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    backend.start()
    assert started == ["keras"]


def test_keras_that_already_runs_on_another(monkeypatch):
    class Keras:
        class config:
            backend = staticmethod(lambda: "other")

    monkeypatch.setitem(sys.modules, "keras", Keras)
    with pytest.raises(UsageError, match="already runs on other"):
        backend.choose(INSTALLED[0])


def test_a_backend_that_does_not_start_is_one_sentence(tmp_path):
    broken = "import os; os.write(2, b'noise\\n'); raise ImportError('libfoo.so is missing')"
    (tmp_path / "keras.py").write_text(broken)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{MAIN}"
    done = python(code, "prepare", "--recipe", "quickstart", env={"KERAS_BACKEND": INSTALLED[0]})
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: Keras does not start") and "libfoo.so is missing" in last
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTALLED)
def test_starting_keras_says_nothing(name):
    code = "from keras_vdd.cli import backend; backend.settle(); backend.start()\n"
    done = python(code + "import keras; print(keras.config.backend())", env={"KERAS_BACKEND": name})
    assert (done.stdout.strip(), done.stderr) == (name, "")


def test_a_configuration_that_keras_cannot_read_is_one_sentence(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "torch", "floatx": "x"}')
    done = python(MAIN, "-q", "prepare", "--recipe", "quickstart", home=tmp_path)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert last.startswith(
        f"error: Keras cannot read its configuration '{tmp_path / 'keras.json'}' (Invalid `floatx`"
    )


def test_a_folder_that_is_gone_is_one_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["prepare", "--recipe", "quickstart"]) == 2
    assert (
        capsys.readouterr().err
        == "error: the folder that you are in does not exist any more: go to another\n"
    )
