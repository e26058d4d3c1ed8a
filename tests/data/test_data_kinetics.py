import csv
import os
import pathlib
import shutil

import pytest
from miniature_sets import colour_of, counts, paint, shows, take_apart

from keras_vdd.data.sources import find_videos
from keras_vdd.data.sources.kinetics import list_kinetics, read_lists
from keras_vdd.errors import UsageError, VddError

# Labels have blanks, apostrophes and brackets; one has a comma here, which only quoting carries.
CLASSES = ("abseiling", "air drumming", "massaging person's head", "passing football (in game), badly")
COLOURS = {name: colour for colour, name in enumerate(CLASSES)}
# (id, start, end) of each class: ids begin with dashes and underscores, and two differ in case alone.
TRAIN = {
    CLASSES[0]: [("-3B32lodo2M", 59, 69), ("aBcDeFgHiJk", 0, 10), ("_-_3K4sUKUk", 1, 11)],
    CLASSES[1]: [("--nQbRBEz2s", 104, 114), ("AbCdEfGhIjK", 0, 10), ("0Y2yJT7Tyvs", 12345, 12355)],
    CLASSES[2]: [("_dbcJuKJQNs", 40, 50), ("---QUuC4vJs", 84, 94), ("zZ_0-9zZ_0-", 7, 17)],
    CLASSES[3]: [("-_-_-_-_-_-", 2, 12), ("PzVkNmk8dSs", 3, 13), ("9-9-9-9-9-9", 5, 15)],
}
VALIDATION = {
    name: [(f"v{number}-_0000000", number, number + 10), (f"-w{number}_000000", 0, 10)]
    for number, name in enumerate(CLASSES)
}
TEST = [("-testtest--", 8, 18), ("unlabelled0", 9, 19)]
SIZES = dict.fromkeys(CLASSES, (3, 2))


def name_of(video):
    source, start, end = video
    return f"{source}_{start:06d}_{end:06d}"


def write_csv(path, rows, quoting):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file, quoting=quoting).writerows(rows)


def write_lists(folder, dialect):
    """Write the three lists as in 2017 (val, is_cc, labels quoted) or as in later releases (validate)."""
    old = dialect == "is_cc"
    quoting = csv.QUOTE_NONNUMERIC if old else csv.QUOTE_MINIMAL
    extra = (["is_cc"], [0]) if old else ([], [])
    for file, split, videos in (
        ("train", "train", TRAIN),
        ("val" if old else "validate", "val" if old else "validate", VALIDATION),
    ):
        rows = [[name, *video, split, *extra[1]] for name in CLASSES for video in videos[name]]
        header = ["label", "youtube_id", "time_start", "time_end", "split", *extra[0]]
        write_csv(folder / f"{file}.csv", [header, *rows], quoting)
    rows = [["youtube_id", "time_start", "time_end", "split"], *[[*video, "test"] for video in TEST]]
    write_csv(folder / "test.csv", rows, quoting)


@pytest.fixture(scope="session")
def distributed(tmp_path_factory):
    """The layout of the usual downloads: flat splits, lists beside them, and a folder of replacements."""
    root = tmp_path_factory.mktemp("kinetics")
    write_lists(root / "annotations", "is_cc")
    for folder, videos in (("train", TRAIN), ("val", VALIDATION)):
        for name in CLASSES:
            for video in videos[name]:
                paint(root / folder / f"{name_of(video)}.mp4", COLOURS[name])
    for video in TEST:
        paint(root / "test" / f"{name_of(video)}.mp4", 5)
    damaged = root / "train" / f"{name_of(TRAIN[CLASSES[0]][0])}.mp4"
    good = root / "replacement" / "replacement_for_corrupted_k400" / damaged.name
    good.parent.mkdir(parents=True)
    shutil.copy(damaged, good)
    damaged.write_bytes(damaged.read_bytes()[:200])
    return root


@pytest.fixture
def miniature(distributed, tmp_path):
    return pathlib.Path(shutil.copytree(distributed, tmp_path / "videos"))


