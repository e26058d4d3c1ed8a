"""What the machine fails at for a while is tried again, and is never the video's fault."""

import errno
import os
import pathlib

import av
import pytest
from PIL import Image

import keras_vdd.data.decoding.fault as fault_module
import keras_vdd.data.decoding.pool as pool_module
import keras_vdd.data.decoding.video_file as video_file
import keras_vdd.data.decoding.worker as worker
from keras_vdd.data.decoding.image_folder import picture_frames
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import preparation, prepare
from keras_vdd.errors import VddError

pytestmark = pytest.mark.once
_open = av.open


@pytest.fixture
def job(tmp_path, write_video, monkeypatch):
    """A video for the decoding process, which does not wait before it tries again."""
    monkeypatch.setattr(worker, "PAUSES", (0, 0))
    (tmp_path / "parts").mkdir()
    path = write_video(tmp_path / "a.mp4")
    return {"path": str(path), "size": 16, "part": str(tmp_path / "parts" / "a.u8")}


@pytest.fixture
def python(tmp_path, monkeypatch):
    """A function that puts a script of the shell in the place of Python."""

    def function(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(path))

    return function


def raising(times, error, then=None):
    """A function that raises an error so many times, and then is another."""
    left = [times]

    def function(*args, **kwargs):
        if left[0]:
            left[0] -= 1
            raise error
        return then(*args, **kwargs)

    return function


def of_ffmpeg(number):
    try:
        av.error.err_check(-number)
    except av.error.FFmpegError as error:
        return error


PASSING = [
    OSError(getattr(errno, name), os.strerror(getattr(errno, name)))
    for name in ("EIO", "ESTALE", "ETIMEDOUT", "EMFILE", "ENFILE", "ENOMEM", "EREMOTEIO", "ECONNRESET")
] + [
    of_ffmpeg(errno.ESTALE),
    of_ffmpeg(errno.EMFILE),
    ImportError("libavfilter.so.11: cannot open shared object file"),
    OSError("libx.so: cannot open shared object file: No such file or directory"),
    av.error.DecoderNotFoundError(0xBADDEC, "Decoder not found"),
]  # fmt: skip


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_passes_is_tried_again_and_never_kept(job, monkeypatch, error):
    monkeypatch.setattr(video_file.av, "open", raising(2, error, _open))
    assert worker._decode(**job)["frames"] == 6
    os.remove(job["part"] + ".json")
    monkeypatch.setattr(video_file.av, "open", raising(99, error, _open))
    answer = worker._decode(**job)
    assert set(answer) == {"passing"} and "\n" not in answer["passing"]
    assert not os.path.exists(job["part"] + ".json")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOMEM])
def test_what_ffmpeg_says_of_damage_too_is_told_by_plain_reading(job, monkeypatch, number):
    monkeypatch.setattr(video_file.av, "open", raising(99, of_ffmpeg(number)))
    failed = worker._decode(**job)
    assert "failed" in failed and len(failed["source"]) == 32
    monkeypatch.setattr(fault_module, "open", raising(99, OSError(number, "of the disk")), raising=False)
    assert worker._decode(**job) == {"passing": "of the disk"}


def test_an_end_of_file_that_was_the_disks_is_not_the_videos(job, monkeypatch):
    """Demuxers take a failed read for the end: the file that is whole at the second look is taken."""
    cut = video_file.missing_bytes
    monkeypatch.setattr(
        video_file, "missing_bytes", raising(1, video_file.UnreadableVideo("a", "it breaks off"), cut)
    )
    assert worker._decode(**job)["frames"] == 6


def test_images_that_the_disk_refuses_are_not_damaged(tmp_path, monkeypatch):
    folder = tmp_path / "frames"
    folder.mkdir()
    Image.new("RGB", (32, 24)).save(folder / "frame1.png")
    monkeypatch.setattr(Image, "open", raising(1, OSError(errno.ESTALE, "Stale file handle")))
    with pytest.raises(VddError) as error:
        list(picture_frames(str(folder), 16))
    assert fault_module.fault_of_machine(error.value) == "stale file handle"


