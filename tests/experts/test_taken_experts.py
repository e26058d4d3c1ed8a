"""Experts of `experts.source`: what is published, that it is taken as it was trained, and what is refused."""

import errno
import json
import shutil

import made_rows
import numpy as np
import pytest
from small_experts import contents, recipe_of

from keras_vdd import pipeline
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts import engine, taken
from keras_vdd.experts.published import publish_experts, write_published
from keras_vdd.experts.taken import read_description
from keras_vdd.hub.upload import sha256_of
from keras_vdd.learning import checkpoint
from keras_vdd.progress import Silent
from keras_vdd.runs.folder import RunFolder
from keras_vdd.sealed import read_json, write_json
from keras_vdd.stages import dynamic

TWO = "experts.count=2"


@pytest.fixture
def published(linear, stores, tmp_path):
    """The folder of two experts as they are published, and their bank."""
    bank = engine.learn_experts(recipe_of(tmp_path, TWO), stores)
    folder = tmp_path / "published"
    folder.mkdir()
    write_published(bank, read_description(bank.folder, "bank"), folder, "user/experts", "cc-by-4.0")
    linear.clear()
    return folder, bank


def take(folder, tmp_path, stores, *settings):
    return engine.learn_experts(recipe_of(tmp_path, TWO, f"experts.source={folder}", *settings), stores)


def test_taken_experts_are_those_that_were_trained(published, linear, stores, tmp_path, caplog):
    folder, bank = published
    taken = take(folder, tmp_path, stores, "run.seed=5", "run.deterministic=true")
    assert not linear and not caplog.records
    assert (len(taken), taken.epochs, taken.accuracies) == (2, bank.epochs, bank.accuracies)
    assert contents(taken.folder) == contents(bank.folder)
    # Fewer than there are, and a folder as `vdd experts` makes it.
    assert len(take(folder, tmp_path, stores, "experts.count=1")) == 1
    assert len(take(bank.folder, tmp_path, stores)) == 2


def test_what_is_published_tells_all(published):
    folder, bank = published
    assert {path.name for path in folder.iterdir()} == {"README.md", "experts.json", *contents(bank.folder)}
    told = json.loads((folder / "experts.json").read_text())
    assert told["shapes"] == [list(array.shape) for array in bank.snapshot(0, 0)]
    assert {len(about["sha256"]) for about in told["files"].values()} == {64}
    card = (folder / "README.md").read_text()
    assert card.startswith("---\n") and "license: cc-by-4.0\n" in card and "viewer: false\n" in card
    assert "experts.source=hf://user/experts experts.count=2" in card and f"{bank.nbytes:,}" in card


MISFITS = {
    "experts.learning_rate=0.02": "they have experts.learning_rate=0.01, and it has 0.02",
    "experts.batch_size=9": "they have experts.batch_size=10, and it has 9",
    "data.interval=2": "they have data.interval=",
    "data.mean=[0.5,0.5,0.4]": "they have data.mean=",
    "dynamic.width=9": "they have dynamic.width=",
    "dynamic.augment=[flip]": r'they have dynamic.augment=\[\], and it has \["flip"\]',
    "experts.count=3": "there are 2 of the 3 that it asks for; set experts.count=2",
    "experts.epochs=9": "they were trained for 2 epochs, and it reads 9",
}


@pytest.mark.once
@pytest.mark.parametrize("setting", MISFITS)
def test_a_recipe_that_they_do_not_fit_is_told_why(setting, published, linear, stores, tmp_path):
    with pytest.raises(UsageError, match=f"do not fit the recipe: .*{MISFITS[setting]}") as caught:
        take(published[0], tmp_path, stores, setting)
    assert "\n" not in str(caught.value) and not linear


def test_other_classes_and_other_videos(published, stores, tmp_path, caplog):
    folder, _ = published
    told = read_json(folder / "experts.json")

    def rewritten(**values):
        write_json(folder / "experts.json", {**told, **values})

    rewritten(videos={**told["videos"], "checksum": "0"})
    assert len(take(folder, tmp_path, stores)) == 2
    assert "trained on other videos" in caplog.text
    rewritten(classes=told["classes"][::-1])
    with pytest.raises(UsageError, match=r"other classes \(in another order\)"):
        take(folder, tmp_path, stores)
    rewritten(classes=[*told["classes"][:-1], "flying"])
    with pytest.raises(UsageError, match=r"other classes \(.*flying.*\)"):
        take(folder, tmp_path, stores)
    rewritten(format=99)
    with pytest.raises(VddError, match="have format 99 .*pip install --upgrade keras-vdd"):
        take(folder, tmp_path, stores)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "set": "shapes"}', '{"format": "x"}'])
def test_a_damaged_description_is_one_sentence(text, published, stores, tmp_path):
    (published[0] / "experts.json").write_text(text)
    with pytest.raises(VddError, match="experts.json of .* is damaged, or of an older keras-vdd") as caught:
        take(published[0], tmp_path, stores)
    assert "\n" not in str(caught.value)


