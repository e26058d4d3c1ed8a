"""Names, leftovers and links as people have them among videos: what is listed, and what is noted."""

import csv
import os
import re
import unicodedata

import pytest
from made_folders import classes_of, noted, refused, touch
from miniature_sets import paint

from keras_vdd.classifiers.clips_of_videos import found_videos
from keras_vdd.data.sources import SOURCES, Listing, Source, Video, find_videos
from keras_vdd.data.store import prepare

NFC, NFD = "café", unicodedata.normalize("NFD", "café")


def test_names_that_are_not_utf8_from_the_listing_to_the_store(settings, tmp_path):
    root = tmp_path / os.fsdecode(b"r\xff")
    for name in (b"caf\xe9", b"tea"):
        for video in range(2):
            paint(root / os.fsdecode(name) / os.fsdecode(b"v\xfe%d.mp4" % video), video)
    touch(root, b"tea/b\xe4d\n.mp4")
    data = settings(root=str(root), store=str(tmp_path / os.fsdecode(b"s\xff")))
    listing = find_videos(data)
    assert listing.class_names == [r"caf\xe9", "tea"]
    assert r"caf\xe9/v\xfe0.mp4" in [v.name for v in listing.train + listing.test]
    stores = prepare(listing, data, workers=1)
    assert stores["train"].class_names == listing.class_names and sum(map(len, stores.values())) == 4
    (failed,) = [store for store in stores.values() if store.failed]
    with open(os.path.join(failed.folder, "failed.csv"), encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1][0] == r"tea/b\xe4d\n.mp4"
    assert find_videos(settings(root=str(root), classes=(r"caf\xe9",))).class_names == [r"caf\xe9"]


def test_two_folders_whose_names_read_alike(settings, tmp_path):
    touch(tmp_path / "videos", b"a\xe9/1.mp4", rb"a\xe9/1.mp4")
    refused(settings, r"two folders whose names both read 'a\\xe9'")


def test_names_with_control_characters_and_long_ones(settings, tmp_path):
    names = ("ev\x1b[31mil\nclass", "r\u202etl", "x" * 250)
    classes_of(tmp_path / "videos", *names)
    touch(tmp_path / "videos", "notes\x1b]0;title\x07.txt")
    listing = noted(settings, r"Ignored .*notes\\x1b\]0;title\\x07.txt")
    assert listing.class_names == sorted(names)
    refused(settings, r"'ev\\x1b\[31mil\\nclas'.*did you mean", classes=("ev\x1b[31mil\nclas",))


@pytest.mark.parametrize(
    "one, other, difference",
    [
        ("wave", "Wave", "case"),
        ("wave", "wave ", "spaces"),
        (NFC, NFD, "accents"),
        ("straße", "STRASSE", "case"),
    ],
)
def test_class_names_that_people_take_for_one(settings, tmp_path, one, other, difference):
    root = tmp_path / "videos"
    classes_of(root / "train", one, "b")
    classes_of(root / "test", other, "b")
    refused(
        settings,
        f"of 'train' and class .* of 'test' differ in .*{difference}.*alone: give both folders one name",
    )
    classes_of(tmp_path / "flat", one, other)
    assert (
        len(
            noted(
                settings, f"differ in .*{difference}.* count as two", root=str(tmp_path / "flat")
            ).class_names
        )
        == 2
    )


def test_a_class_is_found_however_its_accents_are_written(settings, tmp_path):
    classes_of(tmp_path / "videos", NFD, "tea")
    assert find_videos(settings(classes=(NFC, "tea"))).class_names == [NFD, "tea"]


def test_spaces_at_the_ends_of_names(settings, tmp_path):
    touch(tmp_path / "videos", *(f" wave /{i}.mp4 " for i in range(3)), *(f"b/{i}.mp4" for i in range(3)))
    listing = noted(settings, "begin or end with a space: ' wave '")
    assert listing.class_names == [" wave ", "b"] and len(listing.train + listing.test) == 6


CLUTTER = (
    "__MACOSX/wave/._1.mp4",
    "@eaDir/1.mp4/SYNOINDEX_MEDIA_INFO",
    "lost+found/x",
    ".AppleDouble/1.mp4",
    "$RECYCLE.BIN/1.mp4",
    "System Volume Information/x",
    "#recycle/1.mp4",
    ".Trash-1000/1.mp4",
    "Thumbs.db",
    ".DS_Store",
    "desktop.ini",
)


