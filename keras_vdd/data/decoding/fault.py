"""Whose fault it is that a video was not decoded: its own, which stays, or the machine's, which passes."""

import errno
import mmap
import os
from collections.abc import Iterator

import av

from keras_vdd.data.decoding.frame_folders import is_folder_at, is_frame
from keras_vdd.data.decoding.unreadable import ChangedMeanwhile, NoDecoder, words_of

# What the file itself is to blame for: it is not there, or nobody may read it.
_OF_THE_FILE = {
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG,
    errno.EINVAL, errno.ENOTSUP,
}  # fmt: skip
# FFmpeg says these of damaged files too: whether the machine is at fault, plain reading has to tell.
_OF_EITHER = {errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ENODEV, errno.ENXIO, errno.ERANGE, errno.EDOM,
              errno.EPIPE, errno.ENOSYS, errno.EPROTO, errno.EOVERFLOW}  # fmt: skip
_PARTS_MISSING = (av.error.DecoderNotFoundError, av.error.FilterNotFoundError, av.error.BSFNotFoundError)
# What loaders of libraries and Pillow say, in errors without a number.
_WORDS_OF_PARTS_MISSING = (
    "cannot open shared object",
    "DLL load failed",
    "library not found",
    "not available",
)
# What decoding the largest frames takes: a machine that has not even this is short of memory.
_WORKING_MEMORY = 256 * 2**20


def fault_of_machine(error: BaseException) -> str:
    """Return the words of what failed of the machine in an error and those it came of; "" where nothing did.

    A library or a decoder that is missing counts, and any trouble of disks, networks, memory and numbers of open files.
    """
    return next(filter(None, map(_of_one, _chain(error))), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_one(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return f"a library is missing ({error})"
    if isinstance(error, (NoDecoder, ChangedMeanwhile)):
        return error.reason
    if isinstance(error, _PARTS_MISSING):
        return f"FFmpeg lacks a part ({words_of(error)})"
    if isinstance(error, av.error.FFmpegError):
        known = errno.errorcode.keys() - _OF_THE_FILE - _OF_EITHER
        return words_of(error) if error.errno in known else ""
    if isinstance(error, OSError):
        if error.errno is None:
            return words_of(error) if any(words in str(error) for words in _WORDS_OF_PARTS_MISSING) else ""
        return "" if error.errno in _OF_THE_FILE else words_of(error)
    return ""


def trouble_reading(path: str) -> str:
    """Read a file, or all images of a folder, to the end; return the words of what the machine fails at, else "".

    Demuxers take what the disk refuses for the end of the file, and an error of the file for one of the disk.
    """
    try:
        files = [path]
        if is_folder_at(path):
            files = [os.path.join(path, name) for name in os.listdir(path) if is_frame(name)]
        for name in files:
            if os.path.isfile(name):  # reading a pipe would wait for ever
                with open(name, "rb") as file:
                    while file.read(1 << 20):
                        pass
        mmap.mmap(-1, _WORKING_MEMORY).close()
    except OSError as error:
        return fault_of_machine(error)
    return ""
