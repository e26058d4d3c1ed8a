"""The card: front matter that `datasets` reads, figures, results, licence, recipe verbatim."""

import pytest
from made_rows import row

import keras_vdd
from keras_vdd.errors import UsageError


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
    text = card_of(make_set("still"), tmp_path, license="CC-BY-4.0")[1]
    assert front_matter(text)["license"] == "cc-by-4.0" and "terms of the source videos: CC-BY-4.0" in text
    assert (
        front_matter(card_of(make_set("still"), tmp_path, license="CC BY 4.0")[1])["license"] == "cc-by-4.0"
    )
    terms = 'Only "research", see https://example.org/terms, no\nfaces: ok'
    front = front_matter(card_of(make_set("still"), tmp_path, license=terms)[1])
    assert front["license"] == "other" and front["license_details"] == terms.replace("\n", " ")
    assert front["license_name"] == "only-research-see-https-example.org-terms-no-faces-ok"
    assert front["license_link"] == "https://example.org/terms"


def test_a_licence_that_looks_like_a_name_of_the_hub_and_is_none_is_told(make_set, tmp_path, caplog):
    text = card_of(make_set("still"), tmp_path, license="cc-by-99")[1]
    assert front_matter(text)["license"] == "other" and front_matter(text)["license_name"] == "cc-by-99"
    assert "cc-by-99 is no licence that the Hub knows by name" in caplog.text


