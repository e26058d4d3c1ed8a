"""Folders that are laid out otherwise than `data.root` should be: what is taken, and what is offered instead."""

import re

import pytest
from made_folders import classes_of, noted, refused, touch

from keras_vdd.data.sources import find_videos


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
def test_a_folder_of_validation_videos(settings, tmp_path, name):
    root = tmp_path / "videos"
    for split in ("train", name):
        classes_of(root, f"{split}/a", f"{split}/b")
    listing = noted(settings, f"No folder 'test' .*: '{name}' is the test split")
    assert len(listing.train) == len(listing.test) == 6
    classes_of(root, "test/a", "test/b", videos=2)
    listing = noted(settings, f"'{name}' beside 'train' and 'test' is left out")
    assert len(listing.test) == 4 and len(listing.notes) == 1


def test_splits_by_other_names(settings, tmp_path):
    for split in ("Training", "TEST"):
        classes_of(tmp_path / "videos", f"{split}/a", f"{split}/b")
    touch(tmp_path / "videos", "extra/x/1.mp4", "Training/stray.mp4")
    listing = find_videos(settings())
    assert len(listing.train) == len(listing.test) == 6
    assert [note for note in listing.notes if "extra" in note] and [
        n for n in listing.notes if "stray.mp4" in n
    ]


def test_a_split_without_the_other(settings, tmp_path):
    classes_of(tmp_path / "videos", "test/a", "test/b")
    refused(
        settings, "has a folder 'test' of class folders and no such folder 'train'.*data.root=.*/test to take"
    )


def test_splits_without_class_folders(settings, tmp_path):
    classes_of(tmp_path / "videos", "train", "test")
    refused(settings, "folders test, train with videos and no class folders in them")


def test_one_split_alone_is_noted(settings, tmp_path):
    for split in ("train", "test"):
        classes_of(tmp_path / "videos", f"{split}/a", f"{split}/b")
    noted(settings, "is one split of '.*/videos': set data.root=", root=str(tmp_path / "videos" / "train"))


@pytest.mark.parametrize("above", ["my videos", "a/b"])
@pytest.mark.parametrize("split", [("",), ("train/", "test/")])
def test_a_root_above_the_class_folders(settings, tmp_path, above, split):
    for part in split:
        classes_of(tmp_path / "videos" / above, f"{part}wave", f"{part}clap")
    touch(tmp_path / "videos", "readme.txt", "__MACOSX/x/._y.mp4", "docs/a.pdf")
    said = refused(settings, "class folders of '.*' lie in ")
    assert re.search(rf"set '?data.root={tmp_path}/videos/{above}'?\.$", said)
    (folder,) = re.findall(r"lie in '(.*?)'", said)
    assert find_videos(settings(root=folder)).class_names == ["clap", "wave"]


@pytest.mark.parametrize("inside", ["clap", "train/clap"])
def test_a_root_that_is_a_class_folder(settings, tmp_path, inside):
    for split in ("train/", "test/") if "train" in inside else ("",):
        classes_of(tmp_path / "videos", f"{split}wave", f"{split}clap")
    said = refused(settings, "holds videos and no class folders", root=str(tmp_path / "videos" / inside))
    assert f"data.root={tmp_path / 'videos'}, " in said


def test_videos_without_class_folders(settings, tmp_path):
    touch(tmp_path / "alone" / "videos", "1.mp4", "2.mp4")
    refused(settings, "holds videos and no class folders: put them", root=str(tmp_path / "alone" / "videos"))


@pytest.mark.parametrize("classes", ["all", "present", ("clap", "wave")])
@pytest.mark.parametrize("groups", [("g1",), ("g1", "g2"), ("a/x", "b/x", "c")])
def test_videos_in_folders_of_class_folders(settings, tmp_path, groups, classes):
    root = tmp_path / "videos"
    # Of the same names in both classes, or, where it has to be told which of the folders are classes, of others.
    other = "of wave " if classes == "all" else ""
    inner = [f"clap/{group}" for group in groups] + [f"wave/{other}{group}" for group in groups]
    classes_of(root, *inner)
    touch(root, "clap/notes/a.txt")
    words = f"such as 'clap/{groups[0]}', count for the class, and test videos are drawn from all"
    listing = noted(settings, words, classes=classes)
    assert listing.class_names == ["clap", "wave"]
    names = [f"{folder}/{i}.mp4" for folder in inner for i in range(3)]
    assert sorted(video.name for video in listing.train + listing.test) == sorted(names)
    assert all(video.path == str(root / video.name) for video in listing.train + listing.test)
    assert [note for note in listing.notes if "clap/notes" in note]
    # What the note offers, if these are the classes.
    (offered,) = re.findall(r"is the class, set data.root=(\S+)\.", " ".join(listing.notes))
    assert offered == str((root / "clap" / groups[0]).parent)
    # One class as it should be, another with some of its videos so, and splits above.
    classes_of(root, "clap")
    listing = find_videos(settings(classes=classes))
    assert len(listing.train + listing.test) == len(names) + 3
    classes_of(tmp_path / "split", *(f"{split}/{folder}" for split in ("train", "test") for folder in inner))
    listing = noted(settings, "count for the class.$", root=str(tmp_path / "split"), classes=classes)
    assert len(listing.train) == len(listing.test) == len(names)


