"""Publishing to a stand-in for the Hub by the unmodified client: what is there after each step, and each refusal."""

import pytest
from hub.stand_in import READER

import keras_vdd
from keras_vdd.hub.address import Address
from keras_vdd.hub.target import resolve_target
from keras_vdd.recipe.load import load_recipe, parse_recipe, resolved_yaml

LICENSE = {"license": "cc-by-4.0"}
FORMAT_TAG = "format-2"


@pytest.fixture
def sets(make_set, tmp_path):
    """Folders of two sets that differ, `old` and `new`."""
    new = make_set("still", provenance={"source": "other shapes"})
    return keras_vdd.export(make_set(), tmp_path / "old"), keras_vdd.export(new, tmp_path / "new")


def data_of(files):
    return {name for name in files if name.startswith("data/")}


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.mark.slow
def test_publish_again_and_elsewhere(hub, at_hub, sets):
    old, new = sets
    first, same, changed, again, proposed, branch, tagged, taken = at_hub(
        ("publish", old, "user/one", {**LICENSE, "message": "First"}),
        ("publish", old, "user/one", LICENSE),
        ("publish", new, "user/one", LICENSE),
        ("publish", new, "user/one", LICENSE),
        ("publish", old, "user/one", {**LICENSE, "pull_request": True, "dtype": "float16"}),
        ("publish", old, "user/one", {**LICENSE, "revision": "half", "dtype": "float16"}),
        ("publish", new, "user/one", {**LICENSE, "tag": "v1"}),
        ("publish", old, "user/one", {**LICENSE, "tag": "v1"}),
    )
    repository = hub.dataset("user/one")
    assert not repository.private and len(repository.commits) == 5, "the website's, two sets, two elsewhere"

    assert first["changed"] and first["url"] == f"{hub.address}/datasets/user/one"
    files = repository.files(first["commit"])
    assert data_of(files) == set(contents(old)) and files.items() >= contents(old).items()
    assert {"README.md", "recipe.yaml", "provenance.json", ".gitattributes"} < files.keys()
    assert b"license: " in files["README.md"] and b'load_dataset("user/one"' in files["README.md"]
    assert first["files"] == {n: len(c) for n, c in files.items() if n != ".gitattributes"}

    assert not same["changed"] and same["commit"] == first["commit"] and not same["written"]

    # No file of the set before is left, and the tag of the format is on the newest.
    assert set(changed["deleted"]) >= data_of(files) and changed["kept"] == [".gitattributes"]
    assert data_of(repository.files()) == set(contents(new))
    assert not again["changed"] and repository.tags[FORMAT_TAG] == changed["commit"]
    assert changed["load"] == 'keras_vdd.load("user/one")'

    assert proposed["pull_request"] == f"{hub.address}/datasets/user/one/discussions/1"
    assert proposed["load"] == 'keras_vdd.load("user/one", revision="refs/pr/1")' and proposed["tag"] is None
    assert len(data_of(repository.files("refs/pr/1"))) == 3
    assert repository.files("half").keys() == repository.files("refs/pr/1").keys()
    assert branch["tag"] is None and branch["revision"] == "half"

    assert not tagged["changed"] and repository.tags["v1"] == repository.branches["main"]
    assert "has the tag v1 already" in taken["error"] and repository.branches["main"] == changed["commit"]


@pytest.mark.slow
def test_no_folder_of_the_author_s_machine_is_published(hub, at_hub, make_set, tmp_path):
    here = {"data.root": "somewhere/secret videos", "data.store": "/secret/stores", "run.dir": "/secret/runs"}
    recipe = load_recipe("dm-folder", **here)
    made = keras_vdd.export(make_set(recipe=resolved_yaml(recipe)), tmp_path / "made")
    assert b"secret" in (made / "recipe.yaml").read_bytes() and b"secret" in (made / "README.md").read_bytes()
    at_hub(("publish", made, "user/placeless", LICENSE))
    files = hub.dataset("user/placeless").files()
    assert not [name for name, content in files.items() if b"secret" in content]
    assert parse_recipe(files["recipe.yaml"].decode()) == load_recipe("dm-folder")
    assert b"```yaml\n" + files["recipe.yaml"] + b"```" in files["README.md"], (
        "the card shows the same recipe"
    )


def test_the_folders_that_the_recipe_of_a_set_names_are_not_used(make_set, tmp_path, monkeypatch):
    recipe = load_recipe("quickstart", **{"data.store": "/theirs", "data.root": "/theirs"})
    made = keras_vdd.export(make_set(recipe=resolved_yaml(recipe)), tmp_path / "made")
    monkeypatch.setattr(Address, "download", lambda *arguments: made)
    assert resolve_target("hf://user/set").recipe == load_recipe("quickstart")
    assert resolve_target("hf://user/set", None, ["data.store=mine"]).recipe.data.store == "mine"
    assert resolve_target(made).recipe == load_recipe("quickstart")


