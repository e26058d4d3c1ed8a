"""What FFmpeg says in its log alone: what it complains of while it reads and decodes, and what a container has."""

import contextlib

import av

_listeners = 0


@contextlib.contextmanager
def complaints():
    """Within it, count FFmpeg's errors: yields a function that returns how many there were so far.

    They are those of the whole process, so one video at a time. Where somebody has set PyAV's log level, that is
    left alone, and what it lets through still reaches Python's logging.
    """
    global _listeners
    ours = av.logging.get_level() is None or _listeners
    if ours:
        # Errors are counted from here on, though none is printed; without a level PyAV does not even look.
        av.logging.set_level(av.logging.PANIC)
        _listeners += 1
    before = av.logging.get_last_error()[0]
    try:
        yield lambda: av.logging.get_last_error()[0] - before
    finally:
        if ours:
            _listeners -= 1
            if not _listeners:
                av.logging.set_level(None)


def description(container):
    """Return what FFmpeg tells of an open container and its streams, as the `ffmpeg` program prints it."""
    level = av.logging.get_level()
    # It is written as a message of the log.
    av.logging.set_level(av.logging.INFO)
    try:
        return container.dumps_format()
    finally:
        av.logging.set_level(level)
