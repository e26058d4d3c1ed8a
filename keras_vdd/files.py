"""Files as everything here writes them: whole or not at all, known by a checksum."""

import contextlib
import errno
import functools
import hashlib
import itertools
import os
import pathlib
import platform
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from keras_vdd.tensors import File

# What reading answers where something else has the place of a file: a folder, a link to itself, a pipe, a socket.
NO_FILE = {errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO}
# What a folder answers where the system cannot sync one.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTSUP}
# A temporary file that nobody has written to for so long is nobody's any more, on whatever machine it was begun.
_ABANDONED_S = 86400
# Bytes of a name beside which a temporary one still has room in the 255 of file systems.
_LONGEST_NAME = 180

# Those of earlier versions had no random part.
_TEMPORARY = re.compile(r"(?P<place>[0-9a-f]{8})-(?P<process>\d+)(-[0-9a-f]{8})?-\d+\.tmp.*")
_numbers = itertools.count()


@contextlib.contextmanager
def replacing(path: File, suffix: str = "", sync: bool = True) -> Iterator[pathlib.Path]:
    """Give a name beside `path` to make a file or a folder at; in the end it takes the place of `path`.

    Readers see the old content or the new one, also after a kill or, with `sync`, after a power cut. A folder
    that is replaced is gone for a moment between the two.

    Args:
        path: what is to be written.
        suffix: str, what the temporary name ends with, for writers that look at it.
        sync: whether to wait until the content is on the disk; False where it is soon written elsewhere.

    Raises:
        OSError: as the writing raises it, with `path` for its file name; nothing is left of what was begun.
    """
    path = pathlib.Path(path).absolute()
    temporary = path.with_name(_temporary_name(path) + suffix)
    try:
        _remove_left_over(path)
        yield temporary
        if sync:
            _sync(temporary)
        _put(temporary, path, _temporary_name(path))
        if sync:
            _sync_entries(path.parent)
    except OSError as error:
        _remove(temporary)
        about = {error.filename} - {
            None,
            os.fspath(temporary),
            temporary,
            os.fspath(path.parent),
            path.parent,
        }
        if error.errno is None or about:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    except BaseException:
        _remove(temporary)
        raise


