import os

import av
import numpy as np
import pytest

from keras_vdd.data.decoding.decode import UnreadableVideo, decode, scaled_shape


def grey_ramp(frames, height=48, width=64):
    """Frame i is grey 20 + 10 i: its number can be read back."""
    return np.broadcast_to(
        (20 + 10 * np.arange(frames, dtype=np.uint8))[:, None, None, None], (frames, height, width, 3)
    )


@pytest.mark.parametrize(
    "name, codec",
    [
        ("a.mp4", "libx264"),
        ("a.avi", "mpeg4"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx-vp9"),
        ("a.mov", "mpeg4"),
    ],
)
def test_every_frame_in_order_from_any_container(tmp_path, write_video, name, codec):
    video = decode(write_video(tmp_path / name, grey_ramp(20), codec), 16)
    assert video.shape == (20, 16, 16, 3) and video.dtype == np.uint8
    np.testing.assert_allclose(video.mean((1, 2, 3)), 20 + 10 * np.arange(20), atol=4)


@pytest.mark.parametrize("frames", [1, 2])
def test_very_short_videos(tmp_path, write_video, frames):
    assert decode(write_video(tmp_path / "a.mp4", grey_ramp(frames)), 16).shape == (frames, 16, 16, 3)


def test_the_reference_geometry():
    assert scaled_shape(320, 240, None, 112) == (160, 120)
    assert scaled_shape(240, 320, None, 112) == (120, 160)
    assert scaled_shape(320, 240, None, 64) == (92, 69)
    assert scaled_shape(640, 360, 1, 64) == (123, 69)
    assert scaled_shape(720, 576, 16 / 15, 112) == (160, 120)
    assert scaled_shape(10, 10, None, 8) == (9, 9)


def test_aspect_is_kept_and_the_middle_is_cropped(tmp_path, write_video):
    picture = np.zeros((1, 120, 240, 3), np.uint8)
    picture[:, :, 60:180, 0] = 255  # the middle square is red, what is beside it is blue
    picture[:, :, :60, 2] = picture[:, :, 180:, 2] = 255
    picture[:, 40:80, 100:140] = 255  # a white square in the middle stays square
    video = decode(write_video(tmp_path / "wide.mp4", picture), 56)
    assert (video[0, :, :, 2] < 100).mean() > 0.8 and video[0, 2, 2, 0] > 180
    white = (video[0] > 200).all(-1)
    assert abs(int(white.any(0).sum()) - int(white.any(1).sum())) <= 1 and 17 <= white.any(0).sum() <= 22


def test_pixel_aspect_counts(tmp_path):
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:, :8] = picture[:, -8:] = 0
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.codec_context.sample_aspect_ratio = 2
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    # Shown twice as wide as high, so the middle square has none of the black sides.
    assert decode(path, 32).min() > 200


def brightest_edge(picture):
    quarter = len(picture) // 4
    edges = {"top": picture[:quarter], "bottom": picture[-quarter:], "left": picture[:, :quarter]}
    edges["right"] = picture[:, -quarter:]
    return max(edges, key=lambda name: edges[name].mean())


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_rotation_is_obeyed(tmp_path, write_video, rotation):
    picture = np.zeros((3, 64, 96, 3), np.uint8)
    picture[:, :24, 24:72] = 250  # bright above
    video = decode(write_video(tmp_path / "a.mp4", picture, rotation=rotation), 32)
    expected = np.rot90(picture[0, :, 16:80], rotation // 90)
    assert brightest_edge(video[0]) == brightest_edge(expected)


def test_colours_come_back(tmp_path, write_video):
    colours = np.array([[250, 10, 10], [10, 250, 10], [10, 10, 250], [250, 250, 10]], np.uint8)
    pictures = np.broadcast_to(colours[:, None, None], (4, 48, 64, 3))
    np.testing.assert_allclose(
        decode(write_video(tmp_path / "a.mp4", pictures), 16).mean((1, 2)), colours, atol=8
    )


@pytest.mark.parametrize("pixel_format", ["gray", "yuv444p", "yuv420p10le", "bgra"])
def test_other_pixel_formats(tmp_path, write_video, pixel_format):
    video = decode(write_video(tmp_path / "a.mkv", grey_ramp(4), "ffv1", pixel_format=pixel_format), 16)
    np.testing.assert_allclose(video.mean((1, 2, 3)), [20, 30, 40, 50], atol=4)


def reason(path, size=16):
    with pytest.raises(UnreadableVideo) as error:
        decode(path, size)
    text = str(error.value)
    assert str(path) in text and text.endswith(f"{error.value.reason}.") and "\n" not in text
    assert str(path) not in error.value.reason
    return error.value.reason


def test_text_named_avi(tmp_path):
    (tmp_path / "text.avi").write_text("this is a list of things to do\n" * 100)
    assert "does not open as a video (invalid data" in reason(tmp_path / "text.avi")


def test_what_is_no_file(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.avi").mkdir()
    (tmp_path / "broken.avi").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.mp4")
    assert reason(tmp_path / "pipe.mp4") == "it is no regular file"
    assert reason(tmp_path / "empty.mp4") == "it is an empty file"
    assert reason(tmp_path / "folder.avi") == "it is a folder"
    assert reason(tmp_path / "broken.avi") == reason(tmp_path / "missing.avi") == "the file is missing"


def test_sound_alone(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert reason(tmp_path / "sound.mp4") == "it has no video stream"


def test_no_frames(tmp_path):
    with av.open(str(tmp_path / "none.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    assert reason(tmp_path / "none.avi").startswith(("it has no frames", "it does not open"))


@pytest.mark.parametrize("name", ["a.avi", "a.mp4", "a.mkv", "a.webm"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6])
def test_truncated_videos(tmp_path, write_video, name, part):
    path = write_video(tmp_path / name, 24)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert any(word in reason(path) for word in ("breaks off", "damaged", "does not open", "has no"))


def test_a_strip_is_no_picture(tmp_path, write_video):
    path = write_video(tmp_path / "a.avi", np.zeros((2, 16, 640, 3), np.uint8))
    assert "640x16 pixels" in reason(path)