@pytest.mark.parametrize("place", ["", "wave/", "train/", "train/wave/"])
@pytest.mark.parametrize("clutter", CLUTTER)
def test_what_systems_leave_is_ignored_with_a_note(settings, tmp_path, place, clutter):
    root = tmp_path / "videos"
    for split in ("train/", "test/") if "train" in place else ("",):
        classes_of(root, f"{split}wave", f"{split}clap")
    touch(root, f"{place}{clutter}")
    listing = noted(settings, f"hidden or left by systems: .*{re.escape(clutter.split('/')[0])}")
    assert listing.class_names == ["clap", "wave"] and len(listing.notes) == 1
    assert len(listing.train + listing.test) == (12 if "train" in place else 6)


def test_links(settings, tmp_path):
    root = tmp_path / "videos"
    classes_of(root, "wave", "clap")
    (root / "self").symlink_to("self")
    (root / "here").symlink_to(".")
    (root / "wave" / "up").symlink_to(root)
    (root / "wave" / "gone.mp4").symlink_to("nowhere.mp4")
    listing = noted(
        settings, "Ignored 4 links that lead nowhere, or to a folder that is there already: here, self, wave"
    )
    assert listing.class_names == ["clap", "wave"] and len(listing.notes) == 1
    assert len(listing.train + listing.test) == 6
    (tmp_path / "linked").mkdir()
    for name in ("wave", "clap"):
        (tmp_path / "linked" / name).symlink_to(root / name)
    assert len(find_videos(settings(root=str(tmp_path / "linked"))).train) == 4


def test_folders_that_are_one_by_a_link(settings, tmp_path):
    root = tmp_path / "videos"
    classes_of(root, "train/wave", "train/clap")
    (root / "train" / "again").symlink_to("wave")
    noted(settings, "are one, .* for both: 'again' and 'wave'", root=str(root / "train"))
    (root / "test").symlink_to("train")
    refused(settings, "'train' and 'test' of .* are one folder")
    (root / "test").unlink()
    classes_of(root, "test/clap")
    (root / "test" / "wave").symlink_to("../train/wave")
    refused(settings, "'train/wave' and 'test/wave' of .* are one folder")


@pytest.mark.parametrize(
    "typed", ["My_vidoes", "my videos ", "MY_VIDEOS", "my_vide\u0301os", "link", "a\0b", "w" * 300]
)
def test_a_root_that_is_not_there(settings, tmp_path, typed):
    classes_of(tmp_path / ("my_vid\u00e9os" if "\u0301" in typed else "my_videos"), "wave", "clap")
    (tmp_path / "link").symlink_to("link")
    root = os.path.join(tmp_path, typed)
    said = refused(settings, "is not a folder: ", root=root)
    (near,) = re.findall(r"did you mean '(.*)'\?$", said) or [None]
    assert (near is None) == (typed in ("link", "a\0b", "w" * 300)) and (near is None or os.path.isdir(near))


def test_folders_that_nobody_may_read(settings, tmp_path, monkeypatch):
    """What lies in them is not known: nothing is listed without it."""
    monkeypatch.chdir(tmp_path)
    classes_of("outer/videos", "wave/more", "wave", "clap")
    os.chmod(".", 0o755)
    for closed in ("outer/videos/wave/more", "outer/videos/wave", "outer/videos", "outer"):
        os.chmod(closed, 0)
        # Root may read anything, so it is someone else who tries.
        if not os.geteuid():
            os.seteuid(65534)
        try:
            said = refused(settings, "cannot be read: see to its permissions.$", root="outer/videos")
        finally:
            os.seteuid(os.getuid())
            os.chmod(closed, 0o755)
        assert said.startswith(f"The folder '{closed}'")
    assert len(find_videos(settings(root="outer/videos")).train) == 6


