"""Locks between processes: one writer at a time, also where a file system has no locks, after a warning."""

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

from keras_vdd.tensors import File

# What a file system without locks answers, such as some network shares.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_POLL_S = 0.1
_WITHOUT_LOCKS: set[int] = set()
_LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def lock(path: File, wait: bool = True, on_wait: Callable[[], object] | None = None) -> Iterator[bool]:
    """Hold the lock file `path` against other processes; it falls with the process, however that ends.

    Args:
        path: the lock file, made with its folder if it is not there, and left there.
        wait: whether to wait for another holder.
        on_wait: called once, without arguments, before waiting.

    Yields:
        bool, whether the lock is held; False only without `wait`. On a file system without locks it is True
        after a warning: two processes at once are the user's to avoid there.

    Raises:
        OSError: the lock file cannot be opened.
    """
    # Not at the top: processes that decode videos start in no time.
    import filelock

    held = filelock.FileLock(path, fallback_to_soft=False, poll_interval=_POLL_S)
    try:
        yield _acquired(held, wait, on_wait)
    finally:
        held.release()


def _acquired(held: Any, wait: bool, on_wait: Callable[[], object] | None) -> bool:
    from filelock import Timeout

    try:
        with contextlib.suppress(Timeout):
            held.acquire(blocking=False)
            return True
        if wait:
            if on_wait is not None:
                on_wait()
            held.acquire()
        return wait
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _warn_of_no_locks(os.path.dirname(os.path.abspath(held.lock_file)))
        return True


def _warn_of_no_locks(folder: str) -> None:
    """Say so once a file system."""
    device = os.stat(folder).st_dev
    if device not in _WITHOUT_LOCKS:
        _WITHOUT_LOCKS.add(device)
        _LOG.warning(
            "The file system of '%s' has no locks: see to it that no two processes work there at once.",
            folder,
        )
