import os
import pathlib

import pytest

from keras_vdd.data.sources import find_videos
from keras_vdd.data.ucf101 import MINIUCF_CLASSES
from keras_vdd.errors import UsageError, VddError

SHARED = pathlib.Path(os.environ.get("VDD_SHARED", pathlib.Path(__file__).parents[3] / "shared"))
CLASSES = ("HandstandPushups", "Surfing", "SurfingBird")


@pytest.fixture
def miniature(tmp_path):
    """UCF101 in little, as distributed: CRLF, 1-based labels, test lists without labels, mixed case."""
    lists = tmp_path / "videos" / "ucfTrainTestlist"
    lists.mkdir(parents=True)
    (lists / "classInd.txt").write_bytes(
        b"".join(b"%d %s\r\n" % (i, c.encode()) for i, c in enumerate(CLASSES, 1))
    )
    for split in (1, 2):
        train, test = [], []
        for label, name in enumerate(CLASSES, 1):
            for group in range(1, 5):
                file = f"v_{name.replace('stand', 'Stand')}_g{group:02d}_c01.avi"
                path = tmp_path / "videos" / "UCF-101" / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
                test.append(f"{name}/{file}\r\n") if group == split else train.append(
                    f"{name}/{file} {label}\r\n"
                )
        (lists / f"trainlist0{split}.txt").write_bytes("".join(train).encode())
        (lists / f"testlist0{split}.txt").write_bytes("".join(test).encode())
    return tmp_path / "videos"


def test_the_layout_as_distributed(settings, miniature):
    listing = find_videos(settings(set="ucf101"))
    assert listing.class_names == list(CLASSES) and listing.notes == []
    assert len(listing.train) == 9 and len(listing.test) == 3
    assert [v.label for v in listing.train] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert listing.test[0].name == "HandstandPushups/v_HandStandPushups_g01_c01.avi"
    assert all(os.path.isfile(v.path) for v in listing.train + listing.test)
    assert find_videos(settings(set="ucf101", split=2)).test[0].name.endswith("_g02_c01.avi")


def test_the_folder_may_be_called_videos(settings, miniature):
    (miniature / "UCF-101").rename(miniature / "videos")
    assert len(find_videos(settings(set="ucf101")).train) == 9


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
    assert len(listing.notes) == 1 or any("1 of the 3 listed classes" in note for note in listing.notes)
    with pytest.raises(VddError, match="Class 'Surfing' of data.classes is missing"):
        find_videos(settings(set="ucf101", classes=("Surfing",)))


def test_absent_videos_of_a_class_that_is_there(settings, miniature):
    (miniature / "UCF-101" / "Surfing" / "v_Surfing_g03_c01.avi").unlink()
    with pytest.raises(VddError, match="1 of 12 videos .*v_Surfing_g03_c01.avi.*data.classes=present"):
        find_videos(settings(set="ucf101"))
    for classes in ("present", CLASSES):
        listing = find_videos(settings(set="ucf101", classes=classes))
        assert len(listing.train) == 8 and any("v_Surfing_g03_c01" in note for note in listing.notes)


def test_classes_by_name(settings, miniature):
    assert find_videos(settings(set="ucf101", classes=("Surfing",))).class_names == ["Surfing"]
    with pytest.raises(UsageError, match="did you mean 'SurfingBird'"):
        find_videos(settings(set="ucf101", classes=("SurfinBird",)))


def test_no_test_videos(settings, miniature):
    (miniature / "ucfTrainTestlist" / "testlist01.txt").write_bytes(b"\r\n")
    with pytest.raises(VddError, match="Not enough test videos"):
        find_videos(settings(set="ucf101"))


def test_what_is_not_ucf101_is_said(settings, miniature):
    with pytest.raises(UsageError, match="split is 4"):
        find_videos(settings(set="ucf101", split=4))
    with pytest.raises(VddError, match="trainlist03.txt.*missing"):
        find_videos(settings(set="ucf101", split=3))
    (miniature / "UCF-101").rename(miniature / "clips")
    with pytest.raises(VddError, match="no folder 'UCF-101'"):
        find_videos(settings(set="ucf101"))
    (miniature / "ucfTrainTestlist" / "classInd.txt").write_text("Surfing\n")
    with pytest.raises(VddError, match="has the line 'Surfing'"):
        find_videos(settings(set="ucf101"))


def test_miniucf_takes_its_classes_alone(settings, miniature):
    listing = find_videos(settings(set="miniucf", classes="present"))
    assert listing.class_names == ["Surfing"] and len(listing.train) == 3
    assert len(MINIUCF_CLASSES) == len(set(MINIUCF_CLASSES)) == 50 and list(MINIUCF_CLASSES) == sorted(
        MINIUCF_CLASSES
    )


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "data" / "UCF101-11").is_dir(), reason=f"no UCF101-11 under {SHARED}")
def test_the_real_split_files(settings):
    root = str(SHARED / "data" / "UCF101-11")
    counts = {}
    for split in (1, 2, 3):
        listing = find_videos(settings(set="ucf101", root=root, split=split, classes="present"))
        assert len(listing.class_names) == 11 and any("90 of the 101" in note for note in listing.notes)
        counts[split] = len(listing.train), len(listing.test)
    assert counts == {1: (827, 310), 2: (808, 329), 3: (810, 327)}
    with pytest.raises(
        VddError, match=r"90 of the 101 classes are missing.*\(ApplyEyeMakeup, .*87 more\).*11"
    ):
        find_videos(settings(set="ucf101", root=root))
    mini = find_videos(settings(set="miniucf", root=root, classes="present"))
    assert mini.class_names == [
        "Basketball",
        "Diving",
        "JumpingJack",
        "Punch",
        "SkyDiving",
        "Surfing",
        "Swing",
    ]