def test_the_layout_as_distributed(settings, distributed):
    listing = find_videos(settings(set="kinetics400", root=str(distributed)))
    assert listing.class_names == sorted(CLASSES)
    # Every video shows its colour: also the one whose file under train/ is damaged.
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    assert listing.train[0].name == "abseiling/-3B32lodo2M_000059_000069.mp4"
    assert os.path.basename(os.path.dirname(listing.train[0].path)) == "replacement_for_corrupted_k400"
    assert "air drumming/0Y2yJT7Tyvs_012345_012355.mp4" in {v.name for v in listing.train}
    assert len(listing.notes) == 2
    assert any("4 classes, fewer than the 400 of Kinetics-400" in note for note in listing.notes)
    assert any("withheld as a rule: 2 videos" in note for note in listing.notes)


@pytest.mark.parametrize("dialect", ["is_cc", "plain"])
@pytest.mark.parametrize("name, classes", [("kinetics400", 400), ("kinetics600", 600), ("kinetics700", 700)])
def test_both_dialects(settings, miniature, dialect, name, classes):
    shutil.rmtree(miniature / "annotations")
    # The later lists come in a folder that is named for the set.
    write_lists(miniature / ("annotations" if dialect == "is_cc" else name), dialect)
    text = next(miniature.glob("*/train.csv")).read_text()
    assert ('"air drumming",' in text) == (dialect == "is_cc")
    assert '"passing football (in game), badly"' in text
    listing = find_videos(settings(set=name))
    assert counts(listing) == SIZES
    assert any(f"the {classes} of Kinetics-{classes}" in note for note in listing.notes)


def test_one_file_with_all_splits(distributed, tmp_path):
    lists = distributed / "annotations"
    lines = [(lists / f"{split}.csv").read_text().splitlines() for split in ("train", "val")]
    rows = [*lines[0], *lines[1][1:]]
    (tmp_path / "all.csv").write_text("\n".join(rows))
    listing = list_kinetics(str(distributed), 400, annotations=str(tmp_path / "all.csv"))
    assert counts(listing) == SIZES and len(listing.notes) == 1


def test_lists_without_a_column_for_the_split(distributed, tmp_path):
    for split, word in (("train", "train"), ("val", "validation")):
        with open(distributed / "annotations" / f"{split}.csv", newline="") as file:
            rows = [row[:4] for row in csv.reader(file)]
        write_csv(tmp_path / f"kinetics-400_{word}.csv", rows, csv.QUOTE_MINIMAL)
    assert counts(list_kinetics(str(distributed), 400, annotations=str(tmp_path))) == SIZES
    (tmp_path / "kinetics-400_train.csv").rename(tmp_path / "everything.csv")
    with pytest.raises(VddError, match="no column 'split', nor does its name tell"):
        list_kinetics(str(distributed), 400, annotations=str(tmp_path / "everything.csv"))


def test_lists_in_folders_of_their_own(miniature):
    for split in ("train", "val", "test"):
        (miniature / f"kinetics_{split}").mkdir()
        (miniature / "annotations" / f"{split}.csv").rename(
            miniature / f"kinetics_{split}" / f"kinetics_{split}.csv"
        )
    assert counts(list_kinetics(str(miniature), 400)) == SIZES


def test_class_folders(miniature):
    """Some copies have class folders, with blanks or without, and links beside the videos they lead to."""
    for folder, videos in (("train", TRAIN), ("val", VALIDATION)):
        for name in CLASSES:
            for video in videos[name]:
                file = f"{name_of(video)}.mp4"
                inner = name if folder == "val" else name.replace(" ", "_")
                (miniature / folder / inner).mkdir(exist_ok=True)
                (miniature / folder / file).rename(miniature / folder / inner / file)
    listing = list_kinetics(str(miniature), 400)
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    arranged = miniature / "videos" / "train" / CLASSES[1]
    arranged.mkdir(parents=True)
    for file in (miniature / "train" / "air_drumming").iterdir():
        (arranged / file.name).symlink_to(file)
    listing = list_kinetics(str(miniature), 400)
    assert counts(listing) == SIZES and shows(listing, COLOURS)


