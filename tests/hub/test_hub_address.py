"""What a user points at: the forms of an address, folders before names, and sentences for all else."""

import pytest

import keras_vdd
from keras_vdd.errors import UsageError, VddError
from keras_vdd.hub.address import Address, read_address, repository_at, set_folder


@pytest.mark.parametrize(
    "text, repository, revision",
    [
        ("owner/name", "owner/name", None),
        ("owner/name@v1", "owner/name", "v1"),
        ("hf://owner/name", "owner/name", None),
        ("hf://datasets/owner/name", "owner/name", None),
        ("hf://owner/name@format-2", "owner/name", "format-2"),
        ("hf://datasets/owner/name@refs%2Fpr%2F1", "owner/name", "refs/pr/1"),
        ("hf://datasets/o-w.n_er/na.me@refs/pr/12", "o-w.n_er/na.me", "refs/pr/12"),
        ("https://huggingface.co/datasets/owner/name", "owner/name", None),
        ("https://hf.co/datasets/owner/name/", "owner/name", None),
        ("https://huggingface.co/datasets/owner/name/tree/v1?x=1#top", "owner/name", "v1"),
        ("http://127.0.0.1:8000/datasets/owner/name/tree/refs%2Fpr%2F1", "owner/name", "refs/pr/1"),
    ],
)
def test_forms_of_an_address(text, repository, revision):
    assert read_address(text) == Address(repository, revision)
    assert repository_at(text) == Address(repository, revision)


@pytest.mark.parametrize("text", ["name", "a/b/c", "./a/b", "/a/b", "a b/c", "owner/name@", "a/b@c@d", ""])
def test_texts_that_have_the_form_of_none(text):
    assert read_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "hf://name",
        "hf://models/owner/name",
        "hf://datasets/owner/name/data",
        "https://huggingface.co/owner/name",
        "https://huggingface.co/datasets/owner/name/blob/main/README.md",
        "s3://bucket/name",
    ],
)
def test_an_address_of_something_else_is_one_sentence(text):
    with pytest.raises(UsageError, match="is no address of a dataset on the Hub") as caught:
        keras_vdd.load(text)
    assert text in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["no-such-folder", "./no/such/folder", "a/b/c"])
def test_a_name_of_nothing_is_one_sentence(name):
    with pytest.raises(UsageError, match="There is no folder") as caught:
        keras_vdd.load(name)
    assert "\n" not in str(caught.value)


def test_folders_come_before_names(make_set, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = keras_vdd.export(make_set("still"), tmp_path / "owner" / "name@v1")
    assert repository_at("owner/name@v1") is None
    assert set_folder("owner/name@v1").resolve() == folder
    # A slip in a folder's name is not looked for on the Hub, unless one says so.
    with pytest.raises(UsageError, match="a recipe is called so, whose run is, .*, runs/quickstart"):
        set_folder("quickstart")
    with pytest.raises(UsageError, match="There is no folder owner/nmae.* write hf://owner/nmae"):
        set_folder("owner/nmae")
    assert repository_at("hf://owner/nmae") == Address("owner/nmae")


def test_a_revision_is_of_a_repository_and_named_once(tmp_path):
    with pytest.raises(UsageError, match="has no revisions"):
        keras_vdd.load(tmp_path, revision="v1")
    with pytest.raises(UsageError, match="names one revision, and v2 is another"):
        keras_vdd.load("hf://owner/name@v1", revision="v2")
    assert repository_at("owner/name", "v2") == repository_at("owner/name@v2", "v2")


def test_a_run_holds_its_set_and_one_without_says_so(make_set, tmp_path):
    run = tmp_path / "run"
    keras_vdd.export(make_set("still"), run / "distilled")
    assert set_folder(run) == run / "distilled" == set_folder(run / "distilled")
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    for name in ("recipe.yaml", "environment.json"):
        (unfinished / name).write_text("{}")
    with pytest.raises(VddError, match="has no distilled set yet"):
        set_folder(unfinished)
    with pytest.raises(UsageError, match="is a file"):
        set_folder(run / "distilled" / "README.md")


def test_a_folder_that_was_called_a_repository(tmp_path, monkeypatch):
    import huggingface_hub

    def unreachable(*args, **kwargs):
        raise ConnectionError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VddError, match=r"The folder runs/mine is on this disk: drop hf:// to take that\.$"):
        read_address("hf://runs/mine").download(("*",))
    with pytest.raises(VddError) as raised:
        read_address("hf://runs/other").download(("*",))
    assert "drop" not in str(raised.value)
