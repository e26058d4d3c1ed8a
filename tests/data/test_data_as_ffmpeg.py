"""Whole files of every kind are taken as `ffmpeg` shows them, and those that break off are told."""

import fractions
import shutil
import struct

import av
import numpy as np
import pytest
from decoding.boxes import find, first_shown, matrix, with_aperture, with_edits, with_matrix
from decoding.made_files import with_exif

from keras_vdd.data.decoding.decode import UnreadableVideo, decode, decode_frames
from keras_vdd.data.decoding.middle import middle_frames
from keras_vdd.data.decoding.video_file import stated_frames
from keras_vdd.data.folders.listing import is_video
from keras_vdd.data.sampling import clip_indices

H264 = {"qp": "4", "g": "8", "bf": "2", "preset": "ultrafast"}


def ramp(frames, height=48, width=64):
    """Frame i is grey 20 + 10 i: its number can be read back."""
    levels = (20 + 10 * np.arange(frames, dtype=np.uint8))[:, None, None, None]
    return np.broadcast_to(levels, (frames, height, width, 3))


def write(path, *streams, codec="libx264", options=H264, rate=24):
    """Write each array of pictures as a video stream."""
    with av.open(str(path), "w") as container:
        added = []
        for pictures in streams:
            stream = container.add_stream(codec, rate=rate, options=dict(options))
            stream.height, stream.width = pictures.shape[1:3]
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            added.append(stream)
        for stream, pictures in zip(added, streams, strict=True):
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    return path


def numbers(path, **options):
    """Read the numbers of a ramp's frames back."""
    levels = decode(path, 16, **options).mean((1, 2, 3))
    found = np.round((levels - 20) / 10).astype(int)
    np.testing.assert_allclose(levels, 20 + 10 * found, atol=4)
    return found.tolist()


def why(path):
    with pytest.raises(UnreadableVideo) as error:
        decode(path, 16)
    return error.value.reason


@pytest.mark.parametrize(
    "edits, shown",
    [
        ([(7.5 / 24, 16 / 24)], range(16, 24)),
        ([(1.5 / 24, 9 / 24)], range(9, 11)),
        ([(3.5 / 24, 0)], range(4)),
        ([(1.0, None), (1.0, 0)], range(24)),
        ([(3.5 / 24, 16 / 24), (3.5 / 24, 0)], [16, 17, 18, 19, 0, 1, 2, 3]),
    ],
)
def test_an_edit_list_is_obeyed(tmp_path, edits, shown):
    path = write(tmp_path / "a.mp4", ramp(24))
    data = path.read_bytes()
    zero = first_shown(data)
    path.write_bytes(with_edits(data, [(length, None if at is None else zero + at) for length, at in edits]))
    assert numbers(path) == list(shown) and stated_frames(path) == len(shown)
    middle = decode(path, 16)[np.unique(clip_indices(len(shown), 4, 2))]
    assert np.array_equal(np.stack(list(middle_frames(path, 16, 4, 2))), middle)


def test_the_largest_stream_is_shown_unless_another_is_the_default(tmp_path):
    small, large = ramp(4, 32, 32), ramp(12, 64, 64)
    for name in ("a.mkv", "a.mp4", "a.avi", "a.ts"):
        assert len(numbers(write(tmp_path / name, large, small))) == 12, name
    path = tmp_path / "b.mkv"
    with (
        av.open(str(write(tmp_path / "c.mkv", large, small))) as source,
        av.open(str(path), "w") as container,
    ):
        streams = [container.add_stream_from_template(stream) for stream in source.streams.video]
        streams[0].disposition = 0
        streams[1].disposition = av.stream.Disposition.default
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    assert len(numbers(path)) == 4


@pytest.mark.parametrize("codec, rate", [("mpeg2video", 2_000_000), ("mpeg1video", 1_150_000)])
def test_a_constant_rate_that_is_kept_by_stuffing(tmp_path, codec, rate):
    """DVDs, broadcasts and Video CDs have zeros after pictures that need less."""
    options = {"b": rate, "minrate": rate, "maxrate": rate, "bufsize": 327_680}
    path = write(
        tmp_path / "a.mpg", ramp(9), codec=codec, options={k: str(v) for k, v in options.items()}, rate=25
    )
    assert path.stat().st_size > rate / 8 * 9 / 25 / 2
    assert numbers(path) == list(range(9))


