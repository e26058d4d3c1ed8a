"""`--log-file`: what a call says, with times, added to a file as well."""

import contextlib
import errno
import io
import os
import stat
import sys

from keras_vdd.errors import UsageError, VddError
from keras_vdd.progress import Lines
from keras_vdd.text import command_line

# Text that programs read, and that lines of a log would spoil.
READ_BY_PROGRAMS = (".json", ".jsonl", ".yaml", ".yml", ".csv")


class LogFile(Lines):
    """Lines in a file; where they cannot be written any more, the error names it."""

    def __init__(self, path):
        self.path = os.path.expanduser(path)
        super().__init__(_opened(self.path))

    def say(self, text):
        try:
            super().say(text)
        except OSError as error:
            raise VddError(
                f"the log file '{self.path}' cannot be written to any more ({error.strerror}): name another with "
                "--log-file"
            ) from error

    def close(self):
        """Close the file. That its disk is full has been said by the writing before."""
        with contextlib.suppress(OSError):
            self.stream.close()


_open: list[LogFile] = []


def begin(path):
    """Open one more log file, which begins with the command.

    Raises:
        UsageError: it cannot be written, is a pipe that nobody reads, is where results go, or is no log.
    """
    try:
        _open.append(LogFile(path))
    except OSError as error:
        why = "a pipe that nobody reads" if error.errno == errno.ENXIO else error.strerror
        raise UsageError(
            f"the log file '{path}' cannot be written ({why}): name another with --log-file"
        ) from error
    _open[-1].say(f"vdd {command_line(sys.argv[1:])}")


def all_open():
    """Return the log files of this call."""
    return tuple(_open)


def end():
    """Close them."""
    for file in _open:
        file.close()
    _open.clear()


def _opened(path):
    # A pipe would else be waited for until somebody reads it.
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o666)
    try:
        os.set_blocking(number, True)
        _refuse(path, os.fstat(number))
    except BaseException:
        os.close(number)
        raise
    return open(number, "w", encoding="utf-8", errors="backslashreplace")


def _refuse(path, about):
    """Refuse a file into which lines of a log would bring disorder."""
    if not stat.S_ISCHR(about.st_mode) and os.path.samestat(about, _of_results() or os.stat(os.devnull)):
        raise UsageError(f"the log file '{path}' is where results go: name another with --log-file")
    if stat.S_ISREG(about.st_mode) and about.st_size:
        with open(path, "rb") as file:
            start = file.read(4096)
        if b"\0" in start or os.path.splitext(path)[1].lower() in READ_BY_PROGRAMS:
            raise UsageError(f"the file '{path}' is there and is no log: name another with --log-file")


def _of_results():
    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        return os.fstat(sys.stdout.fileno())