@pytest.mark.parametrize("times", [1, 99])
def test_a_file_that_is_written_to_meanwhile_is_read_again(job, monkeypatch, times):
    """Else frames of what it was would be kept under the checksum of what it is."""
    left, checksum = [times], worker.source_checksum

    def written_to(path):
        if left[0]:
            left[0] -= 1
            os.utime(path, ns=(0, left[0]))
        return checksum(path)

    monkeypatch.setattr(worker, "source_checksum", written_to)
    answer = worker._decode(**job)
    if times == 1:
        assert answer["frames"] == 6 and answer["source"] == checksum(job["path"])
    else:
        assert answer == {"passing": "it was changed while it was read"}


def test_a_video_that_is_gone_since_the_set_was_listed(small_set, monkeypatch):
    """As on a network drive that is unmounted meanwhile."""
    listing, ask, away = find_videos(small_set), Pool.ask, small_set.root + ".away"

    def taken_away(pool, job):
        if "part" in job and os.path.basename(job["path"]) == "3.mp4" and not os.path.exists(away):
            os.rename(small_set.root, away)
        return ask(pool, job)

    monkeypatch.setattr(Pool, "ask", taken_away)
    with pytest.raises(VddError, match="no fault of .*: it is no longer there, or may no longer be read"):
        prepare(listing, small_set, workers=1)
    monkeypatch.undo()
    os.rename(away, small_set.root)
    stores = prepare(listing, small_set)
    assert [len(stores[split]) for split in stores] == [5, 2] and stores["train"].failed == []


def test_a_file_that_still_grows_is_not_broken_off(job, monkeypatch):
    monkeypatch.setattr(worker, "PAUSES", (0,) * 4)
    path = pathlib.Path(job["path"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])

    def growing(*args, **options):
        with path.open("ab") as file:
            file.write(whole[path.stat().st_size :][:30])
        return _open(*args, **options)

    monkeypatch.setattr(video_file.av, "open", growing)
    assert worker._decode(**job)["frames"] == 6


@pytest.mark.parametrize(
    "tag, key, words",
    [(b"evc1", "passing", "has no decoder of evc"), (b"zzzz", "failed", "its codec is unknown")],
)
def test_a_codec_that_this_build_does_not_decode_is_no_fault_of_the_video(job, tag, key, words):
    """One that nobody knows is: it is no codec."""
    path = pathlib.Path(job["path"])
    path.write_bytes(path.read_bytes().replace(b"mp4v", tag).replace(b"avc1", tag))
    answer = worker._decode(**job)
    assert words in answer[key] and "\n" not in answer[key]


def test_animated_webp_that_ffmpeg_takes_for_a_still(job):
    pictures = [Image.new("RGB", (32, 24), (colour, 0, 0)) for colour in (10, 90, 200)]
    for count, key, words in (
        (3, "passing", "has no decoder of animated WebP"),
        (1, "failed", "a still picture"),
    ):
        pictures[0].save(job["path"], "WEBP", save_all=True, append_images=pictures[1:count])
        assert words in worker._decode(**job)[key]
    # What breaks off right behind the name of its first part.
    whole = pathlib.Path(job["path"]).read_bytes()
    pathlib.Path(job["path"]).write_bytes(whole[:12] + b"VP8X")
    assert "it is damaged" in worker._decode(**job)["failed"]


def test_av1_in_a_build_whose_decoder_is_for_devices_alone(job, write_video, monkeypatch):
    write_video(pathlib.Path(job["path"]), 1, codec="libsvtav1", size=(64, 64))
    monkeypatch.setattr(video_file, "_decoder", lambda codec: av.CodecContext.create("av1", "r"))
    assert "has no decoder of av1" in worker._decode(**job)["passing"]


def test_what_the_store_refuses_is_not_the_videos(job, monkeypatch):
    error = OSError(errno.EFBIG, "File too large", job["part"])
    monkeypatch.setattr(worker, "replacing", raising(99, error))
    assert worker._decode(**job) == {"passing": "its frames cannot be written: File too large"}