@pytest.mark.parametrize("across, shown", [(-60, 20), (31, 250)])
def test_a_container_that_shows_a_part_of_the_frames(tmp_path, across, shown):
    picture = np.full((1, 64, 96, 3), 20, np.uint8)
    picture[:, :, 48:] = 250
    path = write(tmp_path / "a.mp4", picture)
    whole = path.read_bytes()
    assert decode(path, 60)[0, 0, [0, -1], 0].tolist() == pytest.approx([20, 250], abs=9)
    path.write_bytes(with_aperture(whole, 30, 30, across))
    np.testing.assert_allclose(decode(path, 28).astype(int), shown, atol=9)
    path.write_bytes(with_aperture(whole, 90, 2))
    assert "which is no picture" in why(path)


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_what_else_is_in_a_container_may_last_longer(tmp_path, suffix):
    codec, options = (
        ("libx264", H264) if suffix == ".mkv" else ("libvpx-vp9", {"cpu-used": "8", "deadline": "realtime"})
    )
    path = write(tmp_path / f"a{suffix}", ramp(8, 64, 64), ramp(24, 32, 32), codec=codec, options=options)
    assert len(decode(path, 16)) == 8


def test_transport_streams_that_were_joined(tmp_path):
    parts = [write(tmp_path / f"{i}.ts", ramp(24)[i : i + 10]).read_bytes() for i in range(3)]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    assert numbers(path) == [*range(10), *range(1, 11), *range(2, 12)]


def test_a_transport_stream_of_which_a_piece_is_missing(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (16, 48, 64, 3), dtype=np.uint8)
    options = {"x265-params": "log-level=none:keyint=16:bframes=2"}
    path = write(tmp_path / "a.ts", noise, codec="libx265", options=options)
    assert len(decode(path, 16)) == 16
    data = path.read_bytes()
    middle = len(data) // 376 * 188
    path.write_bytes(data[:middle] + data[middle + 188 * 20 :])
    assert why(path).startswith(("it is damaged", "it breaks off"))


