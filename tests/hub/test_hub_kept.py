"""What stays with a set that is written again: results, licence and name; and what it says of its origin."""

import dataclasses
import json

import pytest
from made_rows import ROW, results, row

import keras_vdd
from keras_vdd.cards.provenance import KEYS
from keras_vdd.errors import UsageError, VddError
from keras_vdd.evaluation.records import Results
from keras_vdd.hub.export import rewrite_card
from keras_vdd.hub.kept import as_results, kept_in
from keras_vdd.running_code import running_code
from keras_vdd.sealed import read_json

OWN = dataclasses.replace(ROW, dtype="float32")


def test_results_are_of_the_backend_that_scored_them(make_set):
    distilled = make_set("still", provenance={"backend": "torch"})
    scored = [as_results(given, distilled) for given in (row(backend="jax"), row(backend=None).to_json())]
    assert [results.backend for results in scored] == ["jax", "torch"]
    assert [results.rows[0].backend for results in scored] == ["jax", None]


def card_in(folder):
    return (folder / "README.md").read_text(encoding="utf-8")


def test_results_and_licence_go_with_a_set_through_every_export(make_set, tmp_path):
    table = results(row(70.0, method="random clips, equal bytes", dtype="float32"), OWN)
    first = keras_vdd.export(make_set(), tmp_path / "1", results=table, license="Terms of: UCF")
    as_int8 = keras_vdd.export(first, tmp_path / "2", dtype="int8")
    loaded = keras_vdd.export(keras_vdd.load(as_int8), tmp_path / "3", dtype="float16")
    back = keras_vdd.export(loaded, tmp_path / "4")
    for folder in (first, as_int8, loaded, back):
        assert Results.read(folder / "results.json") == table
        assert kept_in(folder).license == "Terms of: UCF"
        assert card_in(folder).count("50.00 ± 1.00") == 1
        told = 0 if folder in (first, back) else 2
        assert card_in(folder).count("scored as float32") == told
    of_first, of_back = (read_json(folder / "results.json") for folder in (first, back))
    contents = [told.pop("content") for told in (of_first, of_back)]
    assert of_first == of_back and contents == [keras_vdd.load(folder).content for folder in (first, back)]


def test_rows_that_are_given_take_the_place_of_those_that_were_there(make_set, tmp_path):
    first = keras_vdd.export(make_set(), tmp_path / "1", results=OWN)
    other = row(10.0, dtype="int8")
    second = keras_vdd.export(first, tmp_path / "2", dtype="int8", results=[other.to_json()], license="mit")
    assert Results.read(second / "results.json").rows == (other,)
    assert "10.00 ± 0.00" in card_in(second) and "50.00" not in card_in(second)
    third = keras_vdd.export(first, tmp_path / "3", results=results(other).to_json())
    assert Results.read(third / "results.json") == results(other)


def test_a_set_of_arrays_alone_has_neither(make_set, tmp_path):
    folder = keras_vdd.export(make_set(), tmp_path / "set")
    assert not (folder / "results.json").exists()
    assert (kept_in(folder).license, kept_in(folder).results) == (None, None)


@pytest.mark.parametrize("given", [[], {}, [3], "text", {"rows": []}, {"rows": 3}, [{"method": "x"}]])
def test_what_are_no_results_is_told(make_set, tmp_path, given):
    with pytest.raises(UsageError, match="The results are none .*vdd evaluate --json") as caught:
        keras_vdd.export(make_set(), tmp_path / "set", results=given)
    assert "\n" not in str(caught.value) and not (tmp_path / "set").exists()


