"""Limits of a machine: one true sentence for each, wherever in a chain of errors it was met."""

import errno
import os
import subprocess

import pytest

from keras_vdd import limits
from keras_vdd.cli import main as cli
from keras_vdd.cli.main import main
from keras_vdd.files import append_line, read_whole, write_atomically
from keras_vdd.limits import limit_reached
from keras_vdd.locks import lock

SENTENCES = {
    "the disk is full while writing 'x'": OSError(errno.ENOSPC, "No space left on device", "x"),
    "your share of the disk (quota) is used up": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "no file may become so large here while writing 'x'": OSError(errno.EFBIG, "File too large", "x"),
    "this process may open no more files": OSError(errno.EMFILE, "Too many open files"),
    "this machine has no more open files": OSError(errno.ENFILE, "Too many open files in system"),
    "the disk is read-only while writing 'x'": OSError(errno.EROFS, "Read-only file system", "x"),
    "no more threads or processes can be started here": RuntimeError("can't start new thread"),
}
MEMORY = (
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("could not create a primitive"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: tried 8 bytes"
    ),
    RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 20 bytes."),
    RuntimeError("std::bad_alloc"),
    ImportError("_parquet.so: cannot map zero-fill pages"),
    ImportError("libavcodec.so: failed to map segment from shared object"),
)


@pytest.mark.parametrize("start", SENTENCES)
def test_each_limit_has_its_sentence(start):
    assert limit_reached(SENTENCES[start]).startswith(start)


@pytest.mark.parametrize("error", MEMORY, ids=repr)
def test_memory_is_told_with_what_may_be_used(error, monkeypatch):
    monkeypatch.setattr(limits, "main_memory_bytes", lambda: 2_000_000_000)
    assert limit_reached(error).startswith(
        "memory ran out (of 2.0 GB that this process may use): lower data.size"
    )


def test_a_process_that_cannot_be_forked(monkeypatch):
    def refused(*args, **kwargs):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(BlockingIOError) as raised:
        subprocess.run(["true"])
    assert "no more threads or processes" in limit_reached(raised.value)


def test_the_cause_counts_and_other_errors_are_no_limits():
    outer = ValueError("the layer failed")
    outer.__cause__ = MemoryError()
    assert limit_reached(outer).startswith("memory ran out")
    for error in (ValueError("out of memory"), KeyError("x"), OSError(errno.ENOENT, "No such file", "x")):
        assert limit_reached(error) is None


@pytest.mark.parametrize(
    "error", [RuntimeError("can't start new thread"), MemoryError(), OSError(errno.EMFILE, "x")]
)
def test_vdd_says_it_in_a_line(capsys, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(cli.command, "main", fail)
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err == f"error: {limit_reached(error)}\n"


@pytest.mark.parametrize(
    "words, path, advice",
    [
        (["recipes", "copy", "quickstart"], "quickstart.yaml", "write to another disk"),
        (["distill", "--recipe", "quickstart"], "runs", "put data.store and run.dir on another disk"),
        (["-v", "experts"], "experts", "put data.store and experts.folder on another disk"),
        (["distill", "--recipe", "quickstart"], None, "write to another disk"),
    ],
)
def test_the_advice_on_a_disk_is_what_helps_the_command(words, path, advice, monkeypatch, capsys):
    for number, start in ((errno.EROFS, ""), (errno.ENOSPC, "free some space, or ")):

        def refused(*args, number=number, **more):
            raise OSError(number, "refused", path)

        monkeypatch.setattr(cli.command, "main", refused)
        assert main(words) == 1
        assert capsys.readouterr().err.endswith(f"; {start}{advice}\n")


def _makes_a_folder(path):
    path.touch()
    (path / "inside").mkdir()


@pytest.mark.parametrize(
    ("act", "advice"),
    [
        (lambda path: path.mkdir() or append_line(path, "x"), "a file belongs there: move away"),
        (lambda path: path.mkdir() or write_atomically(path, "x"), "a file belongs there: move away"),
        (lambda path: os.mkfifo(path) or read_whole(path), "a file belongs there: move away"),
        (lambda path: path.symlink_to("gone") or lock(path).__enter__(), "a file belongs there: move away"),
        (lambda path: path.mkdir() or os.rename(__file__, path), "a file belongs there: move away"),
        (lambda path: path.touch() or path.mkdir(), "a folder belongs there: move away"),
        (_makes_a_folder, "a folder belongs there: move away"),
    ],
)
def test_what_has_the_place_of_a_file_or_a_folder_is_named_with_what_to_do(
    act, advice, tmp_path, capsys, monkeypatch
):
    path = tmp_path / "place"
    monkeypatch.setattr(cli.command, "main", lambda *args, **kwargs: act(path))
    assert main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path}") and advice in said and said.count("\n") == 1


def test_what_may_not_be_read_is_no_place_to_write_to(tmp_path, capsys, monkeypatch):
    (tmp_path / "theirs").touch()
    refused = OSError(errno.EACCES, "Permission denied", str(tmp_path / "theirs"))
    # Who is root may read all.
    monkeypatch.setattr(os, "access", lambda *_: False)

    def fail(*args, **kwargs):
        raise refused

    monkeypatch.setattr(cli.command, "main", fail)
    assert main(["doctor"]) == 1
    assert "you may not read it: change its permissions" in capsys.readouterr().err


def test_vdd_says_that_a_library_does_not_load(capsys, monkeypatch):
    def fail(*args, **kwargs):
        raise ImportError("libx.so.1: cannot open shared object file", name="av")

    monkeypatch.setattr(cli.command, "main", fail)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: a library does not load (libx.so.1: ") and said.count("\n") == 1


@pytest.mark.parametrize("error", [ZeroDivisionError(), ImportError("no 'x'", name="keras_vdd.data")])
def test_a_slip_of_the_program_is_no_limit(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(cli.command, "main", fail)
    with pytest.raises(type(error)):
        main(["doctor"])
