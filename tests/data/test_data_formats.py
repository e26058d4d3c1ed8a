"""What sources come in: closed-form pictures in many formats, each read back as it should be shown."""

import fractions
import gc

import av
import numpy as np
import pytest

from keras_vdd.data.decoding.decode import UnreadableVideo, decode, decode_frames
from keras_vdd.data.decoding.video_file import VideoFile, stated_frames

COLOURS = np.array([[235, 30, 30], [30, 215, 40], [40, 40, 225], [230, 230, 20], [128, 128, 128]], np.uint8)


def encode(
    path, pictures, codec, pixel_format="yuv420p", source="rgb24", options=None, prepare=None, times=None
):
    """Write frames as they are given to the encoder; `prepare` sees stream and frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options=options or {})
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = pixel_format
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=source)
            if prepare:
                frame = prepare(stream, frame) or frame
            frame.pts = i if times is None else times[i]
            frame.time_base = fractions.Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def plain(colours=COLOURS, height=48, width=64):
    return np.broadcast_to(colours[:, None, None], (len(colours), height, width, colours.shape[-1])).copy()


def assert_colours(video, colours=COLOURS, atol=6):
    assert len(video) == len(colours)
    np.testing.assert_allclose(video.mean((1, 2)), colours, atol=atol)


@pytest.mark.parametrize(
    "codec, pixel_format",
    [
        ("libx264", "yuv420p10le"), ("libx264", "yuv422p"), ("libx264", "yuv444p"), ("ffv1", "yuv444p16le"),
        ("prores_ks", "yuv422p10le"), ("prores_ks", "yuva444p10le"), ("mjpeg", "yuvj420p"),
        ("mpeg2video", "yuv420p"), ("ffv1", "bgra"), ("png", "rgba"), ("libx265", "yuv420p10le"),
        ("libvpx-vp9", "yuv420p"),
    ],
)  # fmt: skip
def test_depths_subsamplings_and_alpha(tmp_path, codec, pixel_format):
    path = tmp_path / ("a.mov" if codec == "png" else "a.mkv")
    options = {"libx264": {"qp": "4"}, "libx265": {"x265-params": "log-level=none:qp=4"}}.get(codec, {})
    assert_colours(decode(encode(path, plain(), codec, pixel_format, options=options), 16))


def test_what_is_transparent_keeps_its_colour(tmp_path):
    pictures = np.concatenate([plain(), np.zeros((5, 48, 64, 1), np.uint8)], -1)
    assert_colours(decode(encode(tmp_path / "a.mkv", pictures, "ffv1", "bgra", "rgba"), 16), atol=1)


def test_grey_is_grey(tmp_path):
    levels = np.array([0, 60, 128, 200, 255], np.uint8)
    pictures = np.broadcast_to(levels[:, None, None], (5, 48, 64)).copy()
    video = decode(encode(tmp_path / "a.mkv", pictures, "ffv1", "gray", "gray"), 16)
    assert_colours(video, np.repeat(levels[:, None], 3, 1), atol=1)


@pytest.mark.parametrize(
    "matrix, values", [("ITU709", "MPEG"), ("ITU601", "MPEG"), ("ITU709", "JPEG"), ("ITU601", "JPEG")]
)
def test_the_colour_matrix_and_range_of_the_stream_count(tmp_path, matrix, values):
    """Pixels written by the matrix of HD (BT.709) or SD, in video or full range, and marked so."""

    def prepare(stream, frame):
        codec = stream.codec_context
        codec.colorspace = {"ITU709": 1, "ITU601": 6}[matrix]
        codec.color_range = {"MPEG": 1, "JPEG": 2}[values]
        return frame.reformat(format="yuv444p", dst_colorspace=matrix, dst_color_range=values)

    options = {"qp": "2"}
    path = encode(tmp_path / "a.mp4", plain(), "libx264", "yuv444p", options=options, prepare=prepare)
    assert_colours(decode(path, 16), atol=4)


@pytest.mark.parametrize("width, height", [(63, 47), (47, 63), (33, 33), (17, 101)])
@pytest.mark.parametrize("codec, pixel_format", [("ffv1", "yuv420p"), ("mpeg4", "yuv420p"), ("ffv1", "gray")])
def test_odd_sizes(tmp_path, width, height, codec, pixel_format):
    video = decode(encode(tmp_path / "a.mkv", plain(COLOURS[-1:], height, width), codec, pixel_format), 16)
    assert_colours(video, COLOURS[-1:])
    assert np.ptp(video) <= 4  # no border of another colour


def test_a_picture_of_one_pixel(tmp_path):
    path = encode(tmp_path / "a.mkv", plain(COLOURS[-1:], 1, 1), "ffv1", "gray")
    assert_colours(decode(path, 16), COLOURS[-1:])


def test_each_frame_once_at_a_variable_rate(tmp_path):
    times = [0, 1, 2, 30, 31, 90, 91, 92, 300, 301]
    levels = np.repeat((20 + 20 * np.arange(10, dtype=np.uint8))[:, None], 3, 1)
    for suffix in (".mp4", ".mkv"):
        path = encode(tmp_path / f"a{suffix}", plain(levels), "libx264", options={"qp": "4"}, times=times)
        assert_colours(decode(path, 16), levels, atol=4)


def test_an_avi_in_which_most_frames_were_dropped(tmp_path):
    """A slow camera in a fast AVI: two of three places are empty, which is no sign of damage."""
    levels = np.repeat((20 + 20 * np.arange(10, dtype=np.uint8))[:, None], 3, 1)
    path = encode(tmp_path / "a.avi", plain(levels), "mpeg4", times=[3 * i for i in range(10)])
    assert stated_frames(path) == 28
    assert_colours(decode(path, 16), levels, atol=4)


def test_interlaced_frames_show_one_moment(tmp_path):
    """A bar that has moved from field to field: shrunk as it is it would be two bars."""
    pictures = np.zeros((8, 96, 128, 3), np.uint8)
    for i in range(8):
        for field in (0, 1):
            left = 8 + 24 * (2 * i + field) // 4
            pictures[i, field::2, left : left + 8] = 255
    options = {"qp": "4", "x264-params": "tff=1"}

    def prepare(stream, frame):
        stream.codec_context.flags |= (
            av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
        )

    path = encode(tmp_path / "a.mkv", pictures, "libx264", options=options, prepare=prepare)
    with VideoFile(path) as video:
        assert next(iter(video.frames())).interlaced_frame
    frames = decode(path, 96)
    assert len(frames) == 8
    for frame in frames[1:-1]:
        lit = (frame[..., 0] > 128).sum(1)
        # A comb has lines of two bars' width, or lines whose bar stands elsewhere.
        places = [
            np.flatnonzero(line > 128).mean() for line in frame[..., 0].astype(int) if (line > 128).any()
        ]
        assert lit[10:-10].min() > 0 and np.ptp(places) < 4


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_turned_and_mirrored_as_the_file_says(tmp_path, turns, mirrored, codec):
    """The display matrix of every right angle, with and without a mirror; VP9 is read by another library."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32, :32] = [250, 0, 0]
    picture[:32, 32:] = [0, 250, 0]
    picture[32:, :32] = [0, 0, 250]
    turn = {0: (1, 0, 0, 1), 1: (0, 1, -1, 0), 2: (-1, 0, 0, -1), 3: (0, -1, 1, 0)}[turns]  # clockwise
    a, b, c, d = turn
    if mirrored:  # left to right, after the turn
        a, c = -a, -c
    matrix = np.array([a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, 0, 0, 1 << 30], "<i4")
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options={"qp": "4"} if codec == "libx264" else {})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.set_display_matrix(matrix.tolist())
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    expected = np.rot90(picture, -turns)
    expected = expected[:, ::-1] if mirrored else expected
    shown = decode(path, 32)[0]
    for row in (8, 24):
        for column in (8, 24):
            np.testing.assert_allclose(shown[row, column], expected[2 * row, 2 * column], atol=12)


