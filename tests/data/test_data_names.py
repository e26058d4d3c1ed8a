"""Names and folders as people have them: what is listed, what is noted, what is offered."""

import csv
import os
import re
import unicodedata

import pytest
from miniature_sets import paint

from keras_vdd.classifiers.clips_of_videos import found_videos
from keras_vdd.data.sources import SOURCES, Listing, Source, Video, find_videos
from keras_vdd.data.store import prepare
from keras_vdd.errors import UsageError, VddError

pytestmark = pytest.mark.once

NFC, NFD = "café", unicodedata.normalize("NFD", "café")


def touch(root, *names):
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"x")


def classes_of(root, *names, videos=3):
    touch(root, *(f"{name}/{i}.mp4" for name in names for i in range(videos)))


def refused(settings, match, **changes):
    with pytest.raises((VddError, UsageError), match=match) as error:
        find_videos(settings(**changes))
    text = str(error.value)
    assert "\n" not in text and text.isprintable() and text.endswith((".", "?")) and len(text) < 500
    return text


def noted(settings, match, **changes):
    listing = find_videos(settings(**changes))
    assert sum(re.search(match, note) is not None for note in listing.notes) == 1, listing.notes
    assert all(note.isprintable() for note in listing.notes)
    return listing


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
        settings, "Ignored 4 links that lead nowhere, or back to a folder that they are in: here, self, wave"
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


def test_what_is_no_file_is_no_video(settings, tmp_path):
    classes_of(tmp_path / "videos", "wave", "clap")
    os.mkfifo(tmp_path / "videos" / "wave" / "pipe.mp4")
    (tmp_path / "videos" / "wave" / "folder.mp4").mkdir()
    noted(settings, "neither a video nor .*: wave/folder.mp4, wave/pipe.mp4")


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


@pytest.mark.parametrize("groups", [("g1",), ("g1", "g2"), ("a", "b", "c")])
def test_class_group_video(settings, tmp_path, groups):
    classes_of(tmp_path / "videos", *(f"{name}/{group}" for name in ("clap", "wave") for group in groups))
    said = refused(settings, "'clap/.*' lies deeper in .*: move the videos up into 'clap'")
    assert f"data.root={tmp_path / 'videos' / 'clap'}." in said
    classes_of(
        tmp_path / "above", *(f"mine/{split}/{name}" for split in ("train", "test") for name in "ab"), "loose"
    )
    assert f"set data.root={tmp_path / 'above' / 'mine'}." in refused(
        settings, "deeper", root=str(tmp_path / "above")
    )
    # One class as it should be, and another that is not.
    classes_of(tmp_path / "videos", "clap")
    refused(settings, "'wave/.*' lies deeper in .*: move the videos up into 'wave'")
    classes_of(tmp_path / "videos", "wave")
    noted(settings, f"Left out, since videos lie in <class>/<video>: clap/{groups[0]}")


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
