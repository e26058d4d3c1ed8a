"""Times are kept apart, a line for each piece of work, however it ended."""

import json

import pytest

from keras_vdd.times import Times


def test_a_line_for_each_piece_of_work(tmp_path):
    times = Times(tmp_path / "times.jsonl")
    with times.of("evaluation", row="full set", network=1):
        pass
    with pytest.raises(KeyboardInterrupt), times.of("dynamic"):
        raise KeyboardInterrupt
    first, second = map(json.loads, (tmp_path / "times.jsonl").read_text().splitlines())
    assert (first["step"], first["row"], first["network"]) == ("evaluation", "full set", 1)
    assert first["seconds"] >= 0 and first["ended"].endswith("+00:00") and second["step"] == "dynamic"


def test_without_a_place_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Times().of("static"):
        pass
    assert list(tmp_path.iterdir()) == []
