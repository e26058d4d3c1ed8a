import os
import pathlib
import re

import pytest
from miniature_sets import counts, paint, paint_frames, shows

from keras_vdd.data.sources import find_videos
from keras_vdd.errors import UsageError, VddError

SHARED = pathlib.Path(os.environ.get("VDD_SHARED", pathlib.Path(__file__).parents[3] / "shared"))
INTERACTIONS = SHARED / "data" / "UT-Interaction-6"


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text and text.endswith((".", "?")) and len(text) < 400
    return text


def test_class_folders_with_a_held_out_part(settings, tmp_path):
    root = tmp_path / "videos"
    touch(
        root,
        *[f"run/{i:02d}.MP4" for i in range(20)],
        *[f"hop/{i}.avi" for i in range(2)],
        "hop/notes.txt",
        "list.csv",
    )
    touch(root, "hop/._0.avi", ".cache/x.avi")
    listing = find_videos(settings())
    assert listing.class_names == ["hop", "run"]
    count = {(split, label): 0 for split in ("train", "test") for label in (0, 1)}
    for split in ("train", "test"):
        videos = getattr(listing, split)
        assert videos == sorted(videos, key=lambda v: (v.label, v.name))
        for video in videos:
            count[split, video.label] += 1
            assert video.path == str(root / video.name)
            assert video.name.startswith(listing.class_names[video.label] + "/")
    assert count == {("train", 0): 1, ("test", 0): 1, ("train", 1): 15, ("test", 1): 5}
    assert not {v.name for v in listing.train} & {v.name for v in listing.test}
    assert len(listing.notes) == 1 and "hop/notes.txt" in listing.notes[0] and "list.csv" in listing.notes[0]
    assert find_videos(settings()) == listing
    # The draw of one class does not hang on the others, nor on where the folder lies.
    (root / "hop").rename(tmp_path / "gone")
    root.rename(tmp_path / "moved")
    again = find_videos(settings(root=str(tmp_path / "moved")))
    assert [v.name for v in again.test] == [v.name for v in listing.test if v.label == 1]


def test_train_and_test_folders_are_the_splits(settings, tmp_path):
    root = tmp_path / "videos"
    touch(root, "train/b/1.webm", "train/a/2.mkv", "train/a/1.mov", "test/a/9.mpg", "test/b/9.gif")
    listing = find_videos(settings())
    assert listing.class_names == ["a", "b"]
    assert [(v.name, v.label) for v in listing.train] == [("a/1.mov", 0), ("a/2.mkv", 0), ("b/1.webm", 1)]
    assert [v.path for v in listing.test] == [str(root / "test/a/9.mpg"), str(root / "test/b/9.gif")]
    assert listing.notes == []


def test_mixed_formats_and_folders_of_images(settings, tmp_path):
    """Every format in one class, and folders of images beside files; colours tell mixed-up labels."""
    root = tmp_path / "videos"
    colours = {"clap": 0, "jump": 1, "wave": 2}
    for name, colour in colours.items():
        for suffix in (".avi", ".mp4", ".webm"):
            paint(root / name / f"whole{suffix}", colour)
        paint_frames(root / name / "apart", colour)
        paint_frames(root / name / "a.part", colour, "{:d}.png")
        (root / name / "empty").mkdir()
    listing = find_videos(settings(test_fraction=0.2))
    assert counts(listing) == dict.fromkeys(colours, (4, 1)) and shows(listing, colours)
    listed = {v.name for v in listing.train + listing.test}
    assert {"jump/apart", "jump/a.part", "jump/whole.webm"} <= listed and len(listed) == 15
    assert len(listing.notes) == 1 and "clap/empty" in listing.notes[0]


@pytest.mark.parametrize("inside", ["", "train/"])
def test_folders_of_images_alone(settings, tmp_path, inside):
    root = tmp_path / "videos"
    for split in ("train/", "test/") if inside else ("",):
        for number, name in enumerate("ab"):
            for video in range(3):
                paint_frames(root / f"{split}{name}" / f"v{video}", number)
    listing = find_videos(settings(test_fraction=0.34))
    assert counts(listing) == dict.fromkeys("ab", (3, 3) if inside else (2, 1))
    assert shows(listing, {"a": 0, "b": 1}) and listing.notes == []


def test_a_class_of_folders_of_images_may_be_called_train(settings, tmp_path):
    for name in ("train", "tram"):
        for video in range(4):
            paint_frames(tmp_path / "videos" / name / f"v{video}", 0)
    assert counts(find_videos(settings())) == {"train": (3, 1), "tram": (3, 1)}


def test_a_folder_that_cannot_be_read(settings, tmp_path, monkeypatch):
    touch(tmp_path / "videos", "a/1.mp4", "b/1.mp4")
    scandir = os.scandir

    def opened(folder):
        if os.path.basename(folder) == "b":
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", opened)
    with pytest.raises(VddError, match="/b' cannot be read: see to its permissions") as error:
        find_videos(settings())
    one_sentence(error)


