"""Which backends are there, told without importing Keras or any of them."""

import importlib.util
import json
import os
from pathlib import Path

BACKENDS = ("torch", "tensorflow", "jax")
AUTOMATIC = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}
"""What Keras writes as its configuration where there is none."""


def installed(name: str) -> bool:
    """Return whether a backend's package is there, without importing it."""
    return importlib.util.find_spec(name) is not None


def configured() -> str | None:
    """Return the backend that a user chose in Keras' own configuration file, or None.

    The file that Keras writes by itself when it is first imported names TensorFlow, whatever is installed: it is no
    choice.
    """
    try:
        found = json.loads(_configuration().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or AUTOMATIC.items() <= found.items():
        return None
    name = found.get("backend")
    return name if name in BACKENDS else None


def choice() -> tuple[str | None, str]:
    """Return the backend that is used where `--backend` does not say, and why: the end of a sentence.

    It is the one that was asked for even where it is not installed; None where none is.
    """
    if asked := os.environ.get("KERAS_BACKEND"):
        return asked, "KERAS_BACKEND says so"
    name = configured()
    if name is not None and installed(name):
        return name, f"{_configuration()} says so"
    name = next((each for each in BACKENDS if installed(each)), None)
    return (
        name,
        f"it is the first of {', '.join(BACKENDS)} that is installed" if name else "none is installed",
    )


def _configuration() -> Path:
    # Not `Path.home()`, which fails where there is neither HOME nor an entry in the list of users.
    return Path(os.environ.get("KERAS_HOME") or Path(os.path.expanduser("~"), ".keras"), "keras.json")
