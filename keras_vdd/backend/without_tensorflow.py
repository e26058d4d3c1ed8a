"""Keras without TensorFlow, where that is not the backend."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.utils import module_utils


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Return a context in which Keras does not import TensorFlow for itself.

    Keras does so, on any backend, wherever it sets seeds, saves or loads, to see whether it is installed. That takes
    seconds and some hundred megabytes, and writes log lines. Where TensorFlow is the backend, or imported already,
    nothing changes; where Keras has come to look for it in another way, it does as it will.
    """
    looked_for: Any = getattr(module_utils, "tensorflow", None)
    if (
        keras.config.backend() == "tensorflow"
        or "tensorflow" in sys.modules
        or getattr(looked_for, "_available", False) is not None  # it knows already
    ):
        yield
        return
    looked_for._available = False
    try:
        yield
    finally:
        looked_for._available = None
