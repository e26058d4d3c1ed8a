"""How the library says what it is doing, without knowing who listens."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Update = Callable[..., None]


class Progress(Protocol):
    """A listener. The command line has one that draws bars; `Silent` is the default."""

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

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Update]:
        """Give an `update` that does nothing."""
        yield lambda done, **figures: None

    def say(self, text: str) -> None:
        """Say nothing."""
