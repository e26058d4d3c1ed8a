"""Which backends are there, told without importing Keras or any of them."""

import importlib.util
import json
import os
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

from keras_vdd.files import read_whole
from keras_vdd.running_code import installed_from, project_url

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
    spec = importlib.util.find_spec(name)
    # A folder of that name, such as an uninstalled package leaves, has no origin.
    return spec is not None and spec.origin is not None


def how_to_install(name: str) -> str:
    """Return the command that installs a backend beside this package, from where that was installed itself."""
    told = installed_from()
    place = unquote(urlsplit(told.get("url", "")).path) if "dir_info" in told else ""
    if told.get("dir_info", {}).get("editable") and os.path.isdir(place):
        return f'pip install -e ".[{name}]" in {shlex.quote(place)}'
    if os.path.isdir(place):
        return f"pip install {shlex.quote(f'{place}[{name}]')}"
    if (url := project_url()) is not None and "vcs_info" in told:
        return f'pip install "keras-vdd[{name}] @ git+{url}"'
    return f'pip install "keras-vdd[{name}]"'


def configured() -> tuple[str | None, str]:
    """Return the backend that a user chose in Keras' own configuration file, or None, and what is wrong with the file.

    The file that Keras writes by itself when it is first imported names TensorFlow, whatever is installed: it is no
    choice.
    """
    try:
        found = json.loads(read_whole(configuration()))
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"cannot be read ({error.strerror})"
    except (ValueError, RecursionError):
        return None, "is no JSON"
    if not isinstance(found, dict) or AUTOMATIC.items() <= found.items():
        return None, ""
    name = found.get("backend")
    if not isinstance(name, str):
        return None, ""
    return name, f"says {name}, which {why}" if (why := lacking(name)) else ""


def lacking(name: str) -> str:
    """Return what keeps a backend from being used, the end of a sentence; empty if nothing does."""
    if name not in BACKENDS:
        return "is not supported"
    return "" if installed(name) else "is not installed"


def choice() -> tuple[str | None, str]:
    """Return the backend that is used where `--backend` does not say, and why: the end of a sentence.

    It is the one that was asked for even where it is not installed; None where none is.
    """
    if asked := os.environ.get("KERAS_BACKEND"):
        why = lacking(asked)
        return asked, f"KERAS_BACKEND says so{why and f', and it {why}'}"
    name, wrong = configured()
    if name is not None and not wrong:
        return name, f"{configuration()} says so"
    unused = f" ({configuration()} {wrong})" if wrong else ""
    name = next((each for each in BACKENDS if installed(each)), None)
    return (
        name,
        (f"it is the first of {', '.join(BACKENDS)} that is installed" if name else "none is installed")
        + unused,
    )


def configuration() -> Path:
    """Return the path of Keras' own configuration file, which need not be there."""
    # Not `Path.home()`, which fails where there is neither HOME nor an entry in the list of users.
    return Path(os.environ.get("KERAS_HOME") or Path(os.path.expanduser("~"), ".keras"), "keras.json")