@pytest.mark.parametrize("split", [("",), ("train/", "test/")])
def test_folders_of_one_name_in_several_others(settings, tmp_path, split):
    """Of scenes, in each class, or of classes, of each person: nobody but the user knows."""
    root = tmp_path / "videos"
    classes_of(
        root, *(f"{part}{outer}/{inner}" for part in split for outer in ("p1", "p2") for inner in ("a", "b"))
    )
    place = str(root / split[0]).rstrip("/")
    said = refused(
        settings,
        "'p1/a' and 'p2/a': if 'p1' and 'p2' are splits, name them 'train' and 'test'; set data.classes=present if "
        "'p1' and 'p2' are the classes; if 'a'",
    )
    assert f"move what is in it to '{place}/a', or set data.root={place}/p1." in said
    assert find_videos(settings(classes="present")).class_names == ["p1", "p2"]
    assert find_videos(settings(root=f"{place}/p1")).class_names == ["a", "b"]


@pytest.mark.parametrize("names", [("train_set", "Test Set"), ("training-videos", "testdata")])
def test_more_names_of_splits(settings, tmp_path, names):
    classes_of(tmp_path / "videos", *(f"{name}/{inner}" for name in names for inner in ("a", "b")))
    assert find_videos(settings()).class_names == ["a", "b"]


def test_videos_with_a_list_of_labels(settings, tmp_path):
    touch(tmp_path / "videos", "1.mp4", "2.mp4", "labels.CSV")
    refused(
        settings,
        "put them into folders .*, or register a set that reads 'labels.CSV', as docs/adding-a-dataset",
    )


def test_links_from_a_class_folder_into_the_set(settings, tmp_path):
    root = tmp_path / "videos"
    classes_of(root, "clap/g1", "wave")
    classes_of(tmp_path, "outside")
    (root / "clap" / "again").symlink_to(root / "clap" / "g1")
    (root / "clap" / "wave").symlink_to(root / "wave")
    (root / "clap" / "g2").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "home").symlink_to(root)
    (tmp_path / "outside" / "here").symlink_to(tmp_path / "outside")
    listing = noted(
        settings, "Ignored 4 links .* a folder that is there already: clap/again, clap/g2/h.*, clap/g2/h"
    )
    assert len(listing.train + listing.test) == 9


def test_a_root_above_a_set_with_splits(settings, tmp_path):
    root = tmp_path / "videos"
    classes_of(root, *(f"mine/{split}/{name}" for split in ("train", "test") for name in "ab"), "loose")
    refused(
        settings, f"'mine' in .* has splits of its own, which hold classes: set data.root={root / 'mine'}."
    )


def test_the_split_under_the_class(settings, tmp_path):
    classes_of(
        tmp_path / "videos", *(f"{name}/{split}" for name in ("clap", "wave") for split in ("train", "test"))
    )
    refused(settings, "has the split under the class: name the folders '.*/videos/te?.*/clap'")


LISTS = {
    "ucf101": ("ucfTrainTestlist/classInd.txt", "1 Swing\n"),
    "hmdb51": ("testTrainMulti_7030_splits/wave_test_split1.txt", "a.avi 1\n"),
    "ssv2": ("labels/labels.json", "{}"),
    "kinetics600": ("annotations/train.csv", "label,youtube_id,time_start,time_end,split\n"),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("above", ["", "sets/"])
def test_a_public_set_given_as_a_folder(settings, tmp_path, name, above):
    root = tmp_path / "videos"
    path, content = LISTS[name]
    others = {"ssv2": ["labels/validation.json"], "kinetics600": ["annotations/val.csv"]}
    for file in (path, *others.get(name, ())):
        touch(root, above + file)
        (root / above / file).write_text(content)
    touch(root, *(f"{above}UCF-101/{c}/v_{c}_g0{i}_c01.avi" for c in ("Swing", "Punch") for i in range(3)))
    place = f" data.root={root / above}".rstrip("/") if above else ""
    assert f"data.set={name}{place}" in refused(settings, "holds the lists of a public set")
    if name in ("ucf101", "hmdb51"):
        inside = str(root / above / "UCF-101")
        noted(
            settings,
            f"data.set={name} data.root={root / above} takes its own splits".replace("/ ", " "),
            root=inside,
        )
        # The public set, given a root one level off.
        refused(
            settings, f"does not hold .*: set data.root={root / above}".rstrip("/"), root=inside, set=name
        )


@pytest.mark.parametrize(
    "name, file",
    [
        ("ucf101", "v_Swing_g01_c0{}.avi"),
        ("hmdb51", "April_09_brush_hair_u_nm_np1_ba_goo_{}.avi"),
        ("kinetics400", "-3B32lodo2M_00000{}_000010.mp4"),
    ],
)
def test_videos_of_a_public_set_without_its_lists(settings, tmp_path, name, file):
    root = tmp_path / "videos" / "UCF-101"
    touch(root, *(f"{c}/{file.format(i)}" for c in ("Swing", "Punch") for i in range(3)))
    refused(settings, f"data.root={root} .and data.set={name}")
    noted(settings, f"names as in {name}", root=str(root))
    touch(root, "Swing/mine.mp4", "Punch/mine.mp4")
    assert find_videos(settings(root=str(root))).notes == []


def test_class_folders_given_as_a_public_set(settings, tmp_path):
    classes_of(tmp_path / "videos", "wave", "clap")
    refused(settings, "or set data.set=folder if these are class folders of your own", set="ucf101")
