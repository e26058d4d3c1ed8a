"""Every block of code on a card runs as it is written, and gives what the card says it gives."""

import re

import numpy as np
import pytest

import keras_vdd
from keras_vdd.storage.storage_types import DTYPES
from keras_vdd.temporal import INTERPOLATIONS

# One process for all cards, as torch takes seconds to import; each card's code is a file of its own, as written.
RUN_CARDS = """\
import runpy, sys
for name in ("keras", "keras_vdd", "tensorflow", "jax"):
    sys.modules[name] = None
import numpy
for script, seen in zip(sys.argv[1::2], sys.argv[2::2]):
    told = runpy.run_path(script)
    videos = numpy.concatenate([video.numpy() for video in told["made"]])
    numpy.savez(seen, videos=videos, labels=told["labels"].numpy(), loss=told["loss"].item())
"""
STORED = [
    (kind, dtype)
    for kind in ("static-dynamic", "still", "full-video", "key-frames")
    for dtype in DTYPES
    if dtype != "uint8" or kind in ("still", "full-video")
]


def blocks_of(folder, language="python"):
    text = (folder / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def exported(made, folder, **options):
    return keras_vdd.export(made, folder, name=folder, **options)


def in_plain_torch(fresh, folders):
    """Run cards' PyTorch blocks where neither Keras nor this package can be imported; yield what each made."""
    arguments = []
    for number, folder in enumerate(folders):
        _, _, videos, training = blocks_of(folder)
        script = folder.parent / f"card{number}.py"
        script.write_text(videos + re.sub(r"range\(\d+\)", "range(2)", training), encoding="utf-8")
        arguments += [script, folder.parent / f"seen{number}.npz"]
    fresh(RUN_CARDS, *arguments)
    for path in arguments[1::2]:
        with np.load(path) as seen:
            yield seen["videos"], seen["labels"], float(seen["loss"])


@pytest.mark.slow
def test_plain_torch_makes_the_same_videos(make_set, fresh, tmp_path):
    folders = [exported(make_set(kind), tmp_path / f"{kind}-{dtype}", dtype=dtype) for kind, dtype in STORED]
    for folder, (videos, labels, loss) in zip(folders, in_plain_torch(fresh, folders), strict=True):
        expected, classes = keras_vdd.load(folder).videos()
        np.testing.assert_allclose(videos, expected, rtol=0, atol=1e-5, err_msg=folder.name)
        np.testing.assert_array_equal(labels, classes)
        assert np.isfinite(loss)


@pytest.mark.slow
def test_plain_torch_with_small_motion_several_integrators_and_learned_labels(make_set, fresh, tmp_path):
    rng = np.random.default_rng(0)
    folders = []
    for label_kind in ("probabilities", "regression"):
        made = make_set(
            dynamic=rng.normal(size=(12, 4, 2, 4, 3, 1)), kernels=0.1 * rng.normal(size=(5, 3, 3, 3, 4, 3)),
            biases=rng.normal(size=(5, 3)), labels=rng.dirichlet(np.ones(12), (12, 2)), label_kind=label_kind,
        )  # fmt: skip
        folders.append(exported(made, tmp_path / label_kind, dtype="int8"))
    for folder, (videos, labels, loss) in zip(folders, in_plain_torch(fresh, folders), strict=True):
        expected, soft = keras_vdd.load(folder).videos(soft=True)
        np.testing.assert_allclose(videos, expected, rtol=0, atol=1e-5)
        np.testing.assert_allclose(labels, soft, rtol=0, atol=1e-6)
        assert np.isfinite(loss)


@pytest.mark.slow
def test_plain_torch_interpolates_frames_by_the_rule_of_the_set(make_set, fresh, tmp_path):
    rng = np.random.default_rng(0)
    few = {"static-dynamic": {"dynamic": rng.normal(size=(12, 4, 2, 4, 3, 1))},
           "full-video": {"video": rng.normal(size=(12, 2, 2, 8, 9, 3))}}  # fmt: skip
    folders = [
        exported(make_set(kind, interpolation=rule, **few[kind]), tmp_path / f"{kind}-{rule}")
        for kind in few
        for rule in INTERPOLATIONS
    ]
    for folder, (videos, _, _) in zip(folders, in_plain_torch(fresh, folders), strict=True):
        expected, _ = keras_vdd.load(folder).videos()
        np.testing.assert_allclose(videos, expected, rtol=0, atol=1e-5, err_msg=folder.name)


def test_the_videos_take_about_ten_lines(make_set, tmp_path):
    _, _, videos, _ = blocks_of(exported(make_set(), tmp_path / "set"))
    body = videos.partition("def videos(row):\n")[2].partition("\nmade")[0]
    assert len([line for line in body.splitlines() if line.strip()]) <= 10


def test_a_kind_that_says_no_torch_has_none_on_its_card(make_set, tmp_path, monkeypatch):
    import dataclasses

    from keras_vdd.distilled.distilled_set import DistilledSet

    plain = dataclasses.replace(make_set("still").memory, torch="")
    monkeypatch.setattr(DistilledSet, "memory", property(lambda self: plain))
    folder = exported(make_set("still"), tmp_path / "set")
    assert len(blocks_of(folder)) == 2 and "PyTorch" not in (folder / "README.md").read_text(encoding="utf-8")


def test_the_first_block_loads_videos(make_set, fresh, tmp_path):
    folder = exported(make_set(), tmp_path / "set")
    printed = fresh(blocks_of(folder)[0] + 'print(videos[0]["video"].shape, videos[0]["label"])')
    assert printed == "(5, 8, 9, 3) 0\n"
