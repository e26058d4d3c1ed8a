import os

import pytest

from keras_vdd.data.decoding.frame_folders import frame_files, holds_frames, is_frame
from keras_vdd.errors import VddError


def fill(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder


def order(folder):
    return [os.path.basename(path) for path in frame_files(str(folder))]


def test_the_usual_names():
    for name in ("frame000001.jpg", "00001.jpg", "1.JPEG", "img_00001.png", "v_Swing_g01_c01_0007.bmp"):
        assert is_frame(name), name
    for name in (".00001.jpg", "._frame000001.jpg", "cover.jpg", "00001.avi", "00001", "1.jpg.part", "jpg"):
        assert not is_frame(name), name


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    assert order(fill(tmp_path / "padded", *[f"frame{i:06d}.jpg" for i in (3, 1, 2, 10)])) == [
        f"frame{i:06d}.jpg" for i in (1, 2, 3, 10)
    ]
    # Without padding the order of names is another: 1, 10, 2.
    bare = fill(tmp_path / "bare", "10.png", "2.png", "1.png", "Thumbs.db")
    assert order(bare) == ["1.png", "2.png", "10.png"]
    # One file of a series may have another ending, and numbers may start anywhere.
    assert order(fill(tmp_path / "mixed", "08.jpg", "09.PNG", "10.jpg")) == ["08.jpg", "09.PNG", "10.jpg"]


def test_paths_are_whole(tmp_path):
    assert frame_files(fill(tmp_path / "v", "1.jpg")) == [str(tmp_path / "v" / "1.jpg")]


def test_optical_flow_beside_the_video_is_left_out(tmp_path):
    folder = fill(tmp_path / "v", "img_00001.jpg", "img_00002.jpg", "flow_x_00001.jpg", "flow_y_00001.jpg")
    assert order(folder) == ["img_00001.jpg", "img_00002.jpg"]


@pytest.mark.parametrize(
    "names, words",
    [
        ((), "no numbered images"),
        (("flow_x_1.jpg", "notes.txt"), "no numbered images"),
        (("left_1.jpg", "left_2.jpg", "right_1.jpg"), "2 series .*'left_.*right_1.jpg'"),
        (("1.jpg", "001.jpg"), "frame 1 twice .'001.jpg' and '1.jpg'"),
        (("1.jpg", "1.png"), "frame 1 twice"),
    ],
)
def test_what_is_no_single_video_is_said(tmp_path, names, words):
    with pytest.raises(VddError, match=words) as error:
        frame_files(fill(tmp_path / "v", *names))
    assert "\n" not in str(error.value)


def test_a_look_at_the_names_tells(tmp_path):
    assert holds_frames(fill(tmp_path / "a", "readme.txt", "00001.jpg"))
    assert not holds_frames(fill(tmp_path / "b", "1.avi", "cover.jpg", ".00001.jpg"))
    assert not holds_frames(tmp_path / "nowhere") and not holds_frames(tmp_path / "a" / "readme.txt")