def test_a_class_may_be_called_train(settings, tmp_path):
    touch(tmp_path / "videos", *[f"{name}/{i}.mp4" for name in ("train", "tram") for i in range(4)])
    assert find_videos(settings()).class_names == ["train", "tram"]


def test_a_list_of_classes(settings, tmp_path):
    touch(tmp_path / "videos", *[f"{name}/{i}.mp4" for name in "abc" for i in range(4)])
    listing = find_videos(settings(classes=("c", "a")))
    assert listing.class_names == ["a", "c"]
    assert {v.label for v in listing.train} == {0, 1}


def test_an_unknown_class_offers_the_nearest(settings, tmp_path):
    touch(tmp_path / "videos", *[f"{name}/{i}.mp4" for name in ("running", "hopping") for i in range(4)])
    with pytest.raises(UsageError, match="'runing'.*did you mean 'running'") as error:
        find_videos(settings(classes=("runing",)))
    one_sentence(error)


def test_an_unknown_set_offers_the_nearest(settings):
    with pytest.raises(UsageError, match="did you mean 'ucf101'"):
        find_videos(settings(set="ufc101"))


def test_missing_root(settings, tmp_path):
    with pytest.raises(VddError, match=re.escape(str(tmp_path / "nowhere"))) as error:
        find_videos(settings(root=str(tmp_path / "nowhere")))
    one_sentence(error)
    with pytest.raises(UsageError, match="data.root") as error:
        find_videos(settings(root=None))
    one_sentence(error)
    (tmp_path / "videos").symlink_to("videos")
    with pytest.raises(VddError) as error:
        find_videos(settings())
    assert "correct data.root" in one_sentence(error)


@pytest.mark.parametrize("inside", ["", "train/"])
def test_a_class_without_videos(settings, tmp_path, inside):
    root = tmp_path / "videos"
    for split in ("train/", "test/") if inside else ("",):
        touch(root, *[f"{split}{name}/{i}.mp4" for name in "ab" for i in range(4)])
    touch(root, f"{inside}empty/readme.txt")
    with pytest.raises(
        VddError, match="1 of the 3 classes has no .*videos.*empty.*data.classes=present"
    ) as error:
        find_videos(settings())
    one_sentence(error)
    with pytest.raises(VddError, match="Class 'empty'"):
        find_videos(settings(classes=("empty", "a")))
    listing = find_videos(settings(classes="present"))
    assert listing.class_names == ["a", "b"] and any("empty" in note for note in listing.notes)
    assert find_videos(settings(classes=("a", "b"))).class_names == ["a", "b"]


def test_a_class_that_is_only_tested_is_refused(settings, tmp_path):
    touch(tmp_path / "videos", "train/a/1.mp4", "test/a/2.mp4", "test/b/1.mp4")
    with pytest.raises(VddError, match="no training videos"):
        find_videos(settings())
    assert find_videos(settings(classes="present")).class_names == ["a"]


def test_a_class_that_is_never_tested_is_noted(settings, tmp_path):
    touch(tmp_path / "videos", "train/a/1.mp4", "test/a/2.mp4", "train/b/1.mp4")
    assert any("b" in note and "Without test videos" in note for note in find_videos(settings()).notes)


def test_no_videos_at_all(settings, tmp_path):
    (tmp_path / "videos").mkdir()
    with pytest.raises(VddError, match="No class with videos") as error:
        find_videos(settings())
    one_sentence(error)


def test_not_enough_test_videos(settings, tmp_path):
    touch(tmp_path / "videos", "a/1.mp4", "b/1.mp4")
    with pytest.raises(VddError, match="Not enough test videos") as error:
        find_videos(settings())
    one_sentence(error)
    touch(tmp_path / "split", "train/a/1.mp4")
    with pytest.raises(VddError, match="Not enough test videos"):
        find_videos(settings(root=str(tmp_path / "split")))
    touch(tmp_path / "split", "test/a/notes.txt")
    with pytest.raises(VddError, match="Not enough test videos"):
        find_videos(settings(root=str(tmp_path / "split")))


def test_one_video_of_a_class_stays_in_training(settings, tmp_path):
    touch(tmp_path / "videos", "a/1.mp4", "b/1.mp4", "b/2.mp4")
    listing = find_videos(settings(test_fraction=0.9))
    assert [v.name for v in listing.train if v.label == 0] == ["a/1.mp4"] and len(listing.test) == 1
    assert any("one video" in note for note in listing.notes)


@pytest.mark.shared
@pytest.mark.skipif(not INTERACTIONS.is_dir(), reason=f"no UT-Interaction-6 under {SHARED}")
def test_real_videos_with_a_split_by_place(settings):
    listing = find_videos(settings(root=str(INTERACTIONS)))
    six = ("handshaking", "hugging", "kicking", "pointing", "punching", "pushing")
    assert counts(listing) == dict.fromkeys(six, (10, 10)) and listing.notes == []
