"""Which backends are there, told without importing Keras or any of them."""

import importlib.util
import json
import os
from pathlib import Path

BACKENDS = ("torch", "tensorflow", "jax")


def installed(name: str) -> bool:
    """Return whether a backend's package is there, without importing it."""
    return importlib.util.find_spec(name) is not None


def configured() -> str | None:
    """Return the backend that Keras' own configuration file names, or None."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        name = json.loads(Path(home, "keras.json").read_text()).get("backend")
    except (OSError, ValueError, AttributeError):
        return None
    return name if name in BACKENDS else None
