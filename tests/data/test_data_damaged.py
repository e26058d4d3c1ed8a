"""One hundred damaged files among a few good ones: each is listed with its reason, and the run ends well."""

import csv
import os
import random
import signal
import struct

import av
import numpy as np
import pytest
from PIL import Image

import keras_vdd.data.decoding.pool as pool_module
from keras_vdd.data.decoding.decode import UnreadableVideo, decode
from keras_vdd.data.decoding.truncation import missing_bytes
from keras_vdd.data.decoding.video_file import VideoFile, count_frames, stated_frames
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare

SUFFIXES = (".avi", ".mp4", ".webm", ".mkv", ".mov")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, write_video):
    """The bytes of a good video in each container, by suffix."""
    folder = tmp_path_factory.mktemp("whole")
    return {suffix: write_video(folder / f"a{suffix}", 14).read_bytes() for suffix in SUFFIXES}


def spread(content, count, rng):
    """Places in a file, evenly over its length but for chance."""
    step = (len(content) - 40) / count
    return [int(20 + step * (i + rng.random())) for i in range(count)]


def flipped(content, rng, share=0.01):
    """Flip a bit in one of a hundred bytes."""
    damaged = bytearray(content)
    for _ in range(int(len(content) * share)):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def patched(content, mark, offset, value):
    """Overwrite bytes at a distance from the first `mark`."""
    at = content.index(mark) + offset
    return content[:at] + value + content[at + len(value) :]


def raw_avi(width, height):
    """The smallest AVI of one uncompressed frame that claims this size and has 64 bytes."""

    def chunk(name, body):
        return name + struct.pack("<I", len(body)) + body

    bitmap = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 64, 0, 0, 0, 0)
    stream = b"vidsDIB " + struct.pack("<IHHIIIIIIII4H", 0, 0, 0, 0, 1, 24, 0, 1, 64, 0, 0, 0, 0, 0, 0)
    main = struct.pack("<14I", 41666, 0, 0, 16, 1, 0, 1, 64, width, height, 0, 0, 0, 0)
    streams = chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", bitmap))
    header = chunk(b"LIST", b"hdrl" + chunk(b"avih", main) + streams)
    movie = chunk(b"LIST", b"movi" + chunk(b"00db", bytes(64)))
    return chunk(b"RIFF", b"AVI " + header + movie)