def test_a_title_in_another_alphabet_is_no_trouble(tmp_path):
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Titel"
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(plain()[0], format="rgb24")))
        container.mux(stream.encode())
    content = path.read_bytes()
    assert content.count(b"Titel") == 1
    path.write_bytes(content.replace(b"Titel", b"T\xfctel"))
    assert len(decode(path, 16)) == 1


def test_a_cover_picture_is_no_video(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        sound = container.add_stream("aac", rate=16000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(plain()[0], format="rgb24")))
        container.mux(cover.encode())
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    with pytest.raises(UnreadableVideo, match="no video stream"):
        decode(tmp_path / "a.mp4", 16)


def test_threads_change_nothing(tmp_path, write_video):
    path = write_video(tmp_path / "a.mp4", 20)
    assert np.array_equal(decode(path, 16, threads=3), decode(path, 16))


def test_frames_that_were_read_are_let_go(tmp_path, write_video):
    """A frame kept anywhere keeps its memory from the decoder: it would grow with the length of the video."""
    frames = decode_frames(write_video(tmp_path / "a.mp4", 60), 16)
    gc.collect()
    gc.disable()
    try:
        before = alive()
        for i, _ in enumerate(frames):
            if i == 50:
                assert alive() - before <= 6
    finally:
        gc.enable()


def alive():
    return sum(type(thing) is av.VideoFrame for thing in gc.get_objects())
