"""The card: front matter that `datasets` reads, figures, results, licence, recipe verbatim."""

import pytest

import keras_vdd
from keras_vdd.errors import UsageError

RESULT = {
    "set": "distilled",
    "architecture": "mini_c3d",
    "backend": "torch",
    "device": "cpu",
    "seeds": 3,
    "top1": {"mean": 61.25, "std": 1.5, "values": [60, 61, 63]},
    "top5": {"mean": 90.0, "std": 0.5, "values": [90, 90, 90]},
    "bytes": 1234567,
    "protocol": {"evaluator": "stable", "steps": 300},
}


def card_of(made, tmp_path, **options):
    folder = keras_vdd.export(made, tmp_path / "set", overwrite=True, **options)
    return folder, (folder / "README.md").read_text(encoding="utf-8")


def front_matter(text):
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(text.split("---\n")[1])


def test_the_front_matter_names_the_files_by_their_content(make_set, tmp_path):
    folder, text = card_of(make_set(), tmp_path)
    front = front_matter(text)
    (config,) = front["configs"]
    (files,) = config["data_files"]
    assert files["split"] == "train"
    assert sorted(folder.glob(files["path"])) == sorted((folder / "data").iterdir())
    assert keras_vdd.load(folder).content in files["path"]
    assert "dataset_info" not in front, "features in the card would be forced on the reader's rows"
    assert front["task_categories"] == ["video-classification"] and front["size_categories"] == ["n<1K"]
    assert set(front["tags"]) >= {"keras", "keras-vdd", "dataset-distillation", "video"}


def test_the_licence_is_the_user_s_to_state(make_set, tmp_path):
    assert "license" not in front_matter(card_of(make_set("still"), tmp_path)[1])
    assert (
        front_matter(card_of(make_set("still"), tmp_path, license="cc-by-4.0")[1])["license"] == "cc-by-4.0"
    )


def test_bytes_are_exact_and_the_recipe_verbatim(make_set, tmp_path):
    made = make_set(recipe='summary: "a `quoted` $name ```fence```"\n')
    folder, text = card_of(made, tmp_path, dtype="float16")
    stored = sum(file.stat().st_size for file in (folder / "data").iterdir())
    for number in (made.nbytes("float16"), stored, 123_456_789):
        assert f"| {number:,} |" in text
    assert f"````yaml\n{made.recipe}````" in text
    assert "2312.00362" in text and "![" in text


def test_storage_that_is_no_plain_value_is_explained(make_set, tmp_path):
    import numpy as np

    plain = card_of(make_set(), tmp_path)[1]
    assert "stored as " not in plain and "_scale" not in plain and "interpolated" not in plain
    text = card_of(make_set(), tmp_path, dtype="int8")[1]
    assert (
        "`statics` and `dynamics` are stored as int8: value = number x scale, with a float32 scale for each "
        "still and motion clip in `statics_scale` and `dynamics_scale`."
    ) in text
    assert f"| memories and integrator, int8 | {make_set().nbytes('int8'):,} |" in text
    text = card_of(make_set("full-video"), tmp_path, dtype="uint8")[1]
    assert "`video` is stored as uint8: value = (number / 255 - mean) / std" in text
    small = make_set(dynamic=np.ones((12, 4, 2, 4, 3, 1)))
    text = card_of(small, tmp_path, dtype="float16")[1]
    assert "`dynamics` are stored at 2 x 4 x 3 and interpolated linearly to 5 x 8 x 9" in text
    assert "stored as" not in text


def test_learned_labels_are_explained(make_set, tmp_path):
    import numpy as np

    assert "soft_label" not in card_of(make_set("still"), tmp_path)[1]
    labels = np.full((12, 2, 12), 1 / 12)
    text = card_of(make_set("still", labels=labels, label_kind="probabilities"), tmp_path)[1]
    assert "probabilities of the 12 classes" in text and "CategoricalCrossentropy(from_logits=True)" in text
    text = card_of(make_set("still", labels=labels, label_kind="regression"), tmp_path)[1]
    assert "mean squared error" in text and "MeanSquaredError()" in text


def test_a_coreset_is_said_to_be_real(make_set, tmp_path):
    made = make_set("full-video", provenance={"source": "shapes", "coreset": "herding"})
    text = card_of(made, tmp_path, dtype="uint8")[1]
    assert "24 real videos of 12 classes" in text and "chosen from shapes (herding)" in text
    assert front_matter(text)["pretty_name"] == "shapes, a coreset (herding, 2 per class)"
    assert "synthetic" not in text and "no record of real events" not in text
    assert "no record of real events" in card_of(make_set("full-video"), tmp_path)[1]


def test_results_come_with_their_protocol(make_set, tmp_path):
    made = make_set("still")
    assert "None were given." in card_of(made, tmp_path)[1]
    text = card_of(made, tmp_path, results=[RESULT])[1]
    assert "| distilled | mini_c3d | 61.25 ± 1.50 | 90.00 ± 0.50 | 3 | 1,234,567 |" in text
    assert "Protocol: evaluator stable, steps 300." in text
    with pytest.raises(UsageError, match="lacks 'top1'"):
        card_of(made, tmp_path, results={"set": "x", "architecture": "y"})


def test_a_class_or_source_with_odd_characters_keeps_the_card_readable(make_set, tmp_path):
    made = make_set("still", provenance={"source": 'my: "set" #1 $x'})
    assert 'my: "set" #1 $x' in front_matter(card_of(made, tmp_path)[1])["pretty_name"]


def test_the_card_is_written_anew_when_results_have_come(make_set, tmp_path):
    from keras_vdd.hub.export import rewrite_card

    folder, before = card_of(make_set(), tmp_path, dtype="float16")
    assert rewrite_card(folder).read_text(encoding="utf-8") == before
    after = rewrite_card(folder, license="other", results=RESULT, name="someone/a-set").read_text(
        encoding="utf-8"
    )
    assert "61.25 ± 1.50" in after and 'load_dataset("someone/a-set"' in after
    assert front_matter(after)["license"] == "other"
    assert front_matter(after)["configs"] == front_matter(before)["configs"]
    assert not list(folder.glob(".*"))