def damaged_files(folder, whole, write_video):
    """Write the hundred into `folder`; return their names."""
    rng = random.Random(20)
    for suffix, content in whole.items():
        for i, end in enumerate(spread(content, 9, rng)):
            (folder / f"cut{i}{suffix}").write_bytes(content[:end])
        for i in range(6):
            (folder / f"flip{i}{suffix}").write_bytes(flipped(content, rng))
    (folder / "header.webm").write_bytes(whole[".webm"][:64])
    for suffix in (".avi", ".mp4", ".mkv"):
        (folder / f"header{suffix}").write_bytes(whole[suffix][:64])
        (folder / f"zeros{suffix}").write_bytes(whole[suffix][:64] + bytes(5000))
        (folder / f"noise{suffix}").write_bytes(rng.randbytes(3000))
    for name in ("empty.avi", "empty.mp4"):
        (folder / name).touch()
    for suffix in (".avi", ".webm"):
        (folder / f"text{suffix}").write_text(
            "#EXTM3U\nhttp://127.0.0.1:9/none.mp4\n" if suffix == ".avi" else "hello\n"
        )
        Image.new("RGB", (32, 32)).save(folder / f"picture{suffix}", "PNG" if suffix == ".avi" else "JPEG")
    (folder / "vast.avi").write_bytes(raw_avi(60000, 60000))
    (folder / "flat.avi").write_bytes(raw_avi(60000, 1))
    (folder / "none.avi").write_bytes(raw_avi(0, 0))
    # The length in frames of an AVI's stream, out of all proportion, where it states no bytes; a Matroska file without
    # a length that is cut off.
    endless = patched(whole[".avi"], b"strh", 40, struct.pack("<I", 2**31 - 1))
    (folder / "endless.avi").write_bytes(patched(endless, b"RIFF", 4, bytes(4)))
    live = patched(whole[".mkv"], b"\x18\x53\x80\x67", 4, b"\x01" + b"\xff" * 7)
    (folder / "live.mkv").write_bytes(live[: len(live) // 2])
    (folder / "strip.mp4").write_bytes(
        write_video(folder / "s.mp4", np.zeros((2, 16, 640, 3), np.uint8)).read_bytes()
    )
    (folder / "s.mp4").unlink()
    (folder / "folder.avi").mkdir()
    (folder / "link.avi").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.mp4")
    return sorted(os.listdir(folder))


def test_a_hundred_damaged_files(tmp_path, settings, whole, write_video, listener):
    bad = tmp_path / "videos" / "train" / "bad"
    bad.mkdir(parents=True)
    names = damaged_files(bad, whole, write_video)
    assert len(names) == 100
    good = {f"good{i}{suffix}": content for i, (suffix, content) in enumerate(whole.items())}
    for split in ("train", "test"):
        for name, content in good.items():
            path = tmp_path / "videos" / split / "bad" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    stores = prepare(find_videos(settings()), settings(), listener, workers=2)
    train = stores["train"]
    failed = dict(train.failed)
    listed = [name for name in names if f"bad/{name}" not in failed]
    # What is no file at all is noted where videos are listed; every file fails.
    assert listed == ["folder.avi", "link.avi", "pipe.mp4"] and len(failed) == 97
    for name, reason in failed.items():
        assert reason and "\n" not in reason and str(tmp_path) not in reason, name
        assert "crashed" not in reason and "within" not in reason, (name, reason)
    with open(os.path.join(train.folder, "failed.csv"), newline="") as file:
        assert dict(list(csv.reader(file))[1:]) == failed
    assert train.names == [f"bad/{name}" for name in sorted(good)] and len(stores["test"]) == len(good)
    for i, name in enumerate(train.names):
        assert np.array_equal(train.frames(i), decode(tmp_path / "videos" / "train" / name, 16))
    assert "does not open" in failed["bad/text.avi"] and "picture" in failed["bad/picture.avi"]
    assert "640x16 pixels" in failed["bad/strip.mp4"] and "states" in failed["bad/endless.avi"]
    assert "breaks off" in failed["bad/cut4.mkv"]


def test_a_file_without_permission(tmp_path, write_video):
    path = write_video(tmp_path / "a.mp4")
    path.chmod(0)
    # Root may read anything, so it is someone else who tries.
    if not os.geteuid():
        os.seteuid(65534)
    try:
        with pytest.raises(UnreadableVideo, match=r"does not open as a video \(permission denied\)"):
            decode(path, 16)
    finally:
        os.seteuid(os.getuid())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_was_cut_off_is_told_by_its_header(tmp_path, whole, suffix):
    path = tmp_path / f"a{suffix}"
    content = whole[suffix]
    path.write_bytes(content)
    assert missing_bytes(path) is None
    path.write_bytes(content + b"more than there should be")
    assert missing_bytes(path) is None
    path.write_bytes(content[:-17])
    assert missing_bytes(path) == (len(content) - 17, len(content))
    with pytest.raises(
        UnreadableVideo, match=f"{len(content) - 17} of its {len(content)} bytes|does not open"
    ):
        VideoFile(path)


def test_files_that_do_not_say_how_long_they_are(tmp_path, whole):
    """Live recordings state a length of 0, of all ones, or 'to the end'."""
    path = tmp_path / "a"
    for content in (
        patched(whole[".avi"], b"RIFF", 4, bytes(4)),
        patched(whole[".avi"], b"RIFF", 4, b"\xff" * 4),
        patched(whole[".mp4"], b"mdat", -4, bytes(4)),
        patched(whole[".mkv"], b"\x18\x53\x80\x67", 4, b"\x01" + b"\xff" * 7),
        b"",
        b"RIFF",
        bytes(100),
    ):
        path.write_bytes(content)
        assert missing_bytes(path) is None


@pytest.mark.parametrize("threads", [1, 4])
def test_a_gif_that_breaks_off_amid_a_frame(tmp_path, threads):
    pictures = [Image.effect_noise((64, 48), 50 + i) for i in range(6)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:])
    content = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(content[: int(len(content) * 0.6)])
    with pytest.raises(UnreadableVideo, match="breaks off after"):
        decode(tmp_path / "a.gif", 16, threads)
    # Without the byte that ends it, it shows all it has, as in `ffmpeg`.
    (tmp_path / "a.gif").write_bytes(content[:-1])
    assert len(decode(tmp_path / "a.gif", 16, threads)) == 6


def test_a_stream_that_begins_amid_a_group_of_pictures_loses_its_first_frames_only(tmp_path):
    """As in a piece cut out of a broadcast: what needs frames that are gone is dropped, the rest is whole."""
    path = tmp_path / "a.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=24, options={"qp": "10", "g": "8", "bf": "0", "sc_threshold": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        packets = []
        for i in range(24):
            picture = np.full((48, 64, 3), 10 * i, np.uint8)
            packets += stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24"))
        packets += stream.encode()
        for packet in packets[3:]:
            container.mux(packet)
    values = decode(path, 16).mean((1, 2, 3))
    np.testing.assert_allclose(values[-16:], 10 * np.arange(8, 24), atol=4)
    assert len(values) <= 21


def test_a_frame_count_that_is_not_believed(tmp_path, whole):
    path = tmp_path / "a.avi"
    path.write_bytes(whole[".avi"])
    assert stated_frames(path) == 14
    path.write_bytes(patched(whole[".avi"], b"strh", 40, struct.pack("<I", 2**31 - 1)))
    assert stated_frames(path) is None and count_frames(path) == 14
    path.write_bytes(b"nothing of the kind")
    assert stated_frames(path) is None and count_frames(path) == 0


def test_large_files_have_more_time(tmp_path, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_PER_MEGABYTE", 0.1)
    path = tmp_path / "large.avi"
    path.touch()
    os.truncate(path, 3_500_000)
    with pool_module.Pool(1, time_limit=0.2) as pool:
        process = pool._threads.submit(pool._process).result()
        os.kill(process.pid, signal.SIGSTOP)
        answer = pool._threads.submit(pool.ask, {"path": str(path), "size": 16}).result()
    assert answer == {"failed": "it was not decoded within 0.5 s"}