@pytest.mark.parametrize("split", ["", "train/"])
def test_stores_and_runs_among_the_videos(settings, tmp_path, split):
    """As where one works in the folder of the videos itself."""
    root = tmp_path / "videos"
    classes_of(root, *(f"{part}{name}" for part in {split, split and "test/"} for name in ("wave", "clap")))
    listing = find_videos(settings())
    touch(root, "stores/folder-1/lock", "stores/folder-1/files.json", "stores/folder-1/train/index.json")
    touch(root, "stores/experts-1/experts.json", "stores/shapes-1/shapes.json", "stores/shapes-1/lock")
    touch(root, "runs/a/recipe.yaml", "runs/a/environment.json", "runs/a/report/videos.gif")
    touch(root, "mine/recipe.yaml", "mine/provenance.json", "mine/data/train.parquet")
    now = noted(settings, "^Ignored stores and runs: mine, runs, stores.$")
    for made in ("mine", "runs", "runs/a", "stores", "stores/experts-1"):
        refused(settings, "a run or a set that was made of videos", root=str(root / made))
    assert (now.class_names, now.train, now.test) == (listing.class_names, listing.train, listing.test)
    # The shapes that this package draws are videos like others.
    classes_of(root / "stores" / "shapes-1", "train/disc", "train/ring", "test/disc", "test/ring")
    assert find_videos(settings(root=str(root / "stores" / "shapes-1"))).class_names == ["disc", "ring"]


def test_what_is_no_file_is_no_video(settings, tmp_path):
    classes_of(tmp_path / "videos", "wave", "clap")
    os.mkfifo(tmp_path / "videos" / "wave" / "pipe.mp4")
    (tmp_path / "videos" / "wave" / "folder.mp4").mkdir()
    noted(settings, "neither a video nor .*: wave/folder.mp4, wave/pipe.mp4")


def test_public_sets_pass_over_what_systems_leave(settings, tmp_path):
    root = tmp_path / "videos"
    lists = root / "testTrainMulti_7030_splits"
    for name in ("sit", "wave"):
        touch(
            root,
            f"{name}/{name}1.avi",
            f"{name}/{name}2.avi",
            f"{name}/@eaDir/{name}1.avi/INFO",
            f"{name}/._{name}1.avi",
        )
        touch(lists, f"{name}_test_split1.txt", f"._{name}_test_split1.txt")
        (lists / f"{name}_test_split1.txt").write_text(f"{name}1.avi 1\n{name}2.avi 2\n")
    (root / "wave" / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    listing = noted(settings, "left by systems: sit/@eaDir, wave/@eaDir", set="hmdb51")
    assert [v.name for v in listing.train] == ["sit/sit1.avi", "wave/wave1.avi"] and len(listing.test) == 2
    assert any("1 link that leads" in note and "wave/loop" in note for note in listing.notes)
    assert not any("more than once" in note for note in listing.notes)


def test_predict_looks_into_folders_as_a_listing_does(tmp_path):
    classes_of(tmp_path / "videos", "wave", "deep/er")
    touch(tmp_path / "videos", "wave/@eaDir/0.mp4/x", "__MACOSX/0.mp4", "wave/._0.mp4", b"wave/v\xff.mp4")
    (tmp_path / "videos" / "wave" / "up").symlink_to(tmp_path / "videos")
    (tmp_path / "videos" / "gone.mp4").symlink_to("nowhere")
    found = [os.path.basename(path) for path in found_videos([tmp_path / "videos"])]
    assert found == [
        *(f"{i}.mp4" for i in range(3)),
        *(f"{i}.mp4" for i in range(3)),
        os.fsdecode(b"v\xff.mp4"),
    ]


def test_predict_looks_once_into_folders_that_link_to_each_other(tmp_path):
    names = "abcdefgh"
    touch(tmp_path, *(f"{name}/1.mp4" for name in names))
    for one in names:
        for other in names.replace(one, ""):
            (tmp_path / one / other).symlink_to(f"../{other}")
    found = found_videos([tmp_path])
    assert sorted(map(os.path.realpath, found)) == [str(tmp_path / name / "1.mp4") for name in names]


def test_a_registered_set_may_name_its_videos_as_files_are(settings, monkeypatch, tmp_path):
    name = os.fsdecode(b"caf\xe9")

    def find(data, progress):
        videos = [Video(str(tmp_path / f"{i}.mp4"), 0, f"{name}/{i}.mp4") for i in range(2)]
        return Listing([name], videos[:1], videos[1:])

    monkeypatch.setattr(SOURCES, "get", lambda name: Source(name, find))
    listing = find_videos(settings(set="ours"))
    assert listing.class_names == [r"caf\xe9"] and listing.test[0].name == r"caf\xe9/1.mp4"
