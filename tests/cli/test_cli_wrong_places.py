"""Every command, given every kind of wrong place or word: one sentence, exit code 1 or 2, and nothing made."""

import os
import socket

import pytest

from keras_vdd.cli.main import main

pytestmark = pytest.mark.once

PLACES = (
    "nowhere", "no/such/folder", "empty-folder", "empty", "text", "binary", "text/below/it", "broken-link", "circle",
    "fifo", "socket", "x" * 300, "", "-", "owner/name/more", "hf://", "wörter", "empty.yaml", "binary.yaml",
    "list.yaml", "folder.yaml", "latin.yaml", "binary.keras", "folder.keras", "binary.png", "results.json",
    "set-like", "run-like", "~nobody-of-that-name/x",
)  # fmt: skip
# Where each costs a second, as networks are built or recipes read first, or some of the others are well.
FEW = (
    "nowhere",
    "empty-folder",
    "binary",
    "text/below/it",
    "circle",
    "fifo",
    "socket",
    "run-like",
    "~nobody-of-that-name",
)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A folder with one of each kind of wrong file."""
    folder = tmp_path_factory.mktemp("places")
    for name in ("empty-folder", "folder.yaml", "folder.keras", "set-like/data", "run-like/distilled"):
        (folder / name).mkdir(parents=True)
    for name in ("empty", "empty.yaml"):
        (folder / name).touch()
    for name in ("text", "text.yaml", "results.json"):
        (folder / name).write_text("some words\n")
    junk = bytes(range(256)) * 8
    for name in (
        "binary",
        "binary.yaml",
        "binary.keras",
        "binary.png",
        "set-like/README.md",
        "run-like/recipe.yaml",
    ):
        (folder / name).write_bytes(junk)
    (folder / "set-like" / "data" / "train-00000-of-00001.parquet").write_bytes(junk)
    (folder / "run-like" / "environment.json").write_text("{}")
    (folder / "list.yaml").write_text("- 1\n- 2\n")
    (folder / "latin.yaml").write_bytes("name: Übung\n".encode("latin-1"))
    (folder / "broken-link").symlink_to("gone")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "fifo")
    bound = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(folder)
    bound.bind("socket")
    os.chdir(here)
    yield folder
    bound.close()


RUN = ["run.dir=made", "data.store=made/stores"]
COMMANDS = {
    "a recipe": ["recipes", "validate", "{}"],
    "a recipe to show": ["recipes", "show", "{}", "--source"],
    "a recipe to copy": ["recipes", "copy", "{}", "made.yaml"],
    "a recipe to prepare": ["prepare", "--recipe", "{}"],
    "a recipe to distil": ["distill", "--recipe", "{}"],
    "a recipe to plan": ["distill", "--dry-run", "--recipe", "{}"],
    "a recipe of experts": ["experts", "--recipe", "{}"],
    "a recipe of an interpolator": ["interpolator", "--recipe", "{}"],
    "videos": ["prepare", "--recipe", "dm-folder", "data.root={}", *RUN],
    "videos of UCF101": ["prepare", "--recipe", "dm-ucf101", "data.root={}", *RUN],
    "a set to evaluate": ["evaluate", "{}"],
    "a set to train on": ["train", "{}", "--save", "made.keras"],
    "a set to export": ["export", "{}", "--to", "made"],
    "a set to inspect": ["inspect", "{}"],
    "a set to load": ["load", "{}"],
    "a set to publish": ["publish", "{}", "owner/name"],
    "a classifier": ["predict", "{}", "text"],
    "a number": ["recipes", "validate", "quickstart", "static.iterations={}x"],
    "a word": ["recipes", "validate", "quickstart", "dynamic.loss={}x"],
    "a key": ["recipes", "validate", "quickstart", "{}=1"],
    "no setting": ["recipes", "validate", "quickstart", "{}"],
    "a command": ["{}"],
    "a backend": ["--backend", "{}", "recipes", "list"],
}
SLOWER = {
    "stills": ["distill", "--recipe", "quickstart", "--stills-from", "{}", *RUN],
    "experts": ["experts", "--recipe", "mtt-shapes", "experts.source={}", *RUN],
    "a plugin": ["recipes", "validate", "quickstart", "--plugin", "{}"],
    "a set of recipes": ["recipes", "list", "--set", "{}"],
}


@pytest.mark.parametrize("what", [*COMMANDS, *SLOWER])
def test_it_is_one_sentence_and_nothing_is_made(what, places, monkeypatch, capfd):
    monkeypatch.chdir(places)
    before = sorted(places.rglob("*"))
    for place in PLACES if what in COMMANDS else FEW:
        words = [word.replace("{}", place) for word in (COMMANDS | SLOWER)[what]]
        code, said = main(words), capfd.readouterr()
        sentences = [line for line in said.err.splitlines() if line.lower().startswith("error: ")]
        assert (code in (1, 2), len(sentences), said.out) == (True, 1, ""), (words, said.err)
        assert "Traceback" not in said.err and len(sentences[0]) < 900, words
    assert sorted(places.rglob("*")) == before
