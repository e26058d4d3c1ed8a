"""Files are written whole or not at all, held by one process at a time, and known by their checksums."""

import contextlib
import errno
import hashlib
import logging
import os
import signal
import subprocess
import sys
import threading

import pytest

from keras_vdd import files, locks
from keras_vdd.files import (
    append_line,
    checksum,
    file_checksum,
    is_temporary,
    no_file_there,
    read_whole,
    replacing,
    write_atomically,
)
from keras_vdd.locks import lock


@pytest.mark.parametrize("content", [b"new", "new", lambda file: file.write(b"new")])
def test_a_file_is_replaced_and_nothing_else_is_left(content, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old and longer")
    write_atomically(path, content)
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError("no")])
def test_what_fails_midway_leaves_the_old_file(error, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fill(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)) as caught:
        write_atomically(path, fill)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    if isinstance(error, OSError):
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))


def test_errors_name_the_file_that_was_to_be_written_or_the_other_that_was_at_fault(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(tmp_path / "nowhere" / "f", b"")
    assert caught.value.filename == str(tmp_path / "nowhere" / "f")
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "f"):
        open(tmp_path / "source")
    assert caught.value.filename == str(tmp_path / "source") and not list(tmp_path.iterdir())


def test_the_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, sync, put = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("sync"), sync(number)))
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("rename"), put(*names)))
    write_atomically(tmp_path / "f", b"x")
    assert done == ["sync", "rename", "sync"]
    write_atomically(tmp_path / "f", b"x", sync=False)
    assert done[3:] == ["rename"]


def test_a_folder_takes_the_place_of_another(tmp_path):
    target = tmp_path / "set"
    for content in ("old", "new"):
        with replacing(target) as made:
            (made / "data").mkdir(parents=True)
            (made / "data" / "f").write_text(content)
        assert (target / "data" / "f").read_text() == content and list(tmp_path.iterdir()) == [target]
    with pytest.raises(KeyboardInterrupt), replacing(target) as made:
        made.mkdir()
        raise KeyboardInterrupt
    assert (target / "data" / "f").read_text() == "new" and list(tmp_path.iterdir()) == [target]


def test_a_folder_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    target, put = tmp_path / "set", os.replace
    target.mkdir()
    (target / "f").write_text("old")

    def refuse(*names):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError) as caught, replacing(target) as made:
        made.mkdir()
    monkeypatch.setattr(os, "replace", put)
    assert caught.value.filename == str(target)
    assert (target / "f").read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_two_writers_at_once_do_not_meet(tmp_path):
    path = tmp_path / "f"
    with replacing(path) as one, replacing(path) as two:
        assert one != two and one.parent == two.parent == tmp_path
        one.write_text("one")
        two.write_text("two")
    assert path.read_text() == "one" and list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from keras_vdd.files import replacing