def write_atomically(
    path: File, content: str | bytes | Callable[[BinaryIO], object], sync: bool = True
) -> None:
    """Write a file whole or not at all.

    Args:
        path: what is written or replaced; its folder exists.
        content: bytes; str, written as UTF-8 with `backslashreplace`; or a function that writes to the binary file
            it is called with.
        sync: as in `replacing`.

    Raises:
        OSError: the disk refuses; the old file is as it was.

    Example:
        >>> write_atomically("results.json", "{}")
    """
    with replacing(path, sync=sync) as temporary, open(temporary, "wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content.encode(errors="backslashreplace") if isinstance(content, str) else content)


def try_writing(path: File) -> None:
    """See whether a file could be put at a path: beside it, a temporary one is made and removed.

    Raises:
        OSError: it could not; the folder does not exist, may not be written to, or takes no more.
    """
    temporary = pathlib.Path(path).absolute()
    temporary = temporary.with_name(_temporary_name(temporary))
    try:
        temporary.write_bytes(b"\0")
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        _remove(temporary)


def is_temporary(name: str) -> bool:
    """Return whether a file of this name is what `replacing` made and a kill left there; nobody reads such a file."""
    return re.fullmatch(rf"\..+\.{_TEMPORARY.pattern}", name) is not None


@contextlib.contextmanager
def naming(path: File) -> Iterator[None]:
    """A context whose errors of the system name a file; those of writing into an open one do not."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def open_to_append(path: File) -> BinaryIO:
    """Open a file to add to, made if it is not there; OSError for what is no file, and where the disk refuses."""
    with contextlib.suppress(FileNotFoundError):
        check_is_file(path)
    return open(path, "ab+")


def append_line(path: File, line: str) -> None:
    """Add a line to a text file; where a kill cut the last one off, the new one does not go on with it.

    Raises:
        OSError: as `open_to_append`, and where the disk takes no more; it names the file.
    """
    with naming(path), open_to_append(path) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = "\n" + line
        file.write(line.encode(errors="backslashreplace") + b"\n")


def read_whole(path: File) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: it cannot be read, or is none: a pipe, which would be waited for without end.
    """
    check_is_file(path)
    with open(path, "rb") as file:
        return file.read()


def check_is_file(path: File) -> None:
    """Raise OSError for what is no file: it is missing, or a folder, a pipe, a socket or a device."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))


def checksum(content: str | bytes | Iterable[str | bytes], size: int = 16) -> str:
    """Return the BLAKE2b checksum of a text or bytes, or of many in a row, as hexadecimal digits.

    Args:
        content: str, as `write_atomically` writes it; bytes; or an iterable of them, of which one is in memory at a
            time.
        size: int, bytes of the checksum.

    Example:
        >>> checksum("abc", 4) == checksum(["a", b"bc"], 4) == "63906248"
        True
    """
    digest = hashlib.blake2b(digest_size=size)
    for piece in [content] if isinstance(content, str | bytes) else content:
        digest.update(piece.encode(errors="backslashreplace") if isinstance(piece, str) else piece)
    return digest.hexdigest()


def no_file_there(error: BaseException) -> bool:
    """Tell whether an error says that a file is missing, or that something else has its place.

    Others of the system, of a disk that fails or too many open files, say nothing of what is in a file.
    """
    return isinstance(error, OSError) and error.errno in {*NO_FILE, errno.ENOENT, errno.ENOTDIR}


def file_checksum(*paths: File, size: int = 16) -> str:
    """Return the `checksum` of the contents of files, one after the other."""
    return checksum(_blocks(paths), size)


def _blocks(paths: Iterable[File]) -> Iterator[bytes]:
    for path in paths:
        check_is_file(path)
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                yield block


@functools.cache
def _place() -> str:
    """Tell apart the machines, and containers on one, that may write into one folder."""
    known = [platform.node()]
    for link, file in (("/proc/self/ns/pid", None), (None, "/proc/sys/kernel/random/boot_id")):
        with contextlib.suppress(OSError):
            known.append(os.readlink(link) if link else pathlib.Path(file or "").read_text(encoding="ascii"))
    return checksum(" ".join(known), 4)


@functools.cache
def _process(number: int) -> str:
    """A name for this process that no other has, on whatever machine; a forked one has another `number`."""
    return f"{_place()}-{number}-{os.urandom(4).hex()}"


def _temporary_name(path: pathlib.Path) -> str:
    return f".{_short(path.name)}.{_process(os.getpid())}-{next(_numbers)}.tmp"


def _short(name: str) -> str:
    """The name, or where it is so long that no other fits beside it in a file name, its checksum."""
    return name if len(os.fsencode(name)) <= _LONGEST_NAME else checksum(name)


def _remove_left_over(path: pathlib.Path) -> None:
    """Remove what killed processes left of the same file."""
    start = f".{_short(path.name)}."
    for name in os.listdir(path.parent):
        if name.startswith(start) and (left := _TEMPORARY.fullmatch(name[len(start) :])):
            number = int(left["process"])
            if (left["place"] == _place() and number != os.getpid() and not _lives(number)) or _age(
                path.parent / name
            ) > _ABANDONED_S:
                _remove(path.parent / name)


def _age(path: pathlib.Path) -> float:
    """Seconds since a file was written to, as far as clocks agree; 0 where it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def _sync(path: pathlib.Path) -> None:
    """Wait until a file, or a folder with all in it, is on the disk."""
    if not path.is_dir():
        with open(path, "r+b") as file:
            os.fsync(file.fileno())
        return
    for inner in path.iterdir():
        _sync(inner)
    _sync_entries(path)


def _sync_entries(folder: pathlib.Path) -> None:
    """Wait until the names in a folder are on the disk."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NO_FOLDER_SYNC:
            return
        raise
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(number)


def _put(temporary: pathlib.Path, path: pathlib.Path, aside: str) -> None:
    """Rename; a folder cannot take a full one's place, so that one is put aside, and back if need be."""
    if not (temporary.is_dir() and path.is_dir() and any(path.iterdir())):
        os.replace(temporary, path)
        return
    old = path.with_name(aside)
    os.rename(path, old)
    try:
        os.replace(temporary, path)
    except OSError:
        os.rename(old, path)
        raise
    _remove(old)


def _remove(path: pathlib.Path) -> None:
    # Not `path.is_dir()`, which fails of names that are too long.
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