def test_damaged_results_are_told_before_anything_is_written(make_set, tmp_path):
    folder = keras_vdd.export(make_set(), tmp_path / "set", results=OWN)
    (folder / "results.json").write_text("{")
    with pytest.raises(VddError, match="are damaged"):
        keras_vdd.export(folder, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_card_is_written_anew_with_what_it_said(make_set, tmp_path):
    name = 'someone/a "set"'
    folder = keras_vdd.export(
        make_set(), tmp_path / "set", dtype="float16", license="mit", results=OWN, name=name
    )
    before = card_in(folder)
    assert rewrite_card(folder).read_text(encoding="utf-8") == before
    after = rewrite_card(folder, license="cc-by-4.0").read_text(encoding="utf-8")
    assert after == before.replace("license: mit", "license: cc-by-4.0").replace(": mit\n", ": cc-by-4.0\n")
    after = rewrite_card(folder, results=row(10.0), name="other/name").read_text(encoding="utf-8")
    assert "10.00 ± 0.00" in after and 'load_dataset("other/name"' in after and name not in after
    assert not list(folder.glob(".*"))


def test_a_card_that_somebody_wrote_stops_nothing(make_set, tmp_path):
    folder = keras_vdd.export(make_set(), tmp_path / "set", license="mit")
    for text in (
        "",
        "no front matter",
        "---\n- a list\n---\n",
        "---\n: {\n---\n",
        "---\nlicense: [a, b]\n---\n",
    ):
        (folder / "README.md").write_text(text)
        assert kept_in(folder).license is None
    (folder / "README.md").write_bytes(b"---\nlicense: \xff\n---\n")
    assert kept_in(folder).license is None
    (folder / "README.md").write_text("---\nlicense: mit\n---\nmy own words\n")
    assert kept_in(folder).license == "mit"
    rewrite_card(folder)
    assert "license: mit" in card_in(folder)


def test_every_export_says_where_it_comes_from(make_set, tmp_path):
    folder = keras_vdd.export(
        make_set(provenance={"source": "ucf101", "mine": 1}), tmp_path / "set", dtype="int8"
    )
    told = read_json(folder / "provenance.json")
    assert set(told) == {*KEYS, "mine", "recipe_checksum", "content"} and told["mine"] == 1
    assert told["citation"].startswith("Soomro et al., UCF101")
    assert (told["dtype"], told["memory_bytes"]) == ("int8", make_set().nbytes("int8"))
    assert told["code"] == running_code() and told["seed"] is None
    again = read_json(keras_vdd.export(folder, tmp_path / "2") / "provenance.json")
    assert again == {
        **told,
        "dtype": "float32",
        "memory_bytes": make_set().nbytes(),
        "content": keras_vdd.load(tmp_path / "2").content,
    }
    assert str(tmp_path) not in json.dumps(told)


def test_code_that_is_not_known_is_not_made_up(make_set, tmp_path):
    old = make_set(provenance={"source": "nobody knows", "versions": {"keras_vdd": "0.0.9"}})
    told = json.loads((keras_vdd.export(old, tmp_path / "set") / "provenance.json").read_text())
    assert told["code"] == {"version": "0.0.9", "commit": None, "changed": None}
    assert told["citation"] is None


def test_flipped_bits_beside_the_data_are_told(make_set, tmp_path, caplog):
    folder = keras_vdd.export(make_set(recipe="name: mine\n"), tmp_path / "set", results=OWN)
    keras_vdd.load(folder)
    assert not caplog.messages
    for name in ("provenance.json", "results.json"):
        path = folder / name
        whole = path.read_bytes()
        for place in range(0, len(whole), 9):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(VddError, match=f"{name}.* damaged"):
                keras_vdd.load(folder), kept_in(folder)
        path.write_bytes(b"")
        with pytest.raises(VddError, match=f"{name}.* damaged.*empty"):
            keras_vdd.load(folder), kept_in(folder)
        path.write_bytes(whole)
    (folder / "recipe.yaml").write_text("name: mime\n")
    assert keras_vdd.load(folder).recipe == "name: mime\n"
    assert (
        len(caplog.messages) == 1 and "is not the recipe that the set was exported with" in caplog.messages[0]
    )