def test_other_bytes_than_were_published_are_refused(published, stores, tmp_path):
    folder, _ = published
    second = folder / "expert-0001.safetensors"
    content = bytearray(second.read_bytes())
    content[-1] ^= 1
    second.unlink()  # a link to the bank's own
    second.write_bytes(content)
    with pytest.raises(VddError, match=r"expert-0001.safetensors of .* is not the one that was published"):
        take(folder, tmp_path, stores)
    assert len(take(folder, tmp_path, stores, "experts.count=1")) == 1


def test_weights_of_another_network_are_refused_even_without_checksums(
    published, stores, tmp_path, monkeypatch
):
    def refuse(path, mode):
        raise OSError(errno.EMFILE, "Too many open files", str(path))

    _, bank = published
    mine = shutil.copytree(bank.folder, tmp_path / "mine")
    arrays = {f"{epoch}/{index}": np.zeros((3, 3), "float32") for epoch in range(3) for index in range(2)}
    checkpoint.save_arrays(
        mine / "expert-0000.safetensors", arrays, epochs=2, weights=2, losses=[1, 1], top1=1.0
    )
    with pytest.raises(VddError, match=r"expert-0000.safetensors of .* are not those of mini_c3d"):
        take(mine, tmp_path, stores)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="Too many open files"):
        patch.setattr(taken, "open", refuse, raising=False)
        take(mine, tmp_path, stores)
    (mine / "expert-0000.safetensors").write_bytes(b"noise")
    with pytest.raises(VddError, match=r"expert-0000.safetensors of .* is damaged"):
        take(mine, tmp_path, stores)


def test_places_without_experts(stores, linear, tmp_path):
    with pytest.raises(UsageError, match=r"holds no experts: it has no experts.json"):
        take(tmp_path, tmp_path, stores)
    with pytest.raises(UsageError, match="There is no folder"):
        take(tmp_path / "none", tmp_path, stores)


@pytest.mark.once
def test_publishing_needs_experts_that_are_there_and_a_licence(linear, stores, tmp_path):
    recipe = recipe_of(tmp_path, TWO)
    about = dict(license="cc-by-4.0", dry_run=True)
    with pytest.raises(
        VddError, match=r"2 of 2 experts .* `vdd experts` with the same recipe trains what is missing"
    ):
        publish_experts(recipe, "user/experts", **about)
    bank = engine.learn_experts(recipe, stores)
    listed = publish_experts(recipe, "user/experts", **about)
    assert listed["experts"] == 2 and listed["files"].keys() >= contents(bank.folder).keys()
    assert listed["bytes"] > bank.nbytes and "url" not in listed
    with pytest.raises(UsageError, match="licence of the source videos must be given"):
        publish_experts(bank.folder, "user/experts", dry_run=True)
    with pytest.raises(UsageError, match="takes its experts from somewhere/else: publish others"):
        publish_experts(recipe_of(tmp_path, TWO, "experts.source=somewhere/else"), "user/experts", **about)
    with pytest.raises(UsageError, match="reads no experts"):
        publish_experts("quickstart", "user/experts", **about)


@pytest.mark.once
def test_a_run_looks_at_them_before_its_first_stage(published, linear, stores, tmp_path, monkeypatch):
    learned = []

    def carry_out(recipe, *_):
        learned.append(recipe)
        return made_rows.results()

    monkeypatch.setattr(pipeline, "carry_out", carry_out)
    recipe = recipe_of(tmp_path, TWO, f"experts.source={published[0]}")
    pipeline.distill(recipe)
    assert learned == [recipe] and not linear
    with pytest.raises(UsageError, match="do not fit the recipe"):
        pipeline.distill(recipe, **{"experts.batch_size": 9, "run.name": "misfit"})
    assert learned == [recipe]


@pytest.mark.once
def test_a_run_that_goes_on_is_told_that_they_have_changed(published, stores, tmp_path, monkeypatch):
    recipe = recipe_of(tmp_path, TWO, f"experts.source={published[0]}")
    run, static = RunFolder(recipe), np.zeros((8, 1, 32, 32, 3), np.float32)

    def stopped(*_):
        raise KeyboardInterrupt

    def learn():
        return dynamic.learn_videos(recipe, stores, static, run, Silent())

    monkeypatch.setattr(dynamic, "learn", stopped)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            learn()
    # As where a branch of a repository has moved: right in themselves, and others.
    first, told = published[0] / "expert-0000.safetensors", read_json(published[0] / "experts.json")
    arrays, facts = checkpoint.load_arrays(first)
    first.unlink()  # a link to the bank's own
    checkpoint.save_arrays(first, arrays, **{**facts, "top1": 99.0})
    told["files"][first.name]["sha256"] = sha256_of(first)
    write_json(published[0] / "experts.json", told)
    with pytest.raises(
        VddError, match=r"was begun with other experts .* \(expert-0000.safetensors differs\)"
    ):
        learn()
    (run.path / "dynamic" / "experts.json").write_text("x")
    with pytest.raises(VddError, match=r"experts.json' is damaged"):
        learn()
