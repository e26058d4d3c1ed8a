"""Where listed videos are found on the disk, by name; each test makes a small tree of files."""

import os
import shutil

import pytest

from keras_vdd.data.folders.video_index import VideoIndex
from keras_vdd.errors import VddError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def find(root, wanted, class_name="a", **options):
    """Return the path of a video of a class, from `root`, or None."""
    found = VideoIndex(str(root), [wanted], **options).find(class_name, wanted)
    return None if found is None else os.path.relpath(found[0], root)


def test_the_nearest_name_is_taken_first(tmp_path):
    touch(tmp_path, "z/v.mp4", "y/v.avi", "x/v/00001.jpg")
    assert find(tmp_path, "v.avi") == "y/v.avi"
    shutil.rmtree(tmp_path / "y")
    assert find(tmp_path, "v.avi") == "z/v.mp4"
    shutil.rmtree(tmp_path / "z")
    assert find(tmp_path, "v.avi") == "x/v"
    assert find(tmp_path, "w.avi") is None


def test_the_folder_of_its_class_goes_first_and_that_of_another_is_not_taken(tmp_path):
    touch(tmp_path, "0/v.avi", "a/v.avi", "b/v.avi", "b/w.avi")
    assert find(tmp_path, "v.avi", "a", classes=("a", "b")) == "a/v.avi"
    assert find(tmp_path, "v.avi", "c", classes=("a", "b", "c")) == "0/v.avi"
    assert find(tmp_path, "w.avi", "a", classes=("a", "b")) is None
    # The root's own name says nothing.
    assert find(tmp_path / "b", "w.avi", "a", classes=("a", "b")) == "w.avi"


def test_names_with_dots_and_patterns_are_plain_names(tmp_path):
    files, folders_of_images = ("[ab]*?.avi", "%03d.mp4", "a b.webm"), ("Mr._Bean", "-x", "#1;2&3!")
    touch(tmp_path / "videos", *files, *(f"{name}/1.jpg" for name in folders_of_images))
    for name in (*files, *folders_of_images):
        assert find(tmp_path, name) == f"videos/{name}"


def test_case_counts_unless_it_is_said_that_it_does_not(tmp_path):
    touch(tmp_path, "Va.avi")
    assert find(tmp_path, "vA.avi") is None
    assert find(tmp_path, "vA.avi", any_case=True) == "Va.avi"
    touch(tmp_path, "vA.mkv")
    assert find(tmp_path, "vA.avi", any_case=True) == "vA.mkv"


def test_a_replacement_for_a_damaged_video_goes_first(tmp_path):
    touch(tmp_path, "train/v.mp4", "Replacement/of_damaged/v.mp4", "train/w.mp4")
    assert find(tmp_path, "v.mp4", replacement="replacement") == "Replacement/of_damaged/v.mp4"
    assert find(tmp_path, "w.mp4", replacement="replacement") == "train/w.mp4"


def test_hidden_files_and_folders_are_left_alone(tmp_path):
    touch(tmp_path, ".cache/v.avi", "._v.avi", "__MACOSX/._v.avi")
    assert find(tmp_path, "v.avi") is None


def test_folders_are_listed_and_no_single_file_is_looked_at(tmp_path, monkeypatch):
    touch(tmp_path, "a/v.avi", "a/w/00001.jpg", "b/other.txt")
    (tmp_path / "a" / "lost.avi").symlink_to(tmp_path / "nowhere")

    def forbidden(*_, **__):
        raise AssertionError("a single file was looked at")

    for name in ("stat", "lstat", "access", "open"):
        monkeypatch.setattr(os, name, forbidden)
    index = VideoIndex(str(tmp_path), ["v.avi", "w.avi", "lost.avi"])
    assert [index.find("a", name)[1] for name in ("v.avi", "w.avi", "lost.avi")] == ["v.avi", "w", "lost.avi"]


def test_folders_of_images_are_not_entered(tmp_path, monkeypatch):
    touch(tmp_path, "frames/v/00001.jpg", "frames/other/00001.jpg")
    entered = []
    scandir = os.scandir

    def opened(folder):
        entered.append(os.path.basename(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", opened)
    VideoIndex(str(tmp_path), ["v"], others=["other"])
    assert entered == [tmp_path.name, "frames"]


def test_a_link_to_a_parent_ends(tmp_path):
    touch(tmp_path, "a/v.avi")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    index = VideoIndex(str(tmp_path), ["v.avi"])
    assert index.find("a", "v.avi")[0] == str(tmp_path / "a" / "v.avi")


def test_folders_that_cannot_be_read(tmp_path, monkeypatch):
    touch(tmp_path, "a/v.avi", "locked/w.avi")
    scandir = os.scandir

    def closed(name):
        def opened(folder):
            if os.path.basename(folder) == name:
                raise PermissionError(13, "Permission denied", folder)
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", opened)

    closed("locked")
    index = VideoIndex(str(tmp_path), ["v.avi"])
    assert index.find("a", "v.avi") and index.unreadable == [str(tmp_path / "locked")]
    closed(tmp_path.name)
    with pytest.raises(VddError, match="cannot be read .Permission denied.: see to its permissions"):
        VideoIndex(str(tmp_path), ["v.avi"])
