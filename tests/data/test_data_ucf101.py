import os
import pathlib
import shutil

import pytest
from miniature_sets import counts, paint, shows, take_apart

from keras_vdd.data.sources import find_videos
from keras_vdd.data.sources.miniucf import CLASSES as MINIUCF_CLASSES
from keras_vdd.data.sources.ucf101 import list_ucf101, read_lists
from keras_vdd.errors import UsageError, VddError

SHARED = pathlib.Path(os.environ.get("VDD_SHARED", pathlib.Path(__file__).parents[3] / "shared"))
CLASSES = ("HandstandPushups", "Surfing", "SurfingBird")
COLOURS = {name: colour for colour, name in enumerate(CLASSES)}
real = pytest.mark.skipif(not (SHARED / "data" / "UCF101-11").is_dir(), reason=f"no UCF101-11 under {SHARED}")


def stems(name):
    return [f"v_{name.replace('stand', 'Stand')}_g{group:02d}_c01" for group in range(1, 5)]


@pytest.fixture(scope="session")
def distributed(tmp_path_factory):
    """UCF101 in little, as distributed: CRLF, 1-based labels, test lists without labels, mixed case."""
    root = tmp_path_factory.mktemp("ucf101")
    lists = root / "ucfTrainTestlist"
    lists.mkdir()
    index = "".join(f"{number} {name}\r\n" for number, name in enumerate(CLASSES, 1))
    (lists / "classInd.txt").write_bytes(index.encode())
    for name in CLASSES:
        for stem in stems(name):
            paint(root / "UCF-101" / name / f"{stem}.avi", COLOURS[name])
    for split in (1, 2):
        train, test = [], []
        for label, name in enumerate(CLASSES, 1):
            for group, stem in enumerate(stems(name), 1):
                line = f"{name}/{stem}.avi"
                test.append(f"{line}\r\n") if group == split else train.append(f"{line} {label}\r\n")
        (lists / f"trainlist0{split}.txt").write_bytes("".join(train).encode())
        (lists / f"testlist0{split}.txt").write_bytes("".join(test).encode())
    return root


@pytest.fixture
def miniature(distributed, tmp_path):
    return pathlib.Path(shutil.copytree(distributed, tmp_path / "videos"))


def test_the_layout_as_distributed(settings, distributed):
    listing = find_videos(settings(set="ucf101", root=str(distributed)))
    assert listing.class_names == list(CLASSES)
    assert counts(listing) == dict.fromkeys(CLASSES, (3, 1))
    assert [v.label for v in listing.train] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert listing.test[0].name == "HandstandPushups/v_HandStandPushups_g01_c01.avi"
    assert shows(listing, COLOURS)
    assert listing.notes == ["The annotations name 3 classes, fewer than the 101 of UCF101."]
    second = find_videos(settings(set="ucf101", root=str(distributed), split=2))
    assert second.test[0].name.endswith("_g02_c01.avi")


def test_folders_and_lists_may_lie_elsewhere(miniature, tmp_path):
    expected = [v.name for v in list_ucf101(str(miniature)).train]

    def found(*arguments, **settings):
        listing = list_ucf101(*arguments, **settings)
        assert shows(listing, COLOURS)
        return [v.name for v in listing.train]

    (miniature / "UCF-101").rename(miniature / "videos")
    assert found(str(miniature)) == expected
    for name in CLASSES:
        (miniature / "videos" / name).rename(miniature / name)
    assert found(str(miniature)) == expected
    for file in (miniature / "ucfTrainTestlist").iterdir():
        file.rename(miniature / file.name)
    assert found(str(miniature)) == expected
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in miniature.glob("*.txt"):
        file.rename(elsewhere / file.name)
    assert found(str(miniature), annotations=str(elsewhere)) == expected
    with pytest.raises(VddError, match="data.root .* does not hold ucfTrainTestlist/.*data.annotations"):
        list_ucf101(str(miniature))
    with pytest.raises(VddError, match="data.annotations .*nowhere' does not hold"):
        list_ucf101(str(miniature), annotations=str(tmp_path / "nowhere"))


def test_folders_of_images_in_class_folders(miniature):
    for name in CLASSES:
        for stem in stems(name):
            video = miniature / "UCF-101" / name / f"{stem}.avi"
            take_apart(video, COLOURS[name], video.with_suffix(""))
    listing = list_ucf101(str(miniature))
    assert counts(listing) == dict.fromkeys(CLASSES, (3, 1)) and shows(listing, COLOURS)
    assert listing.train[0].name == "HandstandPushups/v_HandStandPushups_g02_c01"


