"""Showing progress on standard error: bars on a terminal, now and then a line elsewhere."""

import contextlib
import sys
import time

from keras_vdd.progress import Silent

SECONDS_BETWEEN_LINES = 5.0


def _figures(figures):
    return "  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())


class Lines:
    """Plain lines: one when a task starts, one at most every few seconds, one when it ends."""

    def __init__(self, stream=None, seconds=SECONDS_BETWEEN_LINES, clock=time.monotonic):
        self.stream, self.seconds, self.clock = stream or sys.stderr, seconds, clock

    def say(self, text):
        """Write one line."""
        self.stream.write(text + "\n")
        self.stream.flush()

    @contextlib.contextmanager
    def task(self, title, total=None):
        """Report a piece of work; the context gives `update(done, **figures)`."""
        started = last = self.clock()
        at, shown = 0, {}

        def line():
            count = f"{at}/{total}" if total else f"{at}"
            self.say(f"{title}: {count}  {_figures(shown)}".rstrip())

        def update(done, **figures):
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

    def __init__(self, console):
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

    def say(self, text):
        """Print one line above the bars."""
        self.console.print(text, markup=False, highlight=False)

    @contextlib.contextmanager
    def task(self, title, total=None):
        """Draw a bar; the context gives `update(done, **figures)`."""
        from rich.markup import escape

        if not self.open:
            self.bars.start()
        self.open += 1
        bar = self.bars.add_task(escape(title), total=total, figures="")
        shown = {}

        def update(done, **figures):
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


@contextlib.contextmanager
def listener(quiet=False):
    """Give the progress listener that suits where standard error goes."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        from rich.console import Console

        yield Bars(Console(stderr=True))
    else:
        yield Lines()
