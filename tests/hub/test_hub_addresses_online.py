"""Loading from a stand-in for the Hub by the unmodified clients: revisions, caches, no network, each refusal."""

import json
import re

import numpy as np
import pytest
from hub.stand_in_repositories import Repository

import keras_vdd

NO_TOKEN = {"token": False}
NO_FOLDER = "There is no folder user/none on this disk"


@pytest.fixture
def published(hub, make_set, tmp_path):
    """Two sets in `user/set`, the older as tag v1; a private one, a gated one and a model."""
    old = keras_vdd.export(make_set("still"), tmp_path / "old")
    new = keras_vdd.export(make_set(), tmp_path / "new", license="cc0-1.0")
    repository = hub.hold("user/set", old)
    repository.tags["v1"] = repository.pull_requests["refs/pr/1"] = repository.branches["main"]
    repository.take(new)
    hub.hold("user/secret", new, private=True)
    hub.hold("user/gated", new, gated=True)
    (tmp_path / "nothing").mkdir()
    hub.hold("user/empty", tmp_path / "nothing")
    hub.repositories["models", "user/network"] = Repository()
    return repository, old, new


@pytest.mark.slow
def test_load_at_each_address_and_without_network(hub, at_hub, published, closed, tmp_path):
    repository, *_ = published
    newest, oldest = repository.branches["main"], repository.tags["v1"]
    asked = [
        ("user/set", {}, newest),
        ("hf://user/set@v1", {}, oldest),
        ("user/set", {"revision": "refs/pr/1"}, oldest),
        (f"hf://datasets/user/set@{oldest}", {}, oldest),
        (f"{hub.address}/datasets/user/set/tree/v1", {}, oldest),
        ("user/secret", {}, hub.dataset("user/secret").branches["main"]),
        ("user/set", {"cache_dir": tmp_path / "cache", **NO_TOKEN}, newest),
    ]
    for answer, (_, options, commit) in zip(
        at_hub(*(("load", name, options) for name, options, _ in asked)), asked, strict=True
    ):
        assert answer["classes"] == 12 and answer["folder"].endswith(f"snapshots/{commit}")
        assert answer["folder"].startswith(str(options.get("cache_dir", tmp_path)))

    # The network is gone: what was downloaded is used, and what was not is one sentence that says so.
    for more in ({"endpoint": closed}, {"HF_HUB_OFFLINE": "1"}):
        there, pinned, missing, elsewhere = at_hub(
            ("load", "user/set", {}),
            ("load", "user/set@v1", {}),
            ("load", "user/other", {}),
            ("load", "user/set", {"cache_dir": tmp_path / "empty"}),
            **more,
        )
        assert there["folder"].endswith(newest) and pinned["folder"].endswith(oldest)
        for said in (missing["error"], elsewhere["error"]):
            assert (
                said.startswith("There is no folder user/")
                and "the Hub cannot be reached" in said
                and "nor is there a copy of" in said
                and "\n" not in said
            )


@pytest.mark.slow
def test_what_the_hub_does_not_give_is_one_sentence(hub, at_hub, published):
    refused = [
        ("user/none", {}, f"{NO_FOLDER}, and the Hub has no dataset user/none, or it is private"),
        ("user/none", NO_TOKEN, f"{NO_FOLDER}, and the Hub has no dataset user/none, or it is private"),
        ("hf://user/none", {}, "The Hub has no dataset user/none, or it is private"),
        ("user/secret", NO_TOKEN, "or it is private and your token does not open it"),
        ("user/gated", NO_TOKEN, "user/gated is gated: ask for access at"),
        ("user/set", {"revision": "v2"}, "user/set has no revision v2"),
        ("user/set", {"token": "hf_wrong"}, "the Hub does not accept the token"),
        ("user/network", {}, "user/network is a model on the Hub, not a dataset"),
        ("user/empty", {}, "user/empty on the Hub is no distilled set: it has no data/"),
        ("user/bad--name", {}, "no repository id of the form owner/name"),
        ("user/name.git", {}, "no repository id of the form owner/name"),
    ]
    answers = at_hub(*(("load", name, options) for name, options, _ in refused))
    for answer, (_, _, expected) in zip(answers, refused, strict=True):
        assert expected in answer.get("error", ""), answer
        assert "\n" not in answer["error"]