def test_a_folder_of_one_s_own_is_called_so_and_not_by_its_setting(make_set, tmp_path):
    text = card_of(make_set(provenance={"source": "folder"}), tmp_path)[1]
    assert front_matter(text)["pretty_name"].startswith("a folder of videos, distilled")
    assert (
        "learned from a folder of videos to train" in text and "- source videos: a folder of videos" in text
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
    text = card_of(make_set(), tmp_path, dtype="int4")[1]
    assert (
        "`statics` and `dynamics` are stored as int4: value = level x scale. A byte holds two levels, each with 8 "
        "added, the first in its lower four bits; levels follow the axes of each still and motion clip, with a "
        "float16 scale for each 64 of them in `statics_scale` and `dynamics_scale`."
    ) in text
    assert f"| memories and integrator, int4 | {make_set().nbytes('int4'):,} |" in text
    text = card_of(make_set("full-video"), tmp_path, dtype="uint8")[1]
    assert "`video` is stored as uint8: value = (number / 255 - mean) / std" in text
    small = make_set(dynamic=np.ones((12, 4, 2, 4, 3, 1)))
    text = card_of(small, tmp_path, dtype="float16")[1]
    assert (
        "`dynamics` is stored at 2 x 4 x 3 and interpolated to 5 x 8 x 9 before the integrator (linear"
        in text
    )
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


def test_results_come_with_their_protocol_and_the_set_s_own_row_marked(make_set, tmp_path):
    made = make_set("still", provenance={"source": "shapes", "method": "DM stills"})
    assert "None were given." in card_of(made, tmp_path)[1]
    rows = [
        row(30.0, 40.0, method="random clips, equal bytes", videos_per_class="2-3", dtype="float32"),
        row(60.0, 62.5, method="DM stills", protocol="evaluator | stable", note="odd", dtype="float32"),
        row(None, None, method="full set"),
    ]
    text = card_of(made, tmp_path, results=rows)[1]
    assert (
        "| random clips, equal bytes | mini_c3d | 2-3 | 95,335,708 | 35.00 ± 5.00 | 90.00 ± 0.00 | 2 |  |"
    ) in text
    assert (
        "| **DM stills** (this set) | mini_c3d | 1 | 95,335,708 | 61.25 ± 1.25 | 90.00 ± 0.00 | 2 | odd |"
        in text
    )
    assert "| full set | mini_c3d | 1 | 95,335,708 | diverged | - | 2 | 2 of 2 diverged |" in text
    assert "- Protocol: evaluator stable." in text and "- Protocol: evaluator \\| stable." in text
    with pytest.raises(UsageError, match="The results are none .*is missing.* `vdd evaluate --json` prints"):
        card_of(made, tmp_path, results={"set": "x", "architecture": "y"})


ODD = (
    "no",
    '"quoted" \\ back',
    "new\nline",
    "<b>bold</b> & |pipe|",
    "日本語 🎬",
    "# $x *y* [z](w)",
    "a\x85b\u2028c\x00d",
    "- x: {y}",
)


@pytest.mark.parametrize("source", ODD)
def test_names_with_odd_characters_keep_the_card_readable(make_set, tmp_path, source):
    """The front matter is the same to YAML 1.1, as the Hub's client reads it, and to YAML 1.2; the page shows names."""
    from huggingface_hub import DatasetCard
    from markdown_it import MarkdownIt

    from keras_vdd.cards.card_front import in_one_line

    classes = (*ODD, *(f"class {label}" for label in range(12 - len(ODD))))
    made = make_set("still", class_names=classes, provenance={"source": source})
    text = card_of(made, tmp_path, name='it "is"')[1]
    told = in_one_line(source)
    assert front_matter(text)["pretty_name"] == f"{told}, distilled (still, 2 per class)"
    card = DatasetCard(text)
    assert card.data.to_dict() == front_matter(text) == DatasetCard(str(card)).data.to_dict()
    page = MarkdownIt("gfm-like", {"linkify": False}).parse(card.text)
    shown = [token.children[0].content for token in page if token.type == "inline" and token.children]
    assert f"{told}, distilled (still, 2 per class)" in "".join(
        child.content for token in page[:3] for child in token.children or ()
    )
    listed = next(
        token for token in page if token.type == "inline" and "order of their labels" in token.content
    )
    names = "".join(child.content for child in listed.children if child.type != "softbreak")
    assert names == f"12, in the order of their labels: {', '.join(map(in_one_line, classes))}."
    assert shown and not [token for token in page if token.type == "html_inline"]


def test_what_the_hub_looks_for_is_there(make_set, tmp_path):
    """Its rules: values of closed lists, small letters in tags, an arXiv address in the page."""
    import re

    from keras_vdd.cards.card_front import LICENSES, SIZES

    for source, of in (("shapes", "original"), ("ucf101", "extended|other-ucf101"), ("my own", "original")):
        text = card_of(make_set(provenance={"source": source}), tmp_path, license="mit")[1]
        front = front_matter(text)
        assert front["source_datasets"] == [of]
    assert front["license"] in LICENSES and front["size_categories"][0] in {label for _, label in SIZES}
    assert front["tags"][-1] == "ipc-2" and all(re.fullmatch(r"[a-z0-9-]+", tag) for tag in front["tags"])
    assert "https://arxiv.org/abs/2312.00362" in text.split("---\n", 2)[2]
    ssv2 = front_matter(card_of(make_set(provenance={"source": "ssv2"}), tmp_path)[1])
    assert ssv2["source_datasets"] == ["HuggingFaceM4/something_something_v2"]


def test_a_long_list_of_classes_is_folded(make_set, tmp_path):
    import numpy as np

    names = tuple(f"class {label}" for label in range(21))
    made = make_set("still", class_names=names, static=np.zeros((21, 4, 8, 9, 3), np.float32))
    text = card_of(made, tmp_path)[1]
    assert f"<summary>21, in the order of their labels</summary>\n\n{', '.join(names)}" in text


def test_where_the_project_is_known_the_card_says_so(make_set, tmp_path, monkeypatch):
    from keras_vdd.cards import card_code

    assert 'pip install ".[torch]"  # in a clone' in card_of(make_set("still"), tmp_path)[1]
    monkeypatch.setattr(card_code, "project_url", lambda: "https://example.org/keras-vdd")
    monkeypatch.setattr(card_code, "running_code", lambda: {"commit": "abc123"})
    text = card_of(make_set("still"), tmp_path)[1]
    assert 'pip install "keras-vdd[torch] @ git+https://example.org/keras-vdd@abc123"' in text
    assert "[keras-vdd](https://example.org/keras-vdd)" in text
