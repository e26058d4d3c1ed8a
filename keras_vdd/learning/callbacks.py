"""A user's Keras callbacks, told of a training by its iterations: a window of them is what Keras calls an epoch."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import keras

from keras_vdd.errors import UsageError

# One, several, those of each stage by its name, or none.
Callbacks: TypeAlias = (
    keras.callbacks.Callback | Sequence[keras.callbacks.Callback] | Mapping[str, Any] | None
)


class Windows:
    """Tells callbacks of iterations as `fit` tells of batches, and of every `size` of them as of an epoch.

    A training that goes on after an interruption goes on counting. The window that it was interrupted in is told of
    once, when it is full, so that a file written line by line has the lines of a training in one go.

    Args:
        callbacks: Keras callbacks; none cost nothing.
        size: int, iterations of a window; the last may have fewer.
        total: int, iterations of the training.
        **params: what callbacks find in their `params` besides `epochs`, `steps` and `verbose`.
    """

    def __init__(self, callbacks: Iterable[keras.callbacks.Callback], size: int, total: int, **params: Any):
        given = list(callbacks)
        self._size, self._total = size, total
        self._all = keras.callbacks.CallbackList(given) if given else None
        self._begun: int | None = None
        self._params = {"epochs": math.ceil(total / size), "steps": size, "verbose": 0, **params}

    def begin(self, model: keras.Model) -> None:
        """Say that the training of `model` begins, or goes on."""
        if self._all is None:
            return
        self._all.set_params(self._params)
        self._all.set_model(model)
        self._all.on_train_begin()
        self._begun = None

    def iteration_begins(self, done: int) -> None:
        """Say that the iteration after `done` others begins."""
        if self._all is None:
            return
        if self._begun != done // self._size:
            self._begun = done // self._size
            self._all.on_epoch_begin(self._begun)
        self._all.on_train_batch_begin(done % self._size)

    def iteration_ended(self, done: int, logs: Mapping[str, float]) -> None:
        """Say that the iteration ended that makes them `done`, with its logs."""
        if self._all is not None:
            self._all.on_train_batch_end((done - 1) % self._size, {"iteration": done, **logs})

    def is_full(self, done: int) -> bool:
        """Whether a window ends with iteration number `done`, counted from 1."""
        return done % self._size == 0 or done == self._total

    def window_ended(self, done: int, logs: Mapping[str, float]) -> None:
        """Say that a window ended with iteration number `done`, with the logs of the window."""
        if self._all is not None:
            self._all.on_epoch_end((done - 1) // self._size, {"iteration": done, **logs})

    def end(self, logs: Mapping[str, float] | None = None) -> None:
        """Say that the training ended, or stops for now."""
        if self._all is not None:
            self._all.on_train_end(dict(logs or {}))

    def start_of(self, done: int) -> int:
        """Return the iterations before the window of iteration number `done`."""
        return (done - 1) // self._size * self._size


def checked(callbacks: Callbacks) -> list[keras.callbacks.Callback]:
    """Return one callback, several or None as a list.

    Raises:
        UsageError: something else is among them.
    """
    some: Any = () if callbacks is None else callbacks
    given = list(some) if isinstance(some, Iterable) else [some]
    for callback in given:
        if not isinstance(callback, keras.callbacks.Callback):
            raise UsageError(f"callbacks have {callback!r}; each must be a keras.callbacks.Callback.")
    return given


def by_stage(callbacks: Callbacks, stages: Sequence[str]) -> dict[str, list[keras.callbacks.Callback]]:
    """Return the callbacks of each stage.

    Args:
        callbacks: one or several for all `stages`, or a dict by stage.
        stages: names of those that there are.

    Raises:
        UsageError: the dict names another, something is no callback, or a `CSVLogger` that begins its file anew
            would be given to several stages, of which only the last would be left in it.
    """
    if isinstance(callbacks, Mapping):
        unknown = [name for name in callbacks if name not in stages]
        if unknown:
            there = ", ".join(stages) or "none"
            raise UsageError(
                f"callbacks are for {unknown[0]!r}, and the stages that this recipe learns are: {there}."
            )
        return {name: checked(given) for name, given in callbacks.items()}
    given = checked(callbacks)
    if len(stages) > 1 and any(isinstance(c, keras.callbacks.CSVLogger) and not c.append for c in given):
        raise UsageError(
            f"A CSVLogger without append=True would keep the last of the stages {', '.join(stages)} alone: "
            "give it append=True, or each stage its own with callbacks={'dynamic': [...]}."
        )
    return dict.fromkeys(stages, given)
