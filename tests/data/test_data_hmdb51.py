import pathlib
import shutil

import pytest
from miniature_sets import counts, paint, shows, take_apart

from keras_vdd.data.sources import find_videos
from keras_vdd.data.sources.hmdb51 import list_hmdb51, read_lists
from keras_vdd.errors import UsageError, VddError

CLASSES = ("climb", "climb_stairs", "clap", "sit")
COLOURS = {name: colour for colour, name in enumerate(CLASSES)}
# One of each oddity of the real names, and one that two classes share.
NAMES = (
    "#20_Rhythm_{}_u_nm_np1_fr_goo_1.avi",
    "(HQ)_Free_Solo_-_Dan_{}_f_cm_np1_ba_med_4.avi",
    "[Fast]_Two&Four_{}_u_nm_np1_fr_med_0.avi",
    "Oh!_No;_again_{}_u_cm_np1_le_bad_2.avi",
    "Mr._Bean_{}_f_cm_np1_ba_med_0.avi",
    "same_name_in_all_0.avi",
)
# The flags of these six in splits 1 to 3: three train, two test, one unused.
FLAGS = ((1, 1, 1, 2, 2, 0), (0, 1, 2, 1, 2, 1), (2, 2, 1, 0, 1, 1))
SIZES = dict.fromkeys(sorted(CLASSES), (3, 2))


@pytest.fixture(scope="session")
def distributed(tmp_path_factory):
    root = tmp_path_factory.mktemp("hmdb51")
    lists = root / "testTrainMulti_7030_splits"
    lists.mkdir()
    for name in CLASSES:
        files = [file.format(name) for file in NAMES]
        for file in files:
            paint(root / "hmdb51_org" / name / file, COLOURS[name])
        for split, flags in enumerate(FLAGS, 1):
            # As distributed: a blank ends every line.
            lines = "".join(f"{file} {flag} \n" for file, flag in zip(files, flags, strict=True))
            (lists / f"{name}_test_split{split}.txt").write_text(lines)
    return root


@pytest.fixture
def miniature(distributed, tmp_path):
    return pathlib.Path(shutil.copytree(distributed, tmp_path / "videos"))


def names(videos, class_name):
    own = f"{class_name}/"
    return sorted(video.name.removeprefix(own) for video in videos if video.name.startswith(own))


@pytest.mark.parametrize("split", [1, 2, 3])
def test_the_layout_as_distributed(settings, distributed, split):
    listing = find_videos(settings(set="hmdb51", root=str(distributed), split=split))
    assert listing.class_names == ["clap", "climb", "climb_stairs", "sit"]
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    for videos, flag in ((listing.train, 1), (listing.test, 2)):
        wanted = [file.format("climb") for file, f in zip(NAMES, FLAGS[split - 1], strict=True) if f == flag]
        assert names(videos, "climb") == sorted(wanted)
    assert any("leaves 4 videos unused" in note and "data.unused=train" in note for note in listing.notes)
    assert any("4 classes, fewer than the 51 of HMDB51" in note for note in listing.notes)


def test_unused_videos_may_be_trained_on(settings, distributed):
    listing = find_videos(settings(set="hmdb51", root=str(distributed), unused="train"))
    assert counts(listing) == dict.fromkeys(SIZES, (4, 2)) and shows(listing, COLOURS)
    assert "sit/same_name_in_all_0.avi" in {v.name for v in listing.train}
    assert not any("unused" in note for note in listing.notes)


def test_lists_of_full_size(tmp_path):
    """51 x 3 files of 70 training and 30 test videos, and as many unused as the class has more than 100."""
    for split in (1, 2, 3):
        for number in range(51):
            flags = [1] * 70 + [2] * 30 + [0] * number
            lines = [f"a_{number}_{i}.avi {flag} \r\n" for i, flag in enumerate(flags)]
            (tmp_path / f"class_{number:02d}_test_split{split}.txt").write_bytes("".join(lines).encode())
        dropped, trained = read_lists(str(tmp_path), split), read_lists(str(tmp_path), split, "train")
        assert (len(dropped.train), len(dropped.test), len(dropped.others)) == (3570, 1530, 1275)
        assert (len(trained.train), len(trained.test), trained.notes) == (3570 + 1275, 1530, [])
        assert len(dropped.classes) == 51 and "1,275 videos unused" in dropped.notes[0]


