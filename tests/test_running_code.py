"""Which code runs: in a git checkout, installed from git, and neither."""

import shutil
import subprocess

import pytest

import keras_vdd
from keras_vdd import running_code as module

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def _asked_anew():
    functions = (module.running_code, module.project_url, module._metadata, module.installed_from)
    for function in functions:
        function.cache_clear()
    yield
    for function in functions:
        function.cache_clear()


def git(folder, *arguments):
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", "-C", folder, *name, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository that the package lies in, as far as its file says."""
    (tmp_path / "keras_vdd").mkdir()
    (tmp_path / "keras_vdd" / "__init__.py").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    monkeypatch.setattr(keras_vdd, "__file__", str(tmp_path / "keras_vdd" / "__init__.py"))
    return tmp_path


@needs_git
def test_a_checkout_says_its_commit_and_whether_it_was_changed(checkout, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a hook of another repository
    commit = git_head(checkout, monkeypatch)
    assert module.running_code() == {"version": keras_vdd.__version__, "commit": commit, "changed": False}
    module.running_code.cache_clear()
    (checkout / "new.txt").write_text("a file that git does not know changes no code")
    assert module.running_code()["changed"] is False
    module.running_code.cache_clear()
    (checkout / "keras_vdd" / "__init__.py").write_text("x = 1")
    assert module.running_code() == {"version": keras_vdd.__version__, "commit": commit, "changed": True}


def git_head(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.delenv("GIT_DIR")
        return git(folder, "rev-parse", "HEAD")


@needs_git
def test_a_copy_inside_another_repository_is_not_of_its_commit(checkout, monkeypatch):
    inner = checkout / "venv" / "site-packages" / "keras_vdd"
    inner.mkdir(parents=True)
    monkeypatch.setattr(keras_vdd, "__file__", str(inner / "__init__.py"))
    monkeypatch.setattr(module, "installed_from", dict)
    assert module.running_code() == {"version": keras_vdd.__version__, "commit": None, "changed": None}


def test_without_git_nothing_is_said(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(keras_vdd, "__file__", str(tmp_path / "keras_vdd" / "__init__.py"))
    monkeypatch.setattr(module, "installed_from", dict)
    assert module.running_code()["commit"] is None


def test_what_pip_installed_from_git_says_its_commit_and_address(tmp_path, monkeypatch):
    noted = {"url": "https://example.org/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    monkeypatch.setattr(keras_vdd, "__file__", str(tmp_path / "keras_vdd" / "__init__.py"))
    monkeypatch.setattr(module, "installed_from", lambda: noted)
    assert module.running_code() == {"version": keras_vdd.__version__, "commit": "abc", "changed": None}
    assert module.project_url() == "https://example.org/a.git"


@pytest.mark.parametrize(
    "address", ["file:///home/me/clone", "https://me:secret@example.org/a", "ssh://git@example.org/a", ""]
)
def test_private_addresses_are_not_told(address, monkeypatch):
    monkeypatch.setattr(module, "installed_from", lambda: {"url": address, "vcs_info": {"commit_id": "abc"}})
    assert module.project_url() is None


def test_the_address_of_the_metadata_goes_first(monkeypatch):
    from email.message import Message

    about = Message()
    about["Project-URL"] = "Source, https://example.org/project"
    monkeypatch.setattr(module, "_metadata", lambda: about)
    assert module.project_url() == "https://example.org/project"
