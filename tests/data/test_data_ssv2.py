import json
import pathlib
import shutil

import pytest
from miniature_sets import COLOURS as PALETTE
from miniature_sets import colour_of, counts, paint, shows, take_apart

from keras_vdd.data.sources import find_videos
from keras_vdd.data.sources.ssv2 import list_ssv2, read_lists
from keras_vdd.errors import UsageError, VddError

# More than ten, so that string indices sort otherwise than numbers; the brackets hold more than one word.
TEMPLATES = (
    "Attaching [something] to [something]",
    "Bending [something] so that it deforms",
    "Closing [something]",
    "Holding [something] next to [something]",
    "Lifting [something] up completely, then letting it drop down",
    "Poking a hole into [some substance]",
    "Pretending to open [something] without actually opening it",
    "Pushing [something] from left to right",
    "Pushing [something] from right to left",
    "Putting [something similar to other things that are already on the table]",
    "Showing that [something] is inside [something]",
    "[Something] falling like a rock",
)
CLASSES = tuple(template.replace("[", "").replace("]", "") for template in TEMPLATES)
COLOURS = {name: number % len(PALETTE) for number, name in enumerate(CLASSES)}
# Ids are numbers without padding: 9 comes after 10 as a name.
TRAIN = {name: [str(7 + 3 * number), str(100 + number)] for number, name in enumerate(CLASSES)}
VALIDATION = {name: [str(2000 + number)] for number, name in enumerate(CLASSES)}
SIZES = dict.fromkeys(CLASSES, (2, 1))


def write_lists(folder, prefix=""):
    folder.mkdir(parents=True, exist_ok=True)

    def entries(videos):
        return [
            {
                "id": video,
                "label": template.replace("[", "a ").replace("]", "").lower(),
                "template": template,
                "placeholders": ["a cup"] * template.count("["),
            }
            for template, name in zip(TEMPLATES, CLASSES, strict=True)
            for video in videos[name]
        ]

    def write(name, content):
        (folder / f"{prefix}{name}.json").write_text(json.dumps(content))

    # As distributed the labels come in an order of their own, with strings for indices.
    write("labels", {name: str(number) for number, name in reversed(list(enumerate(CLASSES)))})
    write("train", entries(TRAIN))
    write("validation", entries(VALIDATION))
    write("test", [{"id": "3000"}, {"id": "3001"}])


@pytest.fixture(scope="session")
def distributed(tmp_path_factory):
    root = tmp_path_factory.mktemp("ssv2")
    write_lists(root / "labels")
    for videos in (TRAIN, VALIDATION):
        for name in CLASSES:
            for video in videos[name]:
                paint(root / "20bn-something-something-v2" / f"{video}.webm", COLOURS[name])
    paint(root / "20bn-something-something-v2" / "3000.webm", 0)
    return root


@pytest.fixture
def miniature(distributed, tmp_path):
    return pathlib.Path(shutil.copytree(distributed, tmp_path / "videos"))


def test_the_layout_as_distributed(settings, distributed):
    listing = find_videos(settings(set="ssv2", root=str(distributed)))
    assert listing.class_names == sorted(CLASSES) and len(CLASSES) == 12
    assert "Poking a hole into some substance" in listing.class_names
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    assert [v.name for v in listing.train[:2]] == [f"{CLASSES[0]}/100.webm", f"{CLASSES[0]}/7.webm"]
    assert not any("3000" in video.name for video in listing.train + listing.test)
    assert len(listing.notes) == 2
    assert any("12 classes, fewer than the 174" in note for note in listing.notes)
    assert any("no labels: 2 videos of test.json" in note for note in listing.notes)


def test_lists_of_the_first_release_beside_the_videos(distributed, tmp_path):
    """Those have the set's name before their own; videos and lists may lie in one folder."""
    root = tmp_path / "all"
    shutil.copytree(distributed / "20bn-something-something-v2", root)
    write_lists(root, "something-something-v2-")
    assert counts(list_ssv2(str(root))) == SIZES


def test_lists_may_lie_elsewhere(miniature, tmp_path):
    (miniature / "labels").rename(tmp_path / "lists")
    with pytest.raises(VddError, match="does not hold labels.json, train.json and validation.json"):
        list_ssv2(str(miniature))
    assert counts(list_ssv2(str(miniature), annotations=str(tmp_path / "lists"))) == SIZES
    (tmp_path / "lists" / "test.json").unlink()
    assert len(list_ssv2(str(miniature), annotations=str(tmp_path / "lists")).notes) == 1


def test_folders_of_images(miniature):
    for videos in (TRAIN, VALIDATION):
        for name in CLASSES:
            for video in videos[name]:
                file = miniature / "20bn-something-something-v2" / f"{video}.webm"
                take_apart(file, COLOURS[name], miniature / "frames" / video, "{:05d}.jpg")
    listing = list_ssv2(str(miniature))
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    assert listing.test[0].name == f"{CLASSES[0]}/2000"
    assert colour_of(listing.test[0]) == COLOURS[CLASSES[0]]


def test_absent_classes_and_videos(miniature):
    videos = miniature / "20bn-something-something-v2"
    (videos / f"{TRAIN[CLASSES[5]][1]}.webm").unlink()
    with pytest.raises(VddError, match=rf"1 of 36 videos .*{CLASSES[5]}/105.webm.*data.classes=present"):
        list_ssv2(str(miniature))
    assert counts(list_ssv2(str(miniature), "present")) == {**SIZES, CLASSES[5]: (1, 1)}
    for video in TRAIN[CLASSES[5]][:1] + VALIDATION[CLASSES[5]]:
        (videos / f"{video}.webm").unlink()
    words = r"1 of the 12 classes is missing .*\(Poking a hole.*data.classes=present.* 11 "
    with pytest.raises(VddError, match=words):
        list_ssv2(str(miniature))
    listing = list_ssv2(str(miniature), "present")
    assert counts(listing) == {name: size for name, size in SIZES.items() if name != CLASSES[5]}
    assert shows(listing, COLOURS)


def test_what_is_not_ssv2_is_said(miniature):
    lists = miniature / "labels"

    def refused(words, file, content, error=VddError):
        before = (lists / file).read_bytes()
        (lists / file).write_text(content if isinstance(content, str) else json.dumps(content))
        with pytest.raises(error, match=words) as caught:
            read_lists(str(lists))
        assert "\n" not in str(caught.value)
        (lists / file).write_bytes(before)

    refused("train.json' is no whole JSON", "train.json", '[{"id": "1"')
    refused("train.json' holds no JSON that is a list", "train.json", {})
    refused("labels.json' holds no JSON that is an object", "labels.json", [])
    refused('the entry {"id": "1"}, without id and template', "train.json", [{"id": "1"}])
    refused("the entry 3, without", "validation.json", [3])
    refused("number its classes from 0 to 1", "labels.json", {"a": "0", "b": "2"})
    unknown = [{"id": "1", "template": "Closing [a door]"}]
    refused(r"video 1 the template 'Closing \[a door\]'", "train.json", unknown)
    many = {f"class {number}": str(number) for number in range(175)}
    refused("175 classes and Something-Something V2 has 174", "labels.json", many, UsageError)
    (lists / "validation.json").unlink()
    with pytest.raises(VddError, match="validation.json' is missing"):
        list_ssv2(str(miniature))