def test_flat_folders_of_images_whose_case_differs(miniature):
    """The frames that many use lie in one folder, and write Handstand where the lists write HandStand."""
    for name in CLASSES:
        for stem in stems(name):
            folder = miniature / "jpegs_256" / stem.replace("HandStand", "Handstand")
            take_apart(miniature / "UCF-101" / name / f"{stem}.avi", COLOURS[name], folder, "{:05d}.jpg")
    listing = list_ucf101(str(miniature))
    assert counts(listing) == dict.fromkeys(CLASSES, (3, 1)) and shows(listing, COLOURS)
    assert listing.test[0].name == "HandstandPushups/v_HandstandPushups_g01_c01"


def test_videos_may_have_been_converted(miniature):
    """A set of another container is found by its names; where both are there, the listed one is taken."""
    for name in CLASSES[1:]:
        for stem in stems(name):
            (miniature / "UCF-101" / name / f"{stem}.avi").unlink()
            paint(miniature / "UCF-101" / name / f"{stem}.mp4", COLOURS[name])
    paint(miniature / "UCF-101" / CLASSES[0] / f"{stems(CLASSES[0])[0]}.mp4", 5)
    listing = list_ucf101(str(miniature))
    assert shows(listing, COLOURS) and {v.path[-4:] for v in listing.train if v.label} == {".mp4"}
    assert len(listing.notes) == 1


def test_a_video_in_the_folder_of_another_class_is_not_taken(miniature):
    lost = miniature / "UCF-101" / "Surfing" / "v_Surfing_g02_c01.avi"
    lost.rename(miniature / "UCF-101" / "SurfingBird" / lost.name)
    with pytest.raises(VddError, match="1 of 12 videos .*Surfing/v_Surfing_g02_c01.avi"):
        list_ucf101(str(miniature))


def test_a_second_copy_is_said(miniature):
    shutil.copytree(miniature / "UCF-101", miniature / "UCF-101-copy")
    listing = list_ucf101(str(miniature))
    assert counts(listing) == dict.fromkeys(CLASSES, (3, 1))
    assert all("UCF-101-copy" not in video.path for video in listing.train + listing.test)
    assert any("12 videos are there more than once" in note for note in listing.notes)


def test_absent_classes_stop_unless_present_is_asked(settings, miniature):
    for file in (miniature / "UCF-101" / "Surfing").iterdir():
        file.unlink()
    with pytest.raises(
        VddError, match=r"1 of the 3 classes is missing .*\(Surfing\).*data.classes=present.* 2 "
    ) as error:
        find_videos(settings(set="ucf101"))
    assert "\n" not in str(error.value)
    listing = find_videos(settings(set="ucf101", classes="present"))
    assert listing.class_names == ["HandstandPushups", "SurfingBird"] and len(listing.train) == 6
    assert {v.label for v in listing.train} == {0, 1}
    assert sum("1 of the 3 listed classes" in note for note in listing.notes) == 1
    with pytest.raises(VddError, match="Class 'Surfing' of data.classes is missing"):
        find_videos(settings(set="ucf101", classes=("Surfing",)))


def test_absent_videos_of_a_class_that_is_there(settings, miniature):
    (miniature / "UCF-101" / "Surfing" / "v_Surfing_g03_c01.avi").unlink()
    with pytest.raises(VddError, match="1 of 12 videos .*v_Surfing_g03_c01.avi.*data.classes=present"):
        find_videos(settings(set="ucf101"))
    for classes in ("present", CLASSES):
        listing = find_videos(settings(set="ucf101", classes=classes))
        assert len(listing.train) == 8 and any("v_Surfing_g03_c01" in note for note in listing.notes)


def test_a_class_without_training_videos_is_not_used(settings, miniature):
    for stem in stems("Surfing")[1:]:
        (miniature / "UCF-101" / "Surfing" / f"{stem}.avi").unlink()
    with pytest.raises(VddError, match="1 of the 3 classes has no training videos"):
        find_videos(settings(set="ucf101"))
    listing = find_videos(settings(set="ucf101", classes="present"))
    assert counts(listing) == {"HandstandPushups": (3, 1), "SurfingBird": (3, 1)}


def test_classes_by_name(settings, miniature):
    assert find_videos(settings(set="ucf101", classes=("Surfing",))).class_names == ["Surfing"]
    with pytest.raises(UsageError, match="did you mean 'SurfingBird'"):
        find_videos(settings(set="ucf101", classes=("SurfinBird",)))


