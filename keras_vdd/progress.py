"""How the library says what it is doing, and who listens: nobody, bars on a terminal, lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TextIO

from keras_vdd.errors import UsageError
from keras_vdd.text import printable

Update = Callable[..., None]
SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_LATE_LINES = 60.0


class Progress(Protocol):
    """A listener: any object with these two methods can be given as `progress`.

    What a user must know, such as a video that could not be decoded, does not come here but as a warning of the
    logger "keras_vdd", which Python prints where nothing else was set up.

    Example:
        >>> class Titles:
        ...     @contextlib.contextmanager
        ...     def task(self, title, total=None):
        ...         print(title)
        ...         yield lambda done, **figures: None
        ...     def say(self, text):
        ...         print(text)
        >>> keras_vdd.distill("quickstart", progress=Titles())
    """

    def task(self, title: str, total: int | None = None) -> AbstractContextManager[Update]:
        """Open a piece of work of `total` steps (None: unknown).

        The context gives `update(done, **figures)`: `done` steps are finished so far, counted from 0
        also where a resumed run begins higher; figures are numbers worth showing, such as `loss=0.3`.
        """
        ...

    def say(self, text: str) -> None:
        """Tell the user one line."""
        ...


class Silent:
    """A listener that shows nothing."""

    @contextlib.contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Give an `update` that does nothing."""
        yield lambda done, **figures: None

    def say(self, text: str) -> None:
        """Say nothing."""


def _figures(figures: Mapping[str, Any]) -> str:
    return "  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())


def _clock_time(seconds: float) -> str:
    """A length of time as h:mm:ss, or m:ss below an hour."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


class Lines:
    """Lines with the time of day: one when a task starts to move, one now and then, one when it ends.

    Args:
        stream: where they go; standard error if None.
        seconds: float, between two lines of a task at first. A task that takes long has them at a twentieth of its
            time so far, and at most a minute apart, so that a night's log can be read.
        clock: function that gives seconds.
        now: function that gives what a line begins with.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        seconds: float = SECONDS_BETWEEN_LINES,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], str] = lambda: time.strftime("%Y-%m-%d %H:%M:%S"),
    ):
        self.stream, self.seconds, self.clock, self.now = stream or sys.stderr, seconds, clock, now

    def say(self, text: str) -> None:
        """Write one line."""
        self.stream.write(f"{self.now()} {printable(text)}\n")
        self.stream.flush()

    @contextlib.contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Report a piece of work; the context gives `update(done, **figures)`."""
        started = last = self.clock()
        first: int | None = None
        at = 0
        shown: dict[str, Any] = {}

        def line() -> None:
            count = f"{at}/{total} ({100 * at // total} %)" if total else f"{at}"
            spent, done = self.clock() - started, at - (first or 0)
            pace = f"{done / spent:.3g} a second" if done and spent else ""
            left = f"{_clock_time((total - at) * spent / done)} left" if total and pace and at < total else ""
            self.say("  ".join(filter(None, (f"{title}: {count}", pace, left, _figures(shown)))))

        def update(done: int, **figures: Any) -> None:
            nonlocal last, at, first, shown
            # A task that goes on with earlier work begins where that ended, which says nothing of its pace.
            first = first if first is not None else done if done > 1 else 0
            at, shown = done, {**shown, **figures}
            now = self.clock()
            if now - last >= max(self.seconds, min(SECONDS_BETWEEN_LATE_LINES, (now - started) / 20)):
                last = now
                line()

        yield update
        if at:
            line()
        self.say(f"{title}: done in {self.clock() - started:.1f} s")


class Several:
    """Some listeners, each of which is told everything."""

    def __init__(self, *listeners: Progress):
        self.listeners = listeners

    def say(self, text: str) -> None:
        """Tell one line to each."""
        for each in self.listeners:
            each.say(text)

    @contextlib.contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Open the task at each; the context gives one `update(done, **figures)` for all."""
        with contextlib.ExitStack() as stack:
            updates = [stack.enter_context(each.task(title, total)) for each in self.listeners]

            def update(done: int, **figures: Any) -> None:
                for one in updates:
                    one(done, **figures)

            yield update


class Bars:
    """A bar for each open task, by rich."""

    def __init__(self, console: Any):
        from rich import progress as columns

        self.console = console
        self.bars = columns.Progress(
            columns.TextColumn("{task.description}"),
            columns.BarColumn(),
            columns.MofNCompleteColumn(),
            columns.TimeElapsedColumn(),
            columns.TimeRemainingColumn(),
            columns.TextColumn("{task.fields[figures]}", style="dim"),
            console=console,
        )
        self.open = 0

    def say(self, text: str) -> None:
        """Print one line above the bars."""
        self.console.print(printable(text), markup=False, highlight=False)

    @contextlib.contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Draw a bar; the context gives `update(done, **figures)`."""
        from rich.markup import escape

        if not self.open:
            self.bars.start()
        self.open += 1
        bar = self.bars.add_task(escape(printable(title)), total=total, figures="")
        shown: dict[str, Any] = {}

        def update(done: int, **figures: Any) -> None:
            shown.update(figures)
            self.bars.update(bar, completed=done, figures=escape(_figures(shown)))

        try:
            yield update
        finally:
            self.open -= 1
            if not self.open:
                self.bars.stop()
                for task in list(self.bars.task_ids):
                    self.bars.remove_task(task)


def listener(progress: Progress | bool | None = None) -> Progress:
    """Return who listens.

    Args:
        progress: None or False for nobody; True for bars where standard error is a terminal, else for a line now
            and then, as `vdd` shows them; or any object like `Progress`, which is returned.

    Raises:
        UsageError: it is none of these.
    """
    if progress is None or progress is False:
        return Silent()
    if progress is True:
        if not sys.stderr.isatty():
            return Lines()
        from rich.console import Console

        return Bars(Console(stderr=True))
    if not (hasattr(progress, "task") and hasattr(progress, "say")):
        raise UsageError(
            f"progress={progress!r} is no listener: give True, None, or an object with the methods task and say "
            "(see keras_vdd.progress.Progress)."
        )
    return progress