@pytest.mark.parametrize("suffix", [".avi", ".mov", ".mkv"])
@pytest.mark.parametrize("held, corner", [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (6, (0, 1)), (8, (1, 0))])
def test_motion_jpeg_of_photographs(tmp_path, suffix, held, corner):
    """EXIF is data beside the frames that PyAV has no name for, and says how they are to be turned."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:24, :24] = 250
    plain = write(tmp_path / "plain.avi", np.stack([picture] * 4), codec="mjpeg", options={"qscale": "2"})
    path = tmp_path / f"a{suffix}"
    with av.open(str(plain)) as source, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for i, old in enumerate(source.demux(video=0)):
            if old.size:
                packet = av.Packet(with_exif(bytes(old), held))
                packet.stream, packet.time_base, packet.pts, packet.dts = (
                    stream,
                    fractions.Fraction(1, 24),
                    i,
                    i,
                )
                packet.duration, packet.is_keyframe = 1, True
                container.mux(packet)
    frames = decode(path, 32).astype(int)
    assert len(frames) == 4
    corners = frames[0][[[2, 2], [-3, -3]], [[2, -3], [2, -3]]].mean(-1)
    assert np.argwhere(corners > 128).tolist() == [list(corner)]


def test_frames_with_data_that_pyav_has_no_name_for(tmp_path):
    """An enhancement layer (LCEVC) in H.264, as one example; the number of an eye in spatial video is another."""
    path = write(tmp_path / "a.h264", ramp(6))
    data = path.read_bytes()
    # User data registered by ITU-T T.35, of the United Kingdom's V-Nova, which is attached to each frame.
    payload = bytes([0xB4, 0x00, 0x50, 0x00, 1, 2, 3, 4])
    message = b"\0\0\0\1\6" + bytes([4, len(payload)]) + payload + b"\x80"
    path.write_bytes(data.replace(b"\0\0\1\x65", message + b"\0\0\1\x65", 1))
    assert path.read_bytes() != data
    with av.open(str(path)) as container, pytest.raises(ValueError, match="not a valid Type"):
        assert next(container.decode(video=0)).side_data
    assert numbers(path) == list(range(6))


def test_an_angle_that_is_no_right_one(tmp_path):
    picture = np.full((1, 64, 64, 3), 250, np.uint8)
    path = write(tmp_path / "a.mp4", picture)
    straight, data = decode(path, 60)[0], path.read_bytes()
    path.write_bytes(with_matrix(data, matrix(degrees=45)))
    shown = decode(path, 60)[0]
    assert shown[30, 30].min() > 200 and shown[2, 2].max() < 50 and shown[30, 2].min() > 200
    # A single degree is none, to `ffmpeg` too.
    path.write_bytes(with_matrix(data, matrix(degrees=1)))
    assert np.array_equal(decode(path, 60)[0], straight)


def test_an_encrypted_file_is_told(tmp_path):
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76" * 16, "encryption_kid": "a7" * 16}
    with (
        av.open(str(write(tmp_path / "a.mp4", ramp(6)))) as source,
        av.open(str(tmp_path / "b.mp4"), "w", options=key) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    assert why(tmp_path / "b.mp4") == "it is encrypted"


def test_a_stream_of_jpegs_is_a_video_and_one_is_a_picture(tmp_path):
    with av.open(str(write(tmp_path / "a.avi", ramp(5), codec="mjpeg", options={}))) as container:
        pictures = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    (tmp_path / "a.mjpeg").write_bytes(b"".join(pictures))
    assert numbers(tmp_path / "a.mjpeg") == list(range(5))
    (tmp_path / "b.mjpeg").write_bytes(pictures[0])
    assert "picture" in why(tmp_path / "b.mjpeg")


def test_a_length_that_is_out_of_all_proportion(tmp_path):
    """Matroska states the length of its longest stream, whichever that is: decoding tells what is there."""
    path = write(tmp_path / "a.mkv", ramp(6))
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88") + 3
    path.write_bytes(data[:at] + struct.pack(">d", 1e13) + data[at + 8 :])
    assert numbers(path) == list(range(6)) and stated_frames(path) is None


@pytest.mark.parametrize("name", ["a.h264", "a.ts", "live.mkv", "fragments.mp4", "a.flv", "a.m2v"])
def test_containers_without_a_length_that_break_off(tmp_path, name):
    """Noise, cut amid a frame."""
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (9, 48, 64, 3), dtype=np.uint8)
    codec, options = ("mpeg2video", {"b": "4M", "g": "8"}) if name == "a.m2v" else ("libx264", H264)
    path = tmp_path / name
    formats = {"live.mkv": {"live": "1"}, "fragments.mp4": {"movflags": "frag_keyframe+empty_moov"}}
    with av.open(str(path), "w", options=formats.get(name, {})) as container:
        stream = container.add_stream(codec, rate=25, options=dict(options))
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for picture in noise:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    data = path.read_bytes()
    assert len(decode(path, 16)) == 9
    path.write_bytes(data[: int(len(data) * 0.85)])
    assert why(path).startswith(("it breaks off", "it is damaged"))


def test_an_mxf_that_breaks_off(tmp_path):
    path = write(tmp_path / "a.mxf", ramp(9), codec="mpeg2video", options={"b": "4M"}, rate=25)
    data = path.read_bytes()
    assert len(decode(path, 16)) == 9
    path.write_bytes(data[: len(data) // 2])
    assert f"{len(data) // 2} of its" in why(path)
    path.write_bytes(data[:16])
    assert "does not open" in why(path)


def test_an_mp4_that_ends_before_its_index_says(tmp_path):
    """The index lies in front, and its media box goes to the end of the file, wherever that is."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=24, options=dict(H264))
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for picture in ramp(24):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    data = bytearray(path.read_bytes())
    start, _ = find(data, "mdat")
    data[start : start + 4] = bytes(4)
    path.write_bytes(data)
    assert numbers(path) == list(range(24))
    path.write_bytes(data[: start + (len(data) - start) // 2])
    assert why(path).startswith(("it breaks off", "it is damaged"))


def test_endings_of_videos():
    for name in "a.h264 a.HEVC a.y4m a.f4v a.mxf a.m2v a.dv a.ts a.264 a.ivf".split():
        assert is_video(name), name
    assert not any(map(is_video, ("a.txt", "a.jpg", "a.wav", "a", ".mp4", ".a.mp4")))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the program ffmpeg is not installed")
@pytest.mark.parametrize("number", [4, 11, 47, 176, 248, 513])
def test_made_files_as_the_program_shows_them(tmp_path, number):
    """A few of those that `python -m tests.decoding` compares by the hundred."""
    from decoding.compare import difference
    from decoding.made_files import make

    assert difference(make(tmp_path, number).path) is None


def test_the_log_level_is_left_as_it_was(tmp_path):
    """Errors are counted while a video is read, several at once included; a level that somebody set stays."""
    path = write(tmp_path / "a.mkv", ramp(4))
    first, second = decode_frames(path, 16), decode_frames(path, 16)
    next(first), next(second)
    assert av.logging.get_level() == av.logging.PANIC
    assert len(list(first)) == 3 and av.logging.get_level() == av.logging.PANIC
    assert len(list(second)) == 3 and av.logging.get_level() is None
    av.logging.set_level(av.logging.WARNING)
    try:
        frames = decode_frames(path, 16)
        next(frames)
        assert av.logging.get_level() == av.logging.WARNING
        assert len(list(frames)) == 3 and av.logging.get_level() == av.logging.WARNING
    finally:
        av.logging.set_level(None)


def through(source, path, *filters):
    """Write the packets of a file's video again, each through FFmpeg's filters of bitstreams."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        passes = [av.BitStreamFilterContext(name, old.streams.video[0], stream) for name in filters]
        packets = [packet for packet in old.demux(video=0) if packet.size]
        for step in passes:
            packets = [out for packet in [*packets, None] for out in step.filter(packet)]
        for packet in packets:
            packet.stream = stream
            new.mux(packet)
    return path


def test_a_stream_that_shows_a_part_of_its_frames(tmp_path):
    """Where that begins at the left, decoders leave a part of what is cropped unless they are told otherwise."""
    picture = np.full((2, 48, 96, 3), 20, np.uint8)
    picture[:, :, 16:] = 250
    whole = write(tmp_path / "a.mp4", picture)
    path = through(whole, tmp_path / "b.mp4", "h264_metadata=crop_left=16:crop_right=34")
    assert decode(path, 40).min() > 240


def test_a_turn_holds_until_another_one_is_stated(tmp_path):
    """Encoders of H.264 may state the orientation once, beside the first frame."""
    picture = np.full((4, 64, 64, 3), 20, np.uint8)
    picture[:, :32] = 250
    insert = "h264_metadata=display_orientation=insert:rotate=90"
    path = through(write(tmp_path / "a.mp4", picture), tmp_path / "b.mp4", insert)
    frames = decode(path, 48)
    assert (frames[:, 24, 4] > 200).all() or (frames[:, 24, -5] > 200).all()
    np.testing.assert_allclose(frames.mean(1), frames[:1].mean(1).repeat(4, 0), atol=4)


def test_an_avi_that_states_too_many_frames(tmp_path):
    """Its outermost box ends where the file does, so that nothing is missing."""
    path = write(tmp_path / "a.avi", ramp(6), codec="mpeg4", options={})
    data = bytearray(path.read_bytes())
    at = data.index(b"strh") + 40
    data[at : at + 4] = struct.pack("<I", 900)
    path.write_bytes(data)
    assert numbers(path) == list(range(6))
    data[4:8] = bytes(4)
    path.write_bytes(data)
    assert "6 frames, of 900 that it states" in why(path)


def test_a_small_stream_without_a_container_that_breaks_off(tmp_path):
    """FFmpeg meets its end while it looks for streams, and says nothing of it later."""
    options = {"x265-params": "log-level=none:keyint=3:bframes=0", "preset": "ultrafast"}
    path = write(tmp_path / "a.hevc", ramp(6), codec="libx265", options=options)
    data = path.read_bytes()
    assert numbers(path) == list(range(6))
    # Amid what stands before the second key frame.
    path.write_bytes(data[: data.rindex(b"\0\0\0\1\x40\1") + 30])
    assert why(path) == "it breaks off after 3 frames"
