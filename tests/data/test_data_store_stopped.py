"""Stores that were stopped amid the work: kills, full disks, two builders at once, decoding processes that die."""

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

import pytest
from made_folders import contents

import keras_vdd.data.store.preparation as store_module
import keras_vdd.data.store.size
import keras_vdd.data.store.split
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import open_store, prepare, store_folder
from keras_vdd.errors import VddError

ROOT = pathlib.Path(__file__).parents[2]


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
