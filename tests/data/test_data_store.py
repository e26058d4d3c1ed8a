import csv
import errno
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

import keras_vdd.data.store.preparation as store_module
import keras_vdd.data.store.size
import keras_vdd.data.store.split
from keras_vdd.data.clips import read_clips
from keras_vdd.data.decoding.decode import decode
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.decoding.video_file import count_frames, stated_frames
from keras_vdd.data.folders.listing import Listing, Video
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import open_store, prepare, store_folder
from keras_vdd.errors import VddError

ROOT = pathlib.Path(__file__).parents[2]
KNOWN = "folder-ef2491bab0e04a90"


@pytest.fixture
def small_set(tmp_path, write_video, settings):
    """Two classes, four videos each, of several formats and lengths; test_fraction makes it 6 and 2."""
    for name in ("hop", "run"):
        for i, suffix in enumerate((".avi", ".mp4", ".mkv", ".mp4")):
            write_video(tmp_path / "videos" / name / f"{i}{suffix}", i * 3 + (2 if name == "hop" else 1))
    return settings()


def contents(folder):
    """The bytes of every file under a folder."""
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_store_holds_what_decoding_gives(small_set, listener):
    listing = find_videos(small_set)
    stores = prepare(listing, small_set, listener)
    assert set(stores) == {"train", "test"} and len(stores["train"]) == 6 and len(stores["test"]) == 2
    for split, store in stores.items():
        videos = getattr(listing, split)
        assert store.names == [v.name for v in videos] and store.class_names == ["hop", "run"]
        assert store.labels.dtype == store.lengths.dtype == np.int32 and store.size == 16
        assert store.labels.tolist() == [v.label for v in videos] and store.failed == []
        for i, video in enumerate(videos):
            assert np.array_equal(store.frames(i), decode(video.path, 16))
            assert len(store.frames(i)) == store.lengths[i]
        assert [list(store.labels[i]) for i in store.by_class()] == [
            [0] * (len(store) // 2),
            [1] * (len(store) // 2),
        ]
        assert store.nbytes == int(store.lengths.sum()) * 16 * 16 * 3
        assert not store.frames(0).flags.writeable
        assert sorted(os.listdir(store.folder)) == ["failed.csv", "frames.crc32", "frames.u8", "index.json"]
        assert np.array_equal(open_store(store.folder).frames(1), store.frames(1))
    assert "Decoding 8 videos at 16x16" in listener.said[0] and "bytes" in listener.said[0]
    assert (
        "Decoding train",
        6,
        {"failed": 0, "frames": int(stores["train"].lengths.sum())},
    ) in listener.updates
    assert stores.decoded["videos"] == 8 and stores.decoded["frames"] == sum(
        s.lengths.sum() for s in stores.values()
    )
    assert "frames a second" in listener.said[1]


def test_a_finished_store_is_opened_and_not_made_again(small_set, monkeypatch, listener):
    listing = find_videos(small_set)
    first = prepare(listing, small_set)
    monkeypatch.setattr(Pool, "ask", None)
    again = prepare(listing, small_set, listener)
    assert again["train"].folder == first["train"].folder and listener.said == []


def test_the_bytes_do_not_depend_on_the_workers(small_set):
    listing = find_videos(small_set)
    one = prepare(listing, small_set, workers=1)
    small_set.store += "-of-three"
    three = prepare(listing, small_set, workers=3)
    assert contents(one["train"].folder) == contents(three["train"].folder)


def test_the_folder_changes_with_what_it_holds(small_set, settings, tmp_path, write_video):
    folders = {store_folder(find_videos(small_set), small_set)}
    small_set.size = 24
    folders.add(store_folder(find_videos(small_set), small_set))
    small_set.classes = ("hop",)
    folders.add(store_folder(find_videos(small_set), small_set))
    write_video(tmp_path / "videos" / "hop" / "0.avi", 5)
    folders.add(store_folder(find_videos(small_set), small_set))
    assert len(folders) == 4
    # Where the set lies is no part of what it is.
    (tmp_path / "videos").rename(tmp_path / "moved")
    small_set.root = str(tmp_path / "moved")
    assert store_folder(find_videos(small_set), small_set) in folders
    assert os.path.basename(store_folder(find_videos(small_set), small_set)).startswith("folder-")


def test_bad_videos_are_listed_and_cost_nothing_else(small_set, tmp_path, write_video, caplog):
    small_set.test_fraction = 0.1
    bad = tmp_path / "videos" / "hop"
    (bad / "a-text.avi").write_text("not a video at all\n" * 50)
    (bad / "b-empty.mp4").touch()
    cut = write_video(bad / "c-cut, short.mp4", 20)
    cut.write_bytes(cut.read_bytes()[:4000])
    (bad / "d-broken.mkv").symlink_to(tmp_path / "nowhere.mkv")
    (bad / "e-folder.avi").mkdir()
    write_video(bad / "f-single.avi", 1)
    for path in (tmp_path / "videos" / "run").iterdir():
        write_video(path, 2)
    listing = find_videos(small_set)
    assert ["d-broken.mkv" in note or "e-folder.avi" in note for note in listing.notes] == [True, True]
    # Which two are held out is drawn; what counts is what becomes of each.
    stores = prepare(listing, small_set)
    failed = {}
    for store in stores.values():
        with open(os.path.join(store.folder, "failed.csv"), newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["video", "reason"] and [tuple(row) for row in rows[1:]] == store.failed
        failed.update(rows[1:])
        assert len(store) + len(store.failed) == len(
            listing.train if store.split == "train" else listing.test
        )
        if store.failed:
            assert any(f"{len(store.failed)} of" in text and "failed.csv" in text for text in caplog.messages)
    assert sorted(failed) == [f"hop/{n}" for n in ("a-text.avi", "b-empty.mp4", "c-cut, short.mp4")]
    assert "does not open" in failed["hop/a-text.avi"] and "empty" in failed["hop/b-empty.mp4"]
    assert [
        int(s.lengths[i]) for s in stores.values() for i, n in enumerate(s.names) if n == "hop/f-single.avi"
    ] == [1]


def test_a_class_of_which_nothing_decodes_stops_the_work(tmp_path, settings, write_video):
    for i in range(2):
        write_video(tmp_path / "videos" / "train" / "good" / f"{i}.mp4")
        write_video(tmp_path / "videos" / "test" / "good" / f"{i}.mp4")
        (tmp_path / "videos" / "train" / "bad").mkdir(exist_ok=True)
        (tmp_path / "videos" / "train" / "bad" / f"{i}.mp4").write_text("no")
    for _ in range(2):
        with pytest.raises(VddError, match="No training video of bad could be decoded.*failed.csv") as error:
            prepare(find_videos(settings()), settings())
        assert "\n" not in str(error.value)


def test_no_decodable_test_video_stops_the_work(tmp_path, settings, write_video):
    write_video(tmp_path / "videos" / "train" / "a" / "1.mp4")
    path = tmp_path / "videos" / "test" / "a" / "1.mp4"
    path.parent.mkdir(parents=True)
    path.write_text("no")
    with pytest.raises(VddError, match="Not enough test videos"):
        prepare(find_videos(settings()), settings())


def test_a_disk_too_small_is_refused_before_decoding(small_set, monkeypatch):
    monkeypatch.setattr(store_module, "free_bytes", lambda folder: 1000)
    with pytest.raises(VddError, match=r"need about \d+\.\d kB .*1\.0 kB are free.*data.store") as error:
        prepare(find_videos(small_set), small_set)
    assert "\n" not in str(error.value)
    assert not list(pathlib.Path(small_set.store).rglob("frames.u8"))


@pytest.mark.slow
@pytest.mark.parametrize("who", ["parent", "worker"])
def test_a_disk_that_fills_up_is_one_sentence_and_resumes(small_set, monkeypatch, who):
    listing = find_videos(small_set)
    expected = prepare(listing, small_set)["train"].folder
    small_set.store += "-full"

    if who == "parent":
        append = keras_vdd.data.store.split._append

        def fill(files, answer, part):
            if part.endswith("0000003.u8"):
                files.frames.write(b"half of it")
                raise OSError(errno.ENOSPC, "No space left on device")
            return append(files, answer, part)

        monkeypatch.setattr(keras_vdd.data.store.split, "_append", fill)
    else:
        ask = Pool.ask
        monkeypatch.setattr(
            Pool,
            "ask",
            lambda pool, job: {"disk_full": True} if "0000003" in job.get("part", "") else ask(pool, job),
        )
    with pytest.raises(VddError, match="is full.*same command") as error:
        prepare(listing, small_set)
    assert "\n" not in str(error.value)
    monkeypatch.undo()
    assert contents(prepare(listing, small_set)["train"].folder) == contents(expected)


def test_a_worker_says_when_the_disk_is_full(tmp_path, write_video):
    path = write_video(tmp_path / "a.mp4")
    (tmp_path / "parts").mkdir()
    code = (
        "import keras_vdd.data.decoding.worker as w;"
        "w.open = lambda *a, **k: (_ for _ in ()).throw(OSError(28, 'full'));"
        f"print(w._decode({str(path)!r}, 16, {str(tmp_path / 'parts' / 'a.u8')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'disk_full': True}" and not list((tmp_path / "parts").iterdir())


def test_a_store_that_cannot_be_written_is_one_sentence(small_set, tmp_path):
    (tmp_path / "file").touch()
    small_set.store = str(tmp_path / "file" / "stores")
    with pytest.raises(VddError, match="cannot be written.*data.store"):
        prepare(find_videos(small_set), small_set)


SCRIPT = """
import json, sys, types
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare
data = types.SimpleNamespace(**json.loads(sys.argv[1]))
asked, ask = [], Pool.ask
def counted(pool, job):
    asked.extend([job["path"]] if "part" in job else [])
    return ask(pool, job)
Pool.ask = counted
stores = prepare(find_videos(data), data)
assert "keras" not in sys.modules
print(json.dumps({"asked": asked, "folder": stores["train"].folder}))
"""


def start(data):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, json.dumps(vars(data))], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_kill_and_resume_gives_the_same_bytes(tmp_path, write_video, settings):
    for split, count in (("train", 60), ("test", 2)):
        for i in range(count):
            write_video(tmp_path / "videos" / split / "a" / f"{i:02d}.mp4", 8 + i % 5)
    whole = settings(store=str(tmp_path / "whole"))
    expected = prepare(find_videos(whole), whole)["train"].folder
    killed = settings(store=str(tmp_path / "killed"))
    folder = pathlib.Path(store_folder(find_videos(killed), killed)) / "train"

    def finished():
        """Names of the videos that need no decoding any more."""
        journal = folder / "journal.jsonl"
        count = journal.read_text().count("\n") if journal.exists() else 0
        ready = {int(p.name[:7]) for p in folder.glob("parts/*.u8.json")}
        return {f"{i:02d}.mp4" for i in {*range(count), *ready}}

    for goal in (5, 25, 45):
        process = start(killed)
        deadline = time.monotonic() + 60
        while len(finished()) < goal and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert process.returncode == -signal.SIGKILL, (
            "it ended before it was killed: the test needs more videos"
        )
    # A torn line and a torn tail are what a crash of the machine may leave.
    with open(folder / "journal.jsonl", "a") as file:
        file.write('{"frames": 1')
    with open(folder / "frames.u8", "ab") as file:
        file.write(b"torn")
    time.sleep(0.3)  # workers whose parent was killed end with the video they are at
    before = finished()
    process = start(killed)
    result = json.loads(process.communicate()[0])
    asked = {os.path.basename(p) for p in result["asked"] if "/train/" in p}
    assert process.returncode == 0 and 40 <= len(before) < 60
    assert not asked & before and len(asked | before) == 60
    assert contents(result["folder"]) == contents(expected)


def test_two_at_once_make_one_store(tmp_path, write_video, settings):
    for split in ("train", "test"):
        for i in range(12):
            write_video(tmp_path / "videos" / split / "a" / f"{i}.mp4", 6)
    data = settings()
    results = [json.loads(p.communicate()[0]) for p in [start(data), start(data)]]
    assert results[0]["folder"] == results[1]["folder"]
    assert sorted(len(r["asked"]) for r in results) == [0, 24]
    assert len(open_store(results[0]["folder"])) == 12


def test_the_second_waits_for_the_first(small_set, caplog):
    listing = find_videos(small_set)
    folder = store_folder(listing, small_set)
    os.makedirs(folder)
    with store_module._alone(folder):
        waiter = threading.Thread(target=prepare, args=(listing, small_set))
        waiter.start()
        deadline = time.monotonic() + 10
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "waiting" in caplog.messages[0] and os.listdir(folder) == ["lock"]
    waiter.join()
    assert os.path.exists(os.path.join(folder, "test", "index.json"))


def test_a_crash_or_a_hang_costs_one_video(tmp_path, write_video):
    (tmp_path / "parts").mkdir()
    job = {"path": str(write_video(tmp_path / "a.mp4")), "size": 16, "part": str(tmp_path / "parts" / "a.u8")}

    def stopped(pool):
        """Ask a process that stands still, as one does that a codec has caught."""
        process = pool._threads.submit(pool._process).result()
        os.kill(process.pid, signal.SIGSTOP)
        return process, pool._threads.submit(pool.ask, job)

    with Pool(1, time_limit=0.3) as pool:
        assert stopped(pool)[1].result() == {"failed": "it was not decoded within 0.3 s"}
        pool.time_limit = 60
        process, answer = stopped(pool)
        time.sleep(0.2)
        process.kill()
        assert answer.result()["frames"] == 6  # killed from outside: another process decodes it
        assert list(pool.ordered([job, {**job, "path": "x"}, job])) == [
            answer.result(),
            {"failed": "the file is missing"},
            pool.ask(job),
        ]


def test_a_video_that_crashes_the_decoder_is_a_bad_video(tmp_path, monkeypatch):
    crash = tmp_path / "crash"
    crash.write_text("#!/bin/sh\necho '{\"ready\": true}'\nread job\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crash))
    with Pool(2) as pool:
        answers = list(pool.ordered([{"path": "x"}] * 3))
    assert answers == [{"failed": "the decoder crashed on it (exit status -11)"}] * 3


def test_damaged_or_missing_stores_are_said(small_set, tmp_path):
    with pytest.raises(VddError, match="no finished store.*vdd prepare"):
        open_store(tmp_path / "nothing")
    folder = pathlib.Path(prepare(find_videos(small_set), small_set)["train"].folder)
    os.truncate(folder / "frames.u8", 100)
    with pytest.raises(VddError, match="is damaged: delete that folder"):
        open_store(folder)
    (folder / "index.json").write_text('{"format": 99}')
    with pytest.raises(VddError, match="format 99"):
        open_store(folder)
    for damaged in ("", "[]", '{"format": 1}'):
        (folder / "index.json").write_text(damaged)
        with pytest.raises(VddError, match="is damaged"):
            open_store(folder)


def test_no_keras_in_a_worker():
    modules = (
        "keras_vdd.data.decoding.worker, keras_vdd.data.store, keras_vdd.data.sources, keras_vdd.data.clips"
    )
    code = f"import sys, {modules}; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_known_keys_of_raw_stores_of_whole_videos(tmp_path, settings):
    """Stores that were made before there were codecs and parts keep their folder."""
    listing = Listing(["a", "b"], [Video("/none/1.avi", 0, "a/1.avi")], [Video("/none/é.avi", 1, "b/é.avi")])
    data = settings(store="s", size=48)
    assert store_folder(listing, data) == os.path.join("s", KNOWN)
    del data.codec, data.part
    assert store_folder(listing, data) == os.path.join("s", KNOWN)
    others = (
        {"codec": "jpeg"},
        {"part": "middle"},
        {"part": "middle", "frames": 5},
        {"part": "middle", "interval": 1},
    )
    folders = [store_folder(listing, settings(store="s", size=48, **other)) for other in others]
    assert len({KNOWN, *map(os.path.basename, folders)}) == 5
    # Frames and interval are nothing to a store of whole videos: recipes that differ in them share it.
    assert store_folder(listing, settings(store="s", size=48, frames=9, interval=1)) == os.path.join(
        "s", KNOWN
    )


@pytest.mark.parametrize("part", ["whole", "middle"])
def test_the_size_is_said_before_and_is_exact(tmp_path, write_video, settings, listener, part):
    for split in ("train", "test"):
        for i, suffix in enumerate((".avi", ".mp4", ".mov", ".mkv", ".webm")):
            write_video(tmp_path / "videos" / split / "a" / f"{i}{suffix}", 2 + 2 * i)
        (tmp_path / "videos" / split / "a" / "text.avi").write_text("nothing to count")
    stores = prepare(find_videos(settings(part=part)), settings(part=part), listener)
    total = sum(store.nbytes for store in stores.values())
    frames = sum(2 + 2 * i if part == "whole" else min(2 + 2 * i, 4) for i in range(5))
    assert total == 2 * frames * 16 * 16 * 3 and f": {total:,} bytes if all decode." in listener.said[0]


def test_of_many_videos_a_sample_is_looked_into(tmp_path, write_video, settings, listener, monkeypatch):
    for split, count in (("train", 7), ("test", 3)):
        for i in range(count):
            write_video(tmp_path / "videos" / split / "a" / f"{i}.mp4", 6)
    monkeypatch.setattr(keras_vdd.data.store.size, "SAMPLE", 3)
    looked, ask = [], Pool.ask

    def counted(pool, job):
        looked.extend([] if "part" in job else [os.path.basename(job["path"])])
        return ask(pool, job)

    monkeypatch.setattr(Pool, "ask", counted)
    stores = prepare(find_videos(settings()), settings(), listener)
    assert sorted(looked) == ["0.mp4", "0.mp4", "1.mp4", "2.mp4", "2.mp4", "4.mp4"]
    assert sum(store.nbytes for store in stores.values()) == 10 * 6 * 16 * 16 * 3
    assert listener.said[0].endswith(": about 46.1 kB.")


def test_frames_that_an_avi_dropped_are_not_counted(tmp_path, write_video):
    """A recorder that missed a frame leaves its place in the index and in the header's number."""
    path = write_video(tmp_path / "a.avi", 6)
    content = path.read_bytes()
    at = content.index(b"strh") + 40
    path.write_bytes(content[:at] + (8).to_bytes(4, "little") + content[at + 4 :])
    assert (stated_frames(path), count_frames(path), len(decode(path, 16))) == (8, 6, 6)


def test_one_mad_file_does_not_make_the_disk_too_small(small_set, tmp_path):
    path = tmp_path / "videos" / "hop" / "0.avi"
    content = path.read_bytes()
    at = content.index(b"strh") + 40
    path.write_bytes(content[:at] + b"\xff\xff\xff\x7f" + content[at + 4 :])
    stores = prepare(find_videos(small_set), small_set)
    assert sum(len(store) for store in stores.values()) == 7
    assert any("states" in reason for store in stores.values() for _, reason in store.failed)


def test_a_store_of_jpeg_frames(small_set, listener):
    listing = find_videos(small_set)
    raw = prepare(listing, small_set)["train"]
    small_set.codec = "jpeg"
    stores = prepare(listing, small_set, listener)
    store = stores["train"]
    assert store.codec == "jpeg" and store.folder != raw.folder and "about" in listener.said[0]
    files = ["failed.csv", "frames.crc32", "frames.ends", "frames.jpegs", "index.json"]
    assert sorted(os.listdir(store.folder)) == files
    assert store.nbytes == os.path.getsize(os.path.join(store.folder, "frames.jpegs"))
    assert (store.names, store.lengths.tolist(), store.sources) == (
        raw.names,
        raw.lengths.tolist(),
        raw.sources,
    )
    for i in range(len(store)):
        frames = store.frames(i)
        assert frames.shape == raw.frames(i).shape and not frames.flags.writeable
        for frame, whole in zip(frames, raw.frames(i), strict=True):
            file = io.BytesIO()
            Image.fromarray(whole).save(file, "JPEG", quality=90, subsampling=0)
            assert np.array_equal(frame, np.asarray(Image.open(file)))
    longest = int(np.argmax(store.lengths))
    rows = [0, 0, int(store.lengths.max()) - 1]
    assert np.array_equal(store.take(longest, rows), store.frames(longest)[rows])
    assert np.array_equal(raw.take(longest, rows), raw.frames(longest)[rows])


def test_a_store_of_middle_clips_gives_what_the_whole_gives_in_the_middle(small_set):
    listing = find_videos(small_set)
    whole = prepare(listing, small_set)["train"]
    small_set.part = "middle"
    store = prepare(listing, small_set)["train"]
    assert store.middle == (4, 2) and store.lengths.tolist() == np.minimum(whole.lengths, 4).tolist()
    everything = range(len(store))
    expected = read_clips(whole, everything, 4, 2)
    assert np.array_equal(read_clips(store, everything, 4, 2), expected)
    # There is one clip of each video, whatever start is drawn.
    assert np.array_equal(read_clips(store, everything, 4, 2, np.random.default_rng(0)), expected)


@pytest.mark.slow
@pytest.mark.parametrize("codec, part", [("jpeg", "whole"), ("raw", "middle"), ("jpeg", "middle")])
def test_other_stores_resume_as_well(small_set, monkeypatch, codec, part):
    small_set.codec, small_set.part = codec, part
    listing = find_videos(small_set)
    expected = prepare(listing, small_set)["train"].folder
    small_set.store += "-again"
    append = keras_vdd.data.store.split._append

    def fill(files, answer, part):
        record = append(files, answer, part)
        if part.endswith("0000003.u8"):
            # What a crash of the machine may leave: parts of what comes next.
            files.frames.write(b"half of it")
            (files.ends or io.BytesIO()).write(b"torn")
            raise OSError(errno.ENOSPC, "No space left on device")
        return record

    monkeypatch.setattr(keras_vdd.data.store.split, "_append", fill)
    with pytest.raises(VddError, match="is full"):
        prepare(listing, small_set)
    monkeypatch.undo()
    asked, ask = [], Pool.ask
    monkeypatch.setattr(Pool, "ask", lambda pool, job: asked.append(job.get("part")) or ask(pool, job))
    store = prepare(listing, small_set)["train"]
    assert contents(store.folder) == contents(expected)
    assert not any(part and "train" in part and int(part[-10:-3]) <= 3 for part in asked)


def test_damaged_jpeg_stores_are_said(small_set):
    small_set.codec = "jpeg"
    store = prepare(find_videos(small_set), small_set)["train"]
    path = pathlib.Path(store.folder) / "frames.jpegs"
    content = path.read_bytes()
    path.write_bytes(bytes(200) + content[200:])
    with pytest.raises(VddError, match=r"is damaged \(a frame of .*\): delete that folder"):
        open_store(store.folder).frames(0)
    path.write_bytes(content[:-1])
    with pytest.raises(VddError, match="is damaged"):
        open_store(store.folder)
    path.write_bytes(content)
    (pathlib.Path(store.folder) / "frames.ends").unlink()
    with pytest.raises(VddError, match="is damaged"):
        open_store(store.folder)


def test_the_index_is_plain_json(small_set):
    """It is written value by value; the text is that of `json.dumps`."""
    for codec in ("raw", "jpeg"):
        small_set.codec = codec
        text = (
            pathlib.Path(prepare(find_videos(small_set), small_set)["train"].folder) / "index.json"
        ).read_text()
        index = json.loads(text)
        assert json.dumps(index) == text and index["format"] == {"raw": 1, "jpeg": 2}[codec]
        assert index["offsets"] == np.cumsum([0, *index["frames"]])[:-1].tolist()


def test_two_recipes_share_a_store(small_set):
    first = prepare(find_videos(small_set), small_set)
    small_set.frames, small_set.interval, small_set.flip = 7, 1, False
    second = prepare(find_videos(small_set), small_set)
    assert first["train"].folder == second["train"].folder and second.decoded["videos"] == 0
