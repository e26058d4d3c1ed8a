"""Records of results come back as they were written, and nothing else is taken for one."""

import json

import pytest
from made_rows import ROW, results, row

from keras_vdd.errors import VddError
from keras_vdd.evaluation.records import _UNKNOWN_TO_0_1, ResultRow, Results
from keras_vdd.sealed import read_json

ROWS = {
    "plain": ROW,
    "with pairs, a text and a note": row(50.0, pairs=75.0, videos_per_class="2-3", note="odd"),
    "some diverged": row(None, 50.0),
    "all diverged": row(None, None),
    "of none": row(videos_per_class=None, clips=0, bytes=0),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_comes_back_from_json(name):
    values = ROWS[name].to_json()
    assert ResultRow.from_json(json.loads(json.dumps(values))) == ROWS[name]


def test_the_keys_are_those_of_the_contract():
    values = row(49.0, 51.0, pairs=75.0).to_json()
    assert {"set", "architecture", "seeds", "top1", "top5", "bytes", "protocol"} <= values.keys()
    assert values["top1"] == {"mean": 50.0, "std": 1.0, "values": [49.0, 51.0]} and values["seeds"] == [0, 1]
    assert "second" not in json.dumps(values)


@pytest.mark.parametrize(
    "change, told",
    [
        ({"bytes": "many"}, "bytes is 'many'"),
        ({"clips": True}, "clips is True"),
        ({"method": None}, "method is None"),
        ({"device": 3}, "device is 3"),
        ({"elsewhere": 1}, "elsewhere is unknown"),
        ({"bytes": ...}, "bytes is missing"),
        ({"networks": ...}, "networks is missing"),
        ({"top1": {"mean": 99.0, "std": 0.0, "values": [99.0]}}, "top1 is not that of the networks"),
        ({"networks": [{"number": 0}]}, "a network's score has the values number"),
        ({"networks": [{**ROW.to_json()["networks"][0], "steps": 1.5}]}, "steps of a network's score is 1.5"),
    ],
)
def test_what_is_no_row_is_told(change, told):
    values = {name: value for name, value in {**ROW.to_json(), **change}.items() if value is not ...}
    with pytest.raises(ValueError, match=told):
        ResultRow.from_json(values)


def test_results_come_back_and_equal_ones_have_equal_bytes(tmp_path):
    path = tmp_path / "results.json"
    assert Results.read(path) is None
    results(ROW, row(None, 50.0)).write(path)
    assert Results.read(path) == results(ROW, row(None, 50.0))
    assert read_json(path) == results(ROW, row(None, 50.0)).to_json()
    before = path.read_bytes()
    Results.read(path).write(path)
    assert path.read_bytes() == before


def test_a_row_says_none_of_what_version_0_1_did_not_know():
    known = {name: value for name, value in ROW.to_json().items() if name not in _UNKNOWN_TO_0_1}
    assert ResultRow.from_json(known) == row(recipe=None, backend=None, device=None, dtype=None)


def test_results_of_version_0_1_are_read(tmp_path):
    values = results().to_json()
    for each in values["rows"]:
        for name in ("set", "architecture", "protocol", "recipe", "backend", "device", "dtype"):
            del each[name]
        for network in each["networks"]:
            network["seconds"] = 1.5
    (tmp_path / "results.json").write_text(json.dumps(values))
    assert Results.read(tmp_path / "results.json") == results(row(49.0, 51.0, recipe=None, device=None))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"rows": 3}', '{"rows": [3]}'])
def test_damaged_results_are_told_with_what_to_do(text, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(VddError, match="are damaged .*: delete that file") as caught:
        Results.read(path)
    assert "\n" not in str(caught.value)
    whole = json.dumps(results().to_json())
    path.write_text(whole[: len(whole) // 2])
    with pytest.raises(VddError, match="are damaged"):
        Results.read(path)