@pytest.fixture
def small_set(tmp_path, write_video, settings):
    for split, count in (("train", 5), ("test", 2)):
        for i in range(count):
            write_video(tmp_path / "videos" / split / "a" / f"{i}.mp4", 3)
    return settings()


def test_a_set_with_files_that_cannot_be_read_now_keeps_the_others(small_set, monkeypatch):
    listing, asked, ask = find_videos(small_set), [], Pool.ask

    def at_times(pool, job):
        asked.append(os.path.basename(job["path"]))
        trouble = "part" in job and asked[-1] == "1.mp4" and len(asked) < 30
        return {"passing": "input/output error"} if trouble else ask(pool, job)

    monkeypatch.setattr(Pool, "ask", at_times)
    with pytest.raises(
        VddError, match=r"^1 video was not read.*input/output error \(a/1.mp4\).*same command"
    ) as e:
        prepare(listing, small_set)
    assert "\n" not in str(e.value)
    asked[:] = ["x"] * 30
    stores = prepare(listing, small_set)
    # Looked at: what is left of train, and test; decoded: the one, and test.
    assert asked[30:].count("4.mp4") <= 1 and len(stores["train"]) == 5
    assert stores["train"].failed == [] and stores.decoded["videos"] == 6


def test_a_machine_that_reads_nothing_is_told_soon(small_set, tmp_path, write_video, monkeypatch):
    video = (tmp_path / "videos" / "train" / "a" / "0.mp4").read_bytes()
    for i in range(60):
        (tmp_path / "videos" / "train" / "a" / f"b{i}.mp4").write_bytes(video)
    asked = []
    monkeypatch.setattr(Pool, "ask", lambda pool, job: asked.append(1) or {"passing": "stale file handle"})
    with pytest.raises(VddError, match="^20 videos were not read.*stale file handle"):
        prepare(find_videos(small_set), small_set, workers=1)


def test_what_the_machine_is_short_of_is_told_with_what_to_do(small_set, monkeypatch):
    monkeypatch.setattr(preparation, "measure", raising(1, PASSING[3]))
    with pytest.raises(VddError, match=r"could not go on with.*ulimit -n 4096`\. The same command goes on"):
        prepare(find_videos(small_set), small_set)


def test_a_killed_decoder_is_not_the_videos_fault(job, python, capfd):
    for end, words in (
        ("kill -KILL $$", "was killed"),
        ("kill -XCPU $$", "was ended by signal 24"),
        ("echo Traceback >&2; echo 'ValueError: x' >&2; exit 3", "ended with exit status 3 (ValueError: x)"),
    ):
        python(f"""echo '{{"ready": true}}'; read job; {end}""")
        with Pool(1) as pool:
            assert words in pool.ask(job)["passing"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "script, sentence",
    [
        (
            "echo Traceback >&2; echo \"ModuleNotFoundError: No module named 'av'\" >&2; exit 1",
            "a library does not load (ModuleNotFoundError: No module named 'av'): install it again",
        ),
        ("echo Traceback >&2; echo MemoryError >&2; exit 1", "memory ran out"),
        ("echo 'ImportError: x.so: failed to map segment from shared object' >&2; exit 1", "memory ran out"),
        (
            "echo Traceback >&2; printf 'ValueError: \\377\\n' >&2; exit 1",
            "exit status 1 (ValueError: \ufffd)",
        ),
        ("echo 'blas_thread_init: pthread_create failed' >&2; exit 1", "no more threads or processes"),
        ("kill -KILL $$", "the last one was killed, as where memory runs out"),
        ("kill -ILL $$", "the last one was ended by signal 4"),
        ("echo '[1]'; exit 0", "exit status 0"),
    ],
)
def test_a_decoder_that_does_not_start_is_a_sentence(job, python, capfd, script, sentence):
    """Its traceback is left to `-vv`, which shows what an error came of."""
    python(script)
    with Pool(1) as pool, pytest.raises(VddError) as error:
        list(pool.ordered([job]))
    assert sentence in str(error.value) and "\n" not in str(error.value)
    assert ("Traceback" in script) == ("Traceback" in str(error.value.__cause__))
    assert capfd.readouterr() == ("", "")