with replacing(sys.argv[1]) as made:
    made.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_with_the_next_writing_and_living_ones_keep_theirs(tmp_path):
    path = tmp_path / "f"
    done = subprocess.run([sys.executable, "-P", "-c", KILLED, str(path)])
    assert done.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 1
    mine = next(tmp_path.iterdir()).name.rsplit("-", 3)[0]
    # Of another machine, of the parent, which lives, and of another file.
    others = [
        ".f.0000abcd-1-01234567-0.tmp",
        f"{mine}-{os.getppid()}-01234567-0.tmp",
        f".g{mine[2:]}-999999999-01234567-0.tmp",
    ]
    # Of a killed process of an earlier version, and of another machine's that has been gone for days.
    gone = [f"{mine}-999999999-0.tmp", ".f.0000abcd-2-01234567-0.tmp"]
    for name in (*others, *gone):
        (tmp_path / name).touch()
    os.utime(tmp_path / gone[1], (1e9, 1e9))
    write_atomically(path, b"whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["f", *others])


def test_temporary_names_differ_where_machines_and_numbers_of_processes_do_not(tmp_path, monkeypatch):
    names = []
    for _ in range(2):
        # As in two containers of one image on two machines, or a process and its fork.
        files._process.cache_clear()
        monkeypatch.setattr(files, "_place", lambda: "0123abcd")
        monkeypatch.setattr(files, "_numbers", iter([7, 8]))
        with replacing(tmp_path / "f") as made:
            assert is_temporary(made.name)
            names.append(made.name)
            made.touch()
    assert len(set(names)) == 2 and all(name.endswith("-7.tmp") for name in names)


def test_names_as_long_as_a_disk_takes_and_longer_ones(tmp_path):
    path = tmp_path / ("x" * 255)
    for text in ("old", "new"):
        write_atomically(path, text)
    assert path.read_text() == "new" and [p.name for p in tmp_path.iterdir()] == [path.name]
    with pytest.raises(OSError, match="/x{256}'$"):
        write_atomically(tmp_path / ("x" * 256), "")


def test_places_are_told_apart_by_machine_and_by_container(monkeypatch):
    def place(boot, space):
        files._place.cache_clear()
        monkeypatch.setattr(os, "readlink", lambda path: space)
        monkeypatch.setattr("pathlib.Path.read_text", lambda path, **_: boot)
        return files._place()

    assert len({place("a", "pid:[1]"), place("b", "pid:[1]"), place("a", "pid:[2]")}) == 3
    monkeypatch.undo()
    files._place.cache_clear()


def test_a_line_after_one_that_a_kill_cut_off_is_a_line_of_its_own(tmp_path):
    path = tmp_path / "lines"
    append_line(path, "one")
    with open(path, "a") as file:
        file.write('{"half')
    append_line(path, "zwei é")
    append_line(path, "three")
    assert path.read_text().splitlines() == ["one", '{"half', "zwei é", "three"]


# A process that holds a lock until its input ends.
HOLDER = """
import sys
from keras_vdd.locks import lock
with lock(sys.argv[1]) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def held(path):
    command = [sys.executable, "-P", "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_lock_is_one_process_s_and_falls_with_it(tmp_path):
    path = tmp_path / "lock"
    with held(path) as process:
        with lock(path, wait=False) as mine:
            assert mine is False
        process.send_signal(signal.SIGKILL)
        process.wait()
        with lock(path, wait=False) as mine:
            assert mine is True
    with lock(path, wait=False) as mine:
        assert mine is True


def test_a_lock_is_waited_for_and_that_is_said_once(tmp_path):
    said = []
    with held(tmp_path / "lock") as process:

        def say():
            said.append("waiting")
            threading.Timer(0.3, process.kill).start()

        with lock(tmp_path / "lock", on_wait=say) as mine:
            assert mine is True and said == ["waiting"]
    with lock(tmp_path / "lock", on_wait=say):
        assert said == ["waiting"]


def test_a_lock_is_let_go_by_an_error_inside_and_that_error_comes_out(tmp_path):
    with pytest.raises(OSError, match="inside"), lock(tmp_path / "lock"):
        raise OSError(errno.ENOLCK, "inside")
    with lock(tmp_path / "lock", wait=False) as mine:
        assert mine


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
@pytest.mark.parametrize("wait", [True, False])
def test_without_working_locks_the_work_goes_on_after_one_warning(
    number, wait, tmp_path, monkeypatch, caplog
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    locks._WITHOUT_LOCKS.clear()
    with caplog.at_level(logging.WARNING, "keras_vdd"):
        for _ in range(2):
            with lock(tmp_path / "lock", wait=wait) as mine:
                assert mine is True
    (warning,) = caplog.messages
    assert str(tmp_path) in warning and "no locks" in warning
    # No marker file either, which a killed process would leave behind.
    assert [p.name for p in tmp_path.iterdir()] in ([], ["lock"])


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), lock(tmp_path / "file" / "lock"):
        pass


def test_checksums_are_those_of_blake2b_however_the_content_comes(tmp_path):
    expected = hashlib.blake2b("né".encode(), digest_size=8).hexdigest()
    assert (
        checksum("né", 8) == checksum("né".encode(), 8) == checksum(iter(["n", "é".encode()]), 8) == expected
    )
    (tmp_path / "a").write_bytes(b"x" * (1 << 20))
    (tmp_path / "b").write_bytes(b"y")
    whole = hashlib.blake2b(b"x" * (1 << 20) + b"y", digest_size=16).hexdigest()
    assert file_checksum(tmp_path / "a", tmp_path / "b") == whole


def test_importing_it_is_light():
    code = "import sys, keras_vdd.files; assert not {'filelock', 'numpy', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_a_line_that_is_refused_names_its_file(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, before[1]))
    try:
        with pytest.raises(OSError, match="too large") as raised:
            append_line(tmp_path / "log", "three")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(tmp_path / "log"))


@pytest.mark.parametrize("read", [read_whole, file_checksum, lambda path: append_line(path, "x")])
def test_what_no_file_is_is_not_waited_for(read, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        read(tmp_path / "pipe")


def test_what_says_of_a_file_that_it_is_none(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("gone", "pipe", "file/below", "."):
        with pytest.raises(OSError, match=r"\[Errno") as raised:
            read_whole(tmp_path / name)
        assert no_file_there(raised.value)
    assert not any(map(no_file_there, (OSError(errno.EIO, ""), OSError(errno.EMFILE, ""), ValueError())))