@pytest.mark.slow
def test_what_is_not_a_set_s_is_left_alone(hub, at_hub, sets, tmp_path):
    old, new = sets
    mine = hub.hold("user/mixed", old)
    (old / "paper.pdf").write_bytes(b"a paper")
    (old / "data" / "notes.csv").write_bytes(b"a,b")
    mine.take(old)
    other = tmp_path / "other"
    (other / "data").mkdir(parents=True)
    (other / "data" / "train.csv").write_text("a,b\n")
    hub.hold("user/strange", other)
    before = hub.dataset("user/strange").branches["main"]
    published, refused, kept_private = at_hub(
        ("publish", new, "user/mixed", LICENSE),
        ("publish", new, "user/strange", LICENSE),
        ("publish", new, "user/mixed", {**LICENSE, "private": True}),
    )
    files = mine.files()
    assert published["kept"] == ["data/notes.csv", "paper.pdf"] and files["paper.pdf"] == b"a paper"
    assert data_of(files) == {*contents(new), "data/notes.csv"}
    assert "holds something other than a distilled set (such as data/train.csv)" in refused["error"]
    assert hub.dataset("user/strange").branches["main"] == before
    assert "public" in kept_private["error"] and "--private" in kept_private["error"]


REFUSALS = [
    ("user/x", {}, "licence of the source videos must be given"),
    ("user/x", {**LICENSE, "token": False}, "without a token: log in with `hf auth login`, or set HF_TOKEN"),
    ("user/x", {**LICENSE, "token": "hf_wrong"}, "does not accept the token"),
    ("user/x", {**LICENSE, "token": READER}, "your token may not write there"),
    ("somebody/x", LICENSE, "your token may not write there"),
    ("bad--name/x", LICENSE, "is no name for a repository"),
    ("name", LICENSE, "write owner/name"),
    ("hf://user/x", LICENSE, "write owner/name"),
    ("user/x@v1", LICENSE, "write owner/name"),
    ("user/x", {**LICENSE, "tag": "my tag"}, "tag='my tag' is no name that git takes"),
    ("user/x", {**LICENSE, "revision": "a..b"}, "revision='a..b' is no name that git takes"),
    ("user/x", {"license": "gpl"}, "does not accept the card (no videos under gpl)"),
    ("user/none", {**LICENSE, "pull_request": True}, "there is no dataset of that name"),
    ("user/x", {**LICENSE, "pull_request": True, "revision": "half"}, "leave out revision half"),
    ("user/x", {**LICENSE, "pull_request": True, "tag": "v1"}, "leave out tag"),
    ("user/x", {**LICENSE, "dtype": "uint8"}, "uint8"),
]


@pytest.mark.slow
def test_each_refusal_is_one_sentence_and_changes_nothing(hub, at_hub, sets):
    hub.refuses_card = lambda facts: "no videos under gpl" if facts["license"] == "gpl" else None
    said = at_hub(*(("publish", sets[0], name, options) for name, options, _ in REFUSALS))
    for answer, (name, _, expected) in zip(said, REFUSALS, strict=True):
        assert expected in answer.get("error", ""), answer
        assert "\n" not in answer["error"]
        held = hub.repositories.get(("datasets", name))
        assert held is None or len(held.commits) == 1, "an empty repository at most"


@pytest.mark.slow
def test_a_dry_run_and_no_network(at_hub, sets, closed):
    listed, unreachable = at_hub(
        ("publish", sets[0], "user/x", {**LICENSE, "dry_run": True}),
        ("publish", sets[0], "user/x", LICENSE),
        endpoint=closed,
    )
    assert listed["bytes"] == sum(listed["files"].values()) and "url" not in listed
    assert data_of(listed["files"]) == set(contents(sets[0])) and listed["license"] == "cc-by-4.0"
    assert "user/x was not published: the connection to the Hub failed" in unreachable["error"]


@pytest.mark.slow
def test_an_upload_that_breaks_off_is_taken_up(hub, at_hub, sets, make_set, tmp_path):
    # Of other frames than the sets of other tests, of which the server has the files.
    old, new = sets[0], keras_vdd.export(make_set("full-video"), tmp_path / "videos")
    repository = hub.hold("user/broken", old)
    before, sent = repository.branches["main"], []

    def second_file(method, path):
        if method == "PUT" and path not in sent:
            sent.append(path)
        return method == "PUT" and sent.index(path) > 0

    for broken in (second_file, lambda method, path: method == "POST" and "/commit/" in path):
        hub.breaks = broken
        (said,) = at_hub(("publish", new, "user/broken", LICENSE))
        assert "the connection to the Hub failed" in said["error"] and "\n" not in said["error"]
        assert repository.branches["main"] == before and FORMAT_TAG not in repository.tags
    hub.breaks = lambda method, path: method == "POST" and "/tag/" in path
    (untagged,) = at_hub(("publish", new, "user/broken", LICENSE))
    assert "user/broken is published, but its tag format-2 was not set" in untagged["error"]
    hub.breaks, hub.requests[:] = lambda method, path: False, []
    (said,) = at_hub(("publish", new, "user/broken", LICENSE))
    assert not said["changed"] and repository.tags[FORMAT_TAG] == repository.branches["main"] != before
    assert repository.files().items() >= contents(new).items()
    assert not [path for method, path in hub.requests if method == "PUT"], "all was sent before"


@pytest.mark.slow
def test_the_licence_of_a_card_is_kept(at_hub, hub, make_set, tmp_path):
    told = keras_vdd.export(make_set("still"), tmp_path / "told", license="cc0-1.0")
    first, again = at_hub(
        ("publish", told, "team/told", {"private": True}),
        # From one repository to another, in words of one's own.
        ("publish", "team/told", "user/told", {"license": "Ask the authors, see https://example.org/terms."}),
    )
    assert first.get("license") == "cc0-1.0", first
    assert hub.dataset("team/told").private
    assert again.get("license") == "Ask the authors, see https://example.org/terms.", again
    assert b"license_link: https://example.org/terms\n" in hub.dataset("user/told").files()["README.md"]