def test_a_decoder_that_hangs_as_it_starts_is_a_sentence(job, python, monkeypatch):
    python("exec sleep 60")
    monkeypatch.setattr(pool_module, "START_LIMIT_S", 0.2)
    with (
        Pool(1) as there,
        pytest.raises(VddError, match="can start, the last one was not ready within 0.2 s"),
    ):
        there.ask(job)


def test_what_every_python_here_says_is_not_taken_for_an_answer(job, tmp_path, monkeypatch, capfd):
    (tmp_path / "sitecustomize.py").write_text("import sys; print('hello'); print('there', file=sys.stderr)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    with Pool(1) as pool:
        assert pool.ask(job)["frames"] == 6
    (tmp_path / "av.py").write_text("import nothing_of_the_kind")
    with Pool(1) as pool, pytest.raises(VddError, match="does not load.*nothing_of_the_kind"):
        pool.ask(job)
    assert capfd.readouterr() == ("", "")


def test_more_than_a_share_of_failures_stops_and_loses_nothing(small_set, tmp_path, write_video):
    for i in range(6):
        (tmp_path / "videos" / "train" / "a" / f"x{i}.mp4").write_text("no video")
    small_set.failed_share = 0.4
    with pytest.raises(
        VddError, match=r"6 of 13 videos could.*data.failed_share=0.4.*most often because it does not open"
    ):
        prepare(find_videos(small_set), small_set)
    small_set.failed_share = 0.5
    stores = prepare(find_videos(small_set), small_set)
    assert len(stores["train"].failed) == 6 and len(stores["train"]) == 5


@pytest.mark.parametrize("limits", [(2**31, -1), (2**31, 2**31)])
def test_a_decoding_process_raises_no_limit_of_memory(monkeypatch, limits):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda which, wanted: pytest.fail(f"{wanted} was set"))
    worker._limit_memory()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_what_a_disk_does_not_say_is_not_taken_for_nothing(small_set, tmp_path, monkeypatch, number):
    """A link, a folder or a root that cannot be looked at now stays in the set; nothing is listed without it."""
    root, real = tmp_path / "videos", {"stat": os.stat, "scandir": os.scandir}
    (root / "train" / "b").symlink_to(tmp_path / "share")
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "1.mp4").write_bytes(b"x")
    frames = root / "train" / "a" / "frames"
    frames.mkdir()

    for what, where in (("stat", root / "train" / "b"), ("scandir", frames), ("stat", root)):

        def failing(path, *args, what=what, where=where, **kwargs):
            if os.fspath(path) == str(where):
                raise OSError(number, os.strerror(number), str(where))
            return real[what](path, *args, **kwargs)

        with monkeypatch.context() as patch, pytest.raises(OSError, match=os.strerror(number)) as error:
            patch.setattr(os, what, failing)
            if where == root:
                patch.setattr(os.path, "isdir", lambda path: False)
            find_videos(small_set)
        assert error.value.errno == number and error.value.filename == str(where)
    assert find_videos(small_set).class_names == ["a", "b"]


def test_what_fails_once_is_not_taken_for_nothing(small_set, tmp_path, monkeypatch):
    """The root of a set or a file of a store that a disk does not answer for once is neither missing nor damaged."""
    stores = prepare(find_videos(small_set), small_set)
    folder = stores["train"].folder
    for place in (small_set.root, os.path.join(folder, "frames.u8"), os.path.join(folder, "frames.crc32")):
        stale, left = OSError(errno.ESTALE, os.strerror(errno.ESTALE), place), [1]

        def once(path, *args, real=os.stat, place=place, stale=stale, left=left, **kwargs):
            if path == place and left:
                left.pop()
                raise stale
            return real(path, *args, **kwargs)

        with monkeypatch.context() as patch, pytest.raises(OSError, match="Stale file handle"):
            patch.setattr(os, "stat", once)
            prepare(find_videos(small_set), small_set)
    assert len(prepare(find_videos(small_set), small_set)["train"]) == len(stores["train"])
