"""How the library says what it is doing, and who listens: nobody, bars on a terminal, lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TextIO

from keras_vdd.errors import UsageError

Update = Callable[..., None]
SECONDS_BETWEEN_LINES = 5.0


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


class Lines:
    """Plain lines: one when a task starts, one at most every few seconds, one when it ends."""

    def __init__(
        self,
        stream: TextIO | None = None,
        seconds: float = SECONDS_BETWEEN_LINES,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.stream, self.seconds, self.clock = stream or sys.stderr, seconds, clock

    def say(self, text: str) -> None:
        """Write one line."""
        self.stream.write(text + "\n")
        self.stream.flush()

    @contextlib.contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Report a piece of work; the context gives `update(done, **figures)`."""
        started = last = self.clock()
        at = 0
        shown: dict[str, Any] = {}

        def line() -> None:
            count = f"{at}/{total}" if total else f"{at}"
            self.say(f"{title}: {count}  {_figures(shown)}".rstrip())

        def update(done: int, **figures: Any) -> None:
            nonlocal last, at, shown
            at, shown = done, {**shown, **figures}
            if self.clock() - last >= self.seconds:
                last = self.clock()
                line()

        yield update
        if at:
            line()
        spent = self.clock() - started
        self.say(f"{title}: done in {spent:.1f} s")


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
        self.console.print(text, markup=False, highlight=False)

    @contextlib.contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Draw a bar; the context gives `update(done, **figures)`."""
        from rich.markup import escape

        if not self.open:
            self.bars.start()
        self.open += 1
        bar = self.bars.add_task(escape(title), total=total, figures="")
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