BARE = """
import datasets, json, sys
import numpy as np
{known}
for name, (revision,), _ in json.loads(sys.argv[1]):
    plain = datasets.load_dataset(name, split="train", revision=revision)
    streamed = datasets.load_dataset(name, split="train", revision=revision, streaming=True)
    column = {column!r}
    first = np.asarray(plain[0][column], np.float32), np.asarray(next(iter(streamed))[column], np.float32)
    print(json.dumps({{"rows": len(plain), "same": bool((first[0] == first[1]).all()), "sum": float(first[0].sum())}}))
"""
BOTH = (("user/set", None, {}), ("user/set", "v1", {}))


@pytest.mark.slow
def test_bare_load_dataset_and_streaming(at_hub, published):
    code = BARE.format(known="import keras_vdd", column="video")
    _, old, new = published
    for said, folder in zip(at_hub(*BOTH, code=code, streams=True), (new, old), strict=True):
        loaded = keras_vdd.load(folder)
        video = loaded.reconstruct(loaded.pairs()[:1])[0]
        assert said["rows"] == len(loaded.pairs()) and said["same"]
        np.testing.assert_allclose(said["sum"], video.sum(), rtol=1e-4, atol=1e-2)


@pytest.mark.slow
def test_bare_load_dataset_without_keras_vdd(at_hub, published):
    code = BARE.format(known="", column="statics")
    _, old, new = published
    for said, folder in zip(at_hub(*BOTH, code=code, known=False, streams=True), (new, old), strict=True):
        assert said["rows"] == 24 and said["same"]
        np.testing.assert_allclose(said["sum"], keras_vdd.load(folder).static[0, :2].sum(), rtol=1e-5)


COMMANDS = """
import contextlib, io, json, sys
from keras_vdd.cli.main import main
for verb, words, _ in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([verb, *words])
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}))
"""


@pytest.mark.slow
def test_the_commands(hub, at_hub, published, tmp_path):
    new, words = published[2], ("--license", "cc0-1.0", "-q")
    gif, picture, copy = tmp_path / "set.gif", tmp_path / "set.png", tmp_path / "copy"
    listed, sent, same, loaded, inspected, refused = at_hub(
        ("publish", str(new), "user/shown", *words, "--dry-run", {}),
        ("publish", str(new), "user/shown", *words, {}),
        ("publish", str(new), "user/shown", *words, "--json", {}),
        ("load", "user/shown@format-2", "--to", str(copy), {}),
        ("inspect", "hf://user/shown", "--gif", str(gif), "--picture", str(picture), "--json", {}),
        ("load", "user/set", "--revision", "v9", {}),
        code=COMMANDS,
    )
    assert listed["code"] == 0 and "nothing was sent (--dry-run)" in listed["out"]
    assert ("datasets", "user/shown") in hub.repositories and "data/train-00000-of-00003" in listed["out"]
    assert f"published: {hub.address}/datasets/user/shown at main, tag format-2" in sent["out"]
    assert 'load it: keras_vdd.load("user/shown")' in sent["out"] and not sent["err"]
    assert json.loads(same["out"])["changed"] is False
    assert loaded["code"] == 0 and "cc0-1.0" in loaded["out"] and "96" in loaded["out"]
    assert f'train = datasets.load_dataset("{copy}", split="train")' in loaded["out"]
    np.testing.assert_array_equal(keras_vdd.load(copy).dynamic, keras_vdd.load(new).dynamic)
    facts = json.loads(inspected["out"])
    assert facts["license"] == "cc0-1.0" and facts["source"] == "shapes" and facts["results"] == []
    assert facts["stored_bytes"] > facts["bytes"] and re.search(
        r"^results +none", loaded["out"], re.MULTILINE
    )
    assert refused["code"] == 2 and refused["err"].startswith("error: user/set has no revision v9")

    from PIL import Image

    with Image.open(gif) as animation:
        assert animation.n_frames == 5 and animation.info["loop"] == 0
    with Image.open(picture) as drawn:
        assert drawn.size[1] > 8
