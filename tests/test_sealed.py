"""Sealed text: every damaged bit and every missing end is noticed, and whose it is."""

import json
import os

import pytest

from keras_vdd.learning.checkpoint import DamagedFile, load_arrays
from keras_vdd.sealed import Damaged, OfAnotherRun, read_json, seal, unseal, write_json

VALUES = {"run": "mine", "rows": [{"top1": 12.5, "name": "né"}, None], "small": 1e-05}


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("run_id", [None, "a run"])
def test_values_come_back_and_the_text_is_json(indent, run_id):
    text = seal(VALUES, run_id, indent)
    assert unseal(text, run_id) == unseal(text) == VALUES
    assert list(json.loads(text)) == [*VALUES, *(["run_id"] if run_id else []), "checksum"]
    assert text.endswith("\n") == (indent is not None) and seal(VALUES, run_id, indent) == text


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("run_id", [None, "a run"])
def test_every_flipped_bit_and_every_length_is_noticed(indent, run_id, tmp_path):
    path = tmp_path / "values.json"
    write_json(path, VALUES, run_id, indent)
    whole = path.read_bytes()
    damaged = [whole[:end] for end in range(len(whole.rstrip()))]
    for place in range(len(whole)):
        for bit in range(8):
            damaged.append(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(Damaged):
            read_json(path, run_id)


def test_text_of_another_run_and_of_none_is_refused():
    with pytest.raises(OfAnotherRun, match="belongs to another run"):
        unseal(seal(VALUES, "another"), "mine")
    with pytest.raises(OfAnotherRun):
        unseal(seal(VALUES), "mine")
    with pytest.raises(Damaged, match="its checksum is missing"):
        unseal(json.dumps(VALUES), "mine")


def test_text_of_versions_without_seals_is_read_where_no_run_is_asked_for():
    assert unseal(json.dumps(VALUES)) == VALUES
    for text in ("", "[1]", "3", '{"a": 1} x'):
        with pytest.raises(Damaged, match="it is empty|it is no JSON"):
            unseal(text)


def test_what_is_not_there_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "nothing.json")


@pytest.mark.parametrize("made", [os.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
@pytest.mark.parametrize("read", [read_json, load_arrays])
def test_what_has_the_place_of_a_file_is_damage(read, made, tmp_path):
    made(path := tmp_path / "values")
    with pytest.raises((Damaged, DamagedFile), match="damaged|no regular file"):
        read(path)