def test_no_test_videos(settings, miniature):
    (miniature / "ucfTrainTestlist" / "testlist01.txt").write_bytes(b"\r\n")
    with pytest.raises(VddError, match="Not enough test videos"):
        find_videos(settings(set="ucf101"))


def test_a_video_listed_for_both_is_tested_alone(miniature):
    with open(miniature / "ucfTrainTestlist" / "testlist01.txt", "a") as file:
        file.write("Surfing/v_Surfing_g02_c01.avi\r\n")
    listing = list_ucf101(str(miniature))
    assert counts(listing)["Surfing"] == (2, 2)
    assert any("v_Surfing_g02_c01.avi" in note and "for test" in note for note in listing.notes)


def test_what_is_not_ucf101_is_said(settings, miniature):
    lists = miniature / "ucfTrainTestlist"

    def refused(words, name, text, error=VddError):
        before = (lists / name).read_bytes()
        (lists / name).write_text(text)
        with pytest.raises(error, match=words) as caught:
            find_videos(settings(set="ucf101"))
        assert "\n" not in str(caught.value)
        (lists / name).write_bytes(before)

    with pytest.raises(UsageError, match="split is 4"):
        find_videos(settings(set="ucf101", split=4))
    with pytest.raises(VddError, match="trainlist03.txt.*missing"):
        find_videos(settings(set="ucf101", split=3))
    refused("has the line 'Surfing'", "classInd.txt", "Surfing\n")
    many = "".join(f"{number} C{number}\n" for number in range(1, 103))
    refused("102 classes and UCF101 has 101", "classInd.txt", many, UsageError)
    refused("has the line 'v_Surfing.avi 2'", "trainlist01.txt", "v_Surfing.avi 2\n")
    refused("'Ski/v_Ski.avi', whose class is not in classInd", "testlist01.txt", "Ski/v_Ski.avi\n")
    # Counted from 0, as some make their own lists.
    refused("label 1, and classInd.txt has 2", "trainlist01.txt", "Surfing/v_Surfing_g02_c01.avi 1\n")
    shutil.rmtree(miniature / "UCF-101")
    with pytest.raises(VddError, match="None of the 12 videos .* expected UCF-101/<Class>/v_"):
        find_videos(settings(set="ucf101"))


def test_miniucf_takes_its_classes_alone(settings, miniature):
    listing = find_videos(settings(set="miniucf", classes="present"))
    assert counts(listing) == {"Surfing": (3, 1)}
    assert len(MINIUCF_CLASSES) == len(set(MINIUCF_CLASSES)) == 50 and list(MINIUCF_CLASSES) == sorted(
        MINIUCF_CLASSES
    )


@pytest.mark.shared
@real
def test_the_real_lists_in_full():
    """Counts of the original set: 13,320 videos, in the published numbers of each split."""
    folder = str(SHARED / "data" / "UCF101-11" / "ucfTrainTestlist")
    listed = {split: read_lists(folder, split) for split in (1, 2, 3)}
    sizes = {split: (len(lists.train), len(lists.test)) for split, lists in listed.items()}
    assert sizes == {1: (9537, 3783), 2: (9586, 3734), 3: (9624, 3696)}
    assert {len(lists.classes) for lists in listed.values()} == {101}
    assert ("HandstandPushups", "v_HandStandPushups_g01_c01.avi") in listed[1].test
    mini = read_lists(folder, 1, MINIUCF_CLASSES)
    assert (len(mini.train), len(mini.test)) == (4662, 1861) and len(mini.classes) == 50


@pytest.mark.shared
@real
def test_the_real_videos(settings):
    root = str(SHARED / "data" / "UCF101-11")
    sizes = {}
    for split in (1, 2, 3):
        listing = find_videos(settings(set="ucf101", root=root, split=split, classes="present"))
        assert len(listing.class_names) == 11 and any("90 of the 101" in note for note in listing.notes)
        sizes[split] = len(listing.train), len(listing.test)
    assert sizes == {1: (827, 310), 2: (808, 329), 3: (810, 327)}
    with pytest.raises(
        VddError, match=r"90 of the 101 classes are missing.*\(ApplyEyeMakeup, .*87 more\).*11"
    ):
        find_videos(settings(set="ucf101", root=root))
    mini = find_videos(settings(set="miniucf", root=root, classes="present"))
    seven = ["Basketball", "Diving", "JumpingJack", "Punch", "SkyDiving", "Surfing", "Swing"]
    assert mini.class_names == seven