def test_lists_may_lie_elsewhere(miniature, tmp_path):
    (miniature / "testTrainMulti_7030_splits").rename(tmp_path / "splits")
    with pytest.raises(VddError, match="does not hold testTrainMulti_7030_splits/<class>_test_split1.txt"):
        list_hmdb51(str(miniature))
    assert counts(list_hmdb51(str(miniature), annotations=str(tmp_path / "splits"))) == SIZES
    (miniature / "test_train_splits").mkdir()
    (tmp_path / "splits").rename(miniature / "test_train_splits" / "testTrainMulti_7030_splits")
    assert counts(list_hmdb51(str(miniature))) == SIZES


def test_class_folders_may_lie_under_the_root(miniature):
    for name in CLASSES:
        (miniature / "hmdb51_org" / name).rename(miniature / name)
    listing = list_hmdb51(str(miniature))
    assert counts(listing) == SIZES and shows(listing, COLOURS)


def test_folders_of_images(miniature):
    for name in CLASSES:
        for file in NAMES:
            video = miniature / "hmdb51_org" / name / file.format(name)
            take_apart(video, COLOURS[name], miniature / "frames" / name / video.name.removesuffix(".avi"))
    listing = list_hmdb51(str(miniature), 2)
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    assert "sit/Mr._Bean_sit_f_cm_np1_ba_med_0" in {v.name for v in listing.test}


def test_absent_classes_stop_unless_present_is_asked(miniature):
    shutil.rmtree(miniature / "hmdb51_org" / "climb")
    words = r"1 of the 4 classes is missing .*\(climb\).*data.classes=present.* 3 "
    with pytest.raises(VddError, match=words):
        list_hmdb51(str(miniature))
    listing = list_hmdb51(str(miniature), classes="present")
    # `climb` shares names with other classes; theirs must not be taken for its own.
    assert counts(listing) == {name: size for name, size in SIZES.items() if name != "climb"}
    assert shows(listing, COLOURS)


def test_absent_videos_of_a_class_that_is_there(miniature):
    (miniature / "hmdb51_org" / "sit" / "same_name_in_all_0.avi").unlink()
    # Split 1 does not use it, so nothing is missing; where it is trained on, something is.
    assert counts(list_hmdb51(str(miniature))) == SIZES
    with pytest.raises(VddError, match=r"1 of 24 videos .*\(sit/same_name_in_all_0.avi\)"):
        list_hmdb51(str(miniature), unused="train")
    listing = list_hmdb51(str(miniature), unused="train", classes="present")
    assert counts(listing) == {**dict.fromkeys(SIZES, (4, 2)), "sit": (3, 2)}


def test_what_is_not_hmdb51_is_said(settings, miniature):
    lists = miniature / "testTrainMulti_7030_splits"
    with pytest.raises(UsageError, match="split is 4"):
        find_videos(settings(set="hmdb51", split=4))
    (lists / "sit_test_split2.txt").unlink()
    with pytest.raises(VddError, match="sit_test_split2.txt' is missing"):
        list_hmdb51(str(miniature), 2)
    assert counts(list_hmdb51(str(miniature), 3)) == SIZES
    for line in ("a.avi 3", "a.avi", "1", "a.avi 12", "a.avi -1"):
        (lists / "sit_test_split1.txt").write_text(f"{line} \n")
        with pytest.raises(VddError, match=f"has the line '{line}', not a video and 0, 1 or 2"):
            list_hmdb51(str(miniature))
    for number in range(60):
        (lists / f"more{number}_test_split1.txt").write_text("a.avi 1 \n")
    (lists / "sit_test_split1.txt").write_text("a.avi 1 \n")
    with pytest.raises(UsageError, match="64 classes and HMDB51 has 51"):
        list_hmdb51(str(miniature))