def test_folders_of_images(miniature):
    for folder, videos in (("train", TRAIN), ("val", VALIDATION)):
        for name in CLASSES:
            for video in videos[name]:
                file = miniature / folder / f"{name_of(video)}.mp4"
                take_apart(file, COLOURS[name], miniature / folder / name / name_of(video), "img_{:05d}.jpg")
    shutil.rmtree(miniature / "replacement")
    listing = list_kinetics(str(miniature), 400)
    assert counts(listing) == SIZES and shows(listing, COLOURS)
    assert listing.train[0].name == "abseiling/-3B32lodo2M_000059_000069"


def test_missing_videos_are_counted_and_no_error(miniature):
    gone = [TRAIN[CLASSES[1]][0], TRAIN[CLASSES[2]][2], VALIDATION[CLASSES[1]][1]]
    for video in gone:
        next(miniature.glob(f"*/{name_of(video)}.mp4")).unlink()
    listing = list_kinetics(str(miniature), 400)
    assert counts(listing) == {**SIZES, CLASSES[1]: (2, 1), CLASSES[2]: (2, 2)}
    (note,) = (note for note in listing.notes if "left out" in note and "list for test" not in note)
    assert (
        note.startswith("3 of 20 videos that the annotations list cannot be found in")
        and note.count(". ") == 0
    )
    assert "--nQbRBEz2s_000104_000114" in note


def test_a_class_of_which_none_is_left(miniature):
    for video in TRAIN[CLASSES[2]] + VALIDATION[CLASSES[2]]:
        (next(miniature.glob(f"*/{name_of(video)}.mp4"))).unlink()
    with pytest.raises(
        VddError, match="1 of the 4 classes is missing .*massaging person's head.*data.classes=present.* 3 "
    ):
        list_kinetics(str(miniature), 400)
    listing = list_kinetics(str(miniature), 400, "present")
    assert counts(listing) == {name: size for name, size in SIZES.items() if name != CLASSES[2]}
    assert shows(listing, COLOURS)


def test_an_id_in_another_case_is_another_video(miniature):
    """`aBcDeFgHiJk` is of one class and `AbCdEfGhIjK` of another; neither stands in for the other."""
    (miniature / "train" / f"{name_of(TRAIN[CLASSES[0]][1])}.mp4").unlink()
    listing = list_kinetics(str(miniature), 400)
    assert counts(listing) == {**SIZES, CLASSES[0]: (2, 2)} and shows(listing, COLOURS)


def test_test_videos_are_not_used(distributed):
    listing = list_kinetics(str(distributed), 400)
    assert 5 not in {colour_of(video) for video in listing.train + listing.test}


def test_what_is_not_kinetics_is_said(settings, miniature, tmp_path):
    def refused(words, text, error=VddError, expected=400):
        path = tmp_path / "train.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(error, match=words) as caught:
            read_lists([str(path)], "Kinetics-400", expected)
        assert "\n" not in str(caught.value)

    header = "label,youtube_id,time_start,time_end,split\n"
    refused("has no column 'youtube_id'", "")
    refused("has no column 'time_end'", "label,youtube_id,time_start\n")
    refused("line 2 'a,b,0,10,dev'", header + "a,b,0,10,dev\n")
    refused("line 3 'a,b,0'", header + "a,b,0,10,train\na,b,0\n")
    refused("line 2 'a,b,zero,10,train'", header + "a,b,zero,10,train\n")
    # Labels may be withheld from the test list alone.
    refused("line 2 'b,0,10,train'", header[6:] + "b,0,10,train\n")
    refused("no CSV list", b"label,youtube_id,time_start,time_end,split\n\xff\xfe\n")
    three = header + "".join(f"{name},b,0,1,train\n" for name in "xyz")
    refused("3 classes and Kinetics-400 has 2", three, UsageError, 2)

    shutil.copy(miniature / "annotations" / "train.csv", miniature / "annotations" / "tiny_train.csv")
    with pytest.raises(VddError, match="tiny_train.csv' .*are lists of one split"):
        list_kinetics(str(miniature), 400)
    shutil.rmtree(miniature / "annotations")
    with pytest.raises(VddError, match="data.root .*does not hold annotations/train.csv and annotations/val"):
        list_kinetics(str(miniature), 400)
    with pytest.raises(VddError, match="data.annotations .*nowhere' does not hold"):
        list_kinetics(str(miniature), 400, annotations=str(tmp_path / "nowhere"))
