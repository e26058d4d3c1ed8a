"""Frames around the middle: each frame of the test pattern carries its number and a colour of its own."""

import errno

import av
import numpy as np
import pytest
from decoding.turns import with_turns
from PIL import Image

import keras_vdd.data.decoding.middle as middle_module
from keras_vdd.data.decoding.decode import UnreadableVideo, decode
from keras_vdd.data.decoding.middle import middle_frames
from keras_vdd.data.decoding.video_file import VideoFile
from keras_vdd.data.sampling import clip_indices

COLOURS = np.array([[235, 30, 30], [30, 215, 40], [40, 40, 225], [230, 230, 20], [30, 200, 200]], np.uint8)


def pattern(count):
    """Frame i: above, its number in eight bits as dark and light bars; below, colour i % 5."""
    pictures = np.zeros((count, 64, 64, 3), np.uint8)
    bits = np.arange(count)[:, None] >> np.arange(8) & 1
    pictures[:, :32] = np.where(np.repeat(bits, 8, axis=1), 220, 40)[:, None, :, None]
    pictures[:, 32:] = COLOURS[np.arange(count) % 5][:, None, None]
    return pictures


def numbers(frames):
    """Read the numbers of frames that were shrunk from 64 to 60 and cropped to 56 pixels."""
    centres = ((8 * np.arange(8) + 4) * 60 / 64 - 2).astype(int)
    found = ((frames[:, 14][:, centres].mean(-1) > 128) << np.arange(8)).sum(1)
    np.testing.assert_allclose(frames[:, 36:50].mean((1, 2)), COLOURS[found % 5], atol=12)
    return found.tolist()


SOURCES = {
    "h264.mp4": ("libx264", {"g": "12", "bf": "2", "qp": "8"}),
    "open.mkv": ("libx264", {"x264-params": "keyint=12:bframes=3:open-gop=1:qp=8"}),
    "refresh.mkv": ("libx264", {"x264-params": "keyint=12:intra-refresh=1:qp=8"}),
    "one_key.mp4": ("libx264", {"g": "500", "qp": "8"}),
    "hevc.mp4": ("libx265", {"x265-params": "log-level=none:keyint=12:qp=8"}),
    "vp9.webm": (
        "libvpx-vp9",
        {"g": "12", "crf": "8", "b": "0", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1"},
    ),
    "vp8.webm": ("libvpx", {"g": "12", "crf": "6", "b": "4M", "lag-in-frames": "16", "auto-alt-ref": "1"}),
    "mpeg4.avi": (
        "mpeg4",
        {"g": "12", "bf": "2", "qscale": "2", "flags": "+qscale", "global_quality": "236"},
    ),
    "mpeg2.ts": (
        "mpeg2video",
        {"g": "12", "bf": "2", "qscale": "2", "flags": "+qscale", "global_quality": "236"},
    ),
}


def write(path, count, codec="libx264", options=None):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            codec, rate=24, options={"g": "12", "qp": "8"} if options is None else options
        )
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for picture in pattern(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def decoded(monkeypatch):
    """Count the frames that are decoded."""
    seen, frames = [], VideoFile.frames

    def counted(video, *options, **more):
        for frame in frames(video, *options, **more):
            seen.append(frame.pts)
            yield frame

    monkeypatch.setattr(VideoFile, "frames", counted)
    return seen


@pytest.mark.parametrize("name", SOURCES)
def test_the_middle_is_exact_to_the_frame(tmp_path, name, decoded):
    path = write(tmp_path / name, 120, *SOURCES[name])
    whole = decode(path, 56)
    assert numbers(whole) == list(range(120))
    for frames, interval in ((8, 1), (4, 7), (1, 1)):
        chosen = clip_indices(120, frames, interval)
        clip = np.stack(list(middle_frames(path, 56, frames, interval)))
        assert numbers(clip) == chosen.tolist() and np.array_equal(clip, whole[chosen])


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "open.mkv", "hevc.mp4"])
def test_only_what_is_needed_is_decoded(tmp_path, name, decoded):
    path = write(tmp_path / name, 120, *SOURCES[name])
    assert len(list(middle_frames(path, 56, 8, 1))) == 8
    # From the key frame before the clip to its end; an open group has up to three frames before that.
    assert len(decoded) <= 8 + 12 + 3


