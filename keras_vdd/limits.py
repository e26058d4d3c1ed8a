"""What the machine or its settings refuse a process: memory, threads, open files, large files, room on a disk."""

import errno
import os

from keras_vdd.files import NO_FILE
from keras_vdd.machine import main_memory_bytes

# What libraries write where memory cannot be had; not all of them have an error of their own for it.
_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "unable to allocate",
    "oom when allocating",
    "resource_exhausted",
    "resource exhausted",
    "bad_alloc",
    "failed to map segment",
    "cannot map zero-fill pages",
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
    # oneDNN, which says no more than this where its buffers or its code find no room.
    "could not create a primitive",
    "could not create a memory object",
    "could not initialize a memory object",
)
_NO_THREADS = ("can't start new thread", "thread creation failed", "pthread_create")


def says_no_memory(error: BaseException) -> bool:
    """Return whether the text of an error says that memory ran out, on a device or beside it."""
    return isinstance(error, MemoryError) or _says(error, _NO_MEMORY)


def says_no_threads(error: BaseException) -> bool:
    """Return whether an error says that no thread or process could be started."""
    if isinstance(error, OSError):
        return error.errno == errno.EAGAIN and error.filename is None
    return isinstance(error, RuntimeError) and _says(error, _NO_THREADS)


ELSEWHERE = "write to another disk"


def limit_reached(error: BaseException, elsewhere: str = ELSEWHERE) -> str | None:
    """Return the sentence, without its full stop, on the limit that an error or what it came of was raised at.

    Args:
        error: whatever was raised.
        elsewhere: what to do where a disk takes nothing.

    Returns:
        str; None where it was no limit.

    Example:
        >>> limit_reached(OSError(errno.EMFILE, "Too many open files"))
        'this process may open no more files: allow it more, such as by `ulimit -n 4096`'
    """
    met: BaseException | None = error
    while met is not None:
        if sentence := _sentence(met, elsewhere):
            return sentence
        met = met.__cause__ or met.__context__
    return None


def why_refused(error: OSError) -> str:
    """Return why the system refused something: the sentence on a limit, else what the system calls it."""
    return limit_reached(error) or error.strerror or str(error)


def place_of(error: OSError) -> str | bytes | int | None:
    """Return the path that an error is about; of the two of a renaming the one where something was to go."""
    return error.filename if error.filename2 is None else error.filename2


def in_the_way(error: OSError) -> str:
    """Return what to do where something else lies in the place of a file or a folder; "" of another error.

    Args:
        error: of the system.

    Returns:
        str, the end of a sentence that names the place.
    """
    name = place_of(error)
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "; a folder belongs there: move away what lies in its place, or give another path"
    if name is not None and error.errno in NO_FILE and (os.path.islink(name) or not os.path.isfile(name)):
        return "; a file belongs there: move away what lies in its place"
    return ""


def no_threads() -> str:
    """Return the sentence, without its full stop, where no thread can be started."""
    return (
        "no more threads or processes can be started here: raise the limit of processes (`ulimit -u`, a container's "
        "pids) or of memory (`ulimit -v`), or let fewer start with OMP_NUM_THREADS=1"
    )


def _sentence(error: BaseException, elsewhere: str) -> str | None:
    if says_no_threads(error):
        return no_threads()
    if isinstance(error, OSError) and error.errno is not None:
        place = place_of(error)
        where = f" while writing '{os.fsdecode(place)}'" if place and isinstance(place, str | bytes) else ""
        return {
            errno.ENOSPC: f"the disk is full{where}; free some space, or {elsewhere}",
            errno.EDQUOT: f"your share of the disk (quota) is used up{where}; free some space, or {elsewhere}",
            errno.EFBIG: f"no file may become so large here{where}: raise the limit (`ulimit -f`), or write to a "
            "file system that takes larger ones",
            errno.EMFILE: "this process may open no more files: allow it more, such as by `ulimit -n 4096`",
            errno.ENFILE: "this machine has no more open files to give: end other programs, or raise fs.file-max",
            errno.EROFS: f"the disk is read-only{where}; {elsewhere}",
            errno.ENOMEM: _no_memory(),
        }.get(error.errno)
    # A slip in a program that quotes such words is no limit.
    if isinstance(error, MemoryError | RuntimeError | OSError | ImportError) and says_no_memory(error):
        return _no_memory()
    if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's is no RuntimeError
        return _no_memory()
    return None


def _no_memory() -> str:
    there = main_memory_bytes()
    limit = "" if there is None else f" (of {there / 1e9:.1f} GB that this process may use)"
    return (
        f"memory ran out{limit}: lower data.size, data.frames or a chunk, or raise the limit (`ulimit -v`, "
        "`ulimit -d`, that of a container)"
    )


def _says(error: BaseException, phrases: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(words in text for words in phrases)
