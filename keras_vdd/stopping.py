"""Signals that ask the process to stop, and how the work in hand is ended in order.

Ctrl-C (SIGINT), `kill` and batch systems (SIGTERM), a terminal that closes (SIGHUP) and a soft limit of processor time
(SIGXCPU, each second from then on) are treated alike.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]
Previous = Handler | int | signal.Handlers | None

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU")
SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
PATIENCE_S = 5.0
"""A signal that follows another within so many seconds is the same wish once more: `timeout`, a batch system and
an impatient user send several, which must not break off the writing of a checkpoint."""

_SOON_S = 0.02


class Stopped(KeyboardInterrupt):
    """The process was asked to stop.

    Attributes:
        number: int, the signal.
        reached: str, what was reached and is kept; empty if nothing is known of it.
    """

    def __init__(self, number: int, reached: str = ""):
        super().__init__(reached)
        self.number, self.reached = number, reached


class _Asked:
    """When a signal last asked this process to stop."""

    at = -PATIENCE_S

    def again(self) -> bool:
        """Whether this one only repeats the last; it is remembered."""
        now = time.monotonic()
        before, self.at = self.at, now
        return now - before < PATIENCE_S


_asked = _Asked()


def _stop(number: int, frame: FrameType | None) -> None:
    if not _asked.again():
        raise Stopped(number)


def _end(number: int, frame: FrameType | None) -> None:
    if not _asked.again():
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)


def end_silently() -> None:
    """Let each of the signals end the process at once, where nothing hears them: Python would raise Ctrl-C anywhere."""
    for number in _to_be_handled():
        signal.signal(number, _end)


def end_by_none_but(number: int | None) -> None:
    """Leave signals to the system while Python ends; a process that said which one it ends by ends by no other.

    Args:
        number: the signal that was said; None where it was none.
    """
    for each in _to_be_handled():
        signal.signal(each, signal.SIG_DFL if number in (None, each) else signal.SIG_IGN)


def _to_be_handled() -> Iterator[int]:
    """Those that the process does not ignore, as under `nohup`, and that no other code than Python's handles."""
    return (number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None))


class Soft:
    """What `softly` gives: whether a signal has come."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.previous: dict[int, Previous] = {}

    def __bool__(self) -> bool:
        return self.number is not None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Remember the first signal; one that comes later than `PATIENCE_S` raises where the program is."""
        if not _asked.again() and self:
            raise Stopped(number)
        self.number = self.number or number

    def stop(self, reached: str) -> None:
        """Do what the signal would have done, if one came; call it after the work in hand is safe.

        Raises:
            Stopped: with what was `reached`, unless the program that calls has a handler of its own that raises, or
                no handler at all: then the process ends by the signal.
        """
        if self.number is None:
            return
        previous = self.previous[self.number]
        if previous is signal.SIG_DFL:
            signal.signal(self.number, signal.SIG_DFL)
            signal.raise_signal(self.number)
        elif callable(previous) and previous not in (_stop, signal.default_int_handler):
            previous(self.number, None)
        raise Stopped(self.number, reached)


@contextlib.contextmanager
def softly() -> Iterator[Soft]:
    """Context in which the first signal is only remembered, for a stop at the next good moment.

    Signals that the process ignores, as under `nohup`, are still ignored. Outside the main thread, where Python sets no
    handlers, nothing changes.
    """
    soft = Soft()
    with _handled_by(soft.handle) as soft.previous:
        yield soft
    # One that came after the last look, which nobody else has heard.
    soft.stop("")


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Context in which each of the signals raises `Stopped`, and one that follows at once is no second one.

    Where Python can raise nothing, as amid `__del__` or what is called when it collects garbage, it is raised after.
    """
    _asked.at = -PATIENCE_S
    before = sys.unraisablehook

    def hook(about: Any) -> None:
        if not isinstance(about.exc_value, Stopped):
            return before(about)
        _asked.at = -PATIENCE_S
        # Not from here, where it would be lost again.
        again = threading.Timer(_SOON_S, os.kill, (os.getpid(), about.exc_value.number))
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        with _handled_by(_stop):
            yield
    finally:
        sys.unraisablehook = before


@contextlib.contextmanager
def _handled_by(handler: Handler) -> Iterator[dict[int, Previous]]:
    previous: dict[int, Previous] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _to_be_handled():
            previous[number] = signal.signal(number, handler)
    with contextlib.ExitStack() as stack:
        # Twice: where a signal comes just then, what is raised of it leaves its handler as it is.
        for number, before in 2 * [*previous.items()]:
            stack.callback(signal.signal, number, before)
        yield previous