@pytest.mark.parametrize("count, frames, interval", [(3, 8, 1), (1, 8, 4), (20, 8, 4), (8, 8, 1)])
def test_videos_shorter_than_the_clip(tmp_path, count, frames, interval):
    path = write(tmp_path / "a.mp4", count)
    clip = np.stack(list(middle_frames(path, 56, frames, interval)))
    chosen = np.unique(clip_indices(count, frames, interval))
    assert numbers(clip) == chosen.tolist() and len(clip) == min(count, frames)


def test_a_folder_of_images_has_a_middle(tmp_path):
    (tmp_path / "v").mkdir()
    for i, picture in enumerate(pattern(30)):
        Image.fromarray(picture).save(tmp_path / "v" / f"{i + 1}.png")
    assert numbers(decode(tmp_path / "v", 56)) == list(range(30))
    assert numbers(np.stack(list(middle_frames(tmp_path / "v", 56, 4, 2)))) == clip_indices(30, 4, 2).tolist()


@pytest.mark.parametrize(
    "name, turns",
    [
        ("h264.mp4", {0: (90,)}),
        ("hevc.mp4", {0: (90,)}),
        ("hevc.mp4", {0: (0, True)}),
        ("h264.mkv", {0: (90,), 48: (90,), 60: (90,)}),
        ("h264.mp4", {0: (90,), 36: (270,)}),
        ("h264.mp4", {60: (0, True)}),
    ],
)
def test_a_turn_that_only_the_stream_states(tmp_path, name, turns):
    path = write(tmp_path / name, 120, *SOURCES[name.replace("mkv", "mp4")])
    upright = decode(path, 56)
    with_turns(path, turns)
    whole = decode(path, 56)
    assert len(whole) == 120 and np.abs(whole[60:].astype(int) - upright[60:]).mean() > 30
    chosen = clip_indices(120, 4, 2)
    assert np.array_equal(np.stack(list(middle_frames(path, 56, 4, 2))), whole[chosen])


def damage(path, number):
    """Overwrite the packet of one frame, counted in the order of the file."""
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][number]
        position, size = packet.pos, packet.size
    content = bytearray(path.read_bytes())
    content[position + 8 : position + size] = bytes(b ^ 0x5A for b in content[position + 8 : position + size])
    path.write_bytes(content)


def test_what_is_damaged_elsewhere_is_no_matter(tmp_path):
    path = write(tmp_path / "a.mp4", 120, "libx264", {"g": "12", "bf": "0", "qp": "8"})
    damage(path, 100)
    with pytest.raises(UnreadableVideo, match="damaged after"):
        decode(path, 56)
    assert numbers(np.stack(list(middle_frames(path, 56, 8, 1)))) == list(range(56, 64))
    damage(path, 58)
    with pytest.raises(UnreadableVideo, match="damaged after"):
        list(middle_frames(path, 56, 8, 1))


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm"])
def test_a_video_that_breaks_off_has_no_known_middle(tmp_path, name):
    path = write(tmp_path / name, 120, *SOURCES[name])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.9)])
    with pytest.raises(UnreadableVideo, match="breaks off|does not open"):
        list(middle_frames(path, 56, 8, 1))
    with pytest.raises(UnreadableVideo, match="missing"):
        list(middle_frames(tmp_path / "none.mp4", 56, 8, 1))


@pytest.mark.parametrize("refused", [False, True])
def test_where_seeking_misses_all_is_decoded(tmp_path, monkeypatch, refused):
    """A container whose index lies: what comes after the seek lies behind the clip. Or FFmpeg refuses to seek, as in a
    Matroska whose key frame is before 0."""
    path = write(tmp_path / "a.mp4", 60)

    class Late(VideoFile):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            container, stream = self.container, self.stream

            class Liar:
                format, streams = container.format, container.streams
                demux, close, dumps_format = container.demux, container.close, container.dumps_format

                def seek(self, time, **_):
                    av.error.err_check(-errno.EPERM if refused else 0)
                    container.seek(time * 2, stream=stream, backward=False)

            self.container = Liar()

    monkeypatch.setattr(middle_module, "VideoFile", Late)
    assert numbers(np.stack(list(middle_frames(path, 56, 4, 1)))) == clip_indices(60, 4, 1).tolist()
