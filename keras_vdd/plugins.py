"""Files of one's own that add networks, sets or other concepts: loaded because their path was given, never else."""

import hashlib
import importlib.abc
import importlib.util
import os
import stat
import sys
import traceback
from types import ModuleType

from keras_vdd.errors import UsageError, VddError
from keras_vdd.text import as_text

# What was loaded in this process, by path: a plugin registers what it adds for the whole process too.
_LOADED: dict[str, str] = {}


class _Source(importlib.abc.ExecutionLoader):
    """Runs the text that was hashed, and leaves no compiled file beside the user's own."""

    def __init__(self, path: str, text: str):
        self._path, self._text = path, text

    def get_filename(self, name: str) -> str:
        return self._path

    def get_source(self, name: str) -> str:
        return self._text


def load_plugin(path: str | os.PathLike[str]) -> ModuleType:
    """Run a Python file that registers something of one's own, such as by `keras_vdd.register_network`.

    It is what `vdd --plugin FILE` does. The file is run as it is: give only what you trust. Processes that are started
    to train experts load it too. A file that was loaded already and has not changed is not run again.

    Args:
        path: of a `.py` file.

    Returns:
        The file's module, whose names are its attributes.

    Raises:
        UsageError: the file is missing or no Python; the message has the line.
        VddError: it raised an error; the message has the line and what was raised.

    Example:
        >>> keras_vdd.load_plugin("shuffled.py")    # it ends with keras_vdd.register_baseline(...)
        >>> keras_vdd.distill("quickstart", **{"evaluation.compare": ["shuffled-clips"]})
    """
    full = os.path.abspath(os.fspath(path))
    data = _read(path)
    digest = hashlib.sha256(data).hexdigest()
    stem = as_text(os.path.splitext(os.path.basename(full))[0])
    name = f"keras_vdd_plugin_{stem}_{hashlib.sha256(os.fsencode(full)).hexdigest()[:8]}"
    if _LOADED.get(full) == digest:
        return sys.modules[name]
    try:
        source = _Source(full, importlib.util.decode_source(data))
    except (UnicodeDecodeError, SyntaxError):
        raise UsageError(f"Plugin '{path}' is no text: give the path of a Python file.") from None
    # With its place, from which documentation under settings is read.
    spec = importlib.util.spec_from_file_location(name, full, loader=source)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        where = f" of '{error.filename}'" if error.filename != full else ""
        raise UsageError(f"Plugin '{path}' is no Python: line {error.lineno}{where}: {error.msg}.") from error
    except VddError as error:
        del sys.modules[name]
        raise type(error)(f"Plugin '{path}'{_line(error, full)}: {error}") from error
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise VddError(
            f"Plugin '{path}'{_line(error, full)} fails: {type(error).__name__}: {error}"
        ) from error
    _LOADED[full] = digest
    return module


def loaded_plugins() -> list[dict[str, str]]:
    """Return what was loaded in this process, in order: `path` and `sha256` of each file."""
    return [{"path": path, "sha256": digest} for path, digest in _LOADED.items()]


def _read(path: str | os.PathLike) -> bytes:
    try:
        # One that something else writes to, or a device, may never end.
        if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            raise UsageError(f"Plugin '{path}' is no file: give the path of a Python file.")
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise UsageError(f"Plugin '{path}' does not exist: give the path of a Python file.") from None
    except IsADirectoryError:
        raise UsageError(f"Plugin '{path}' is a folder: give the path of a Python file.") from None
    except OSError as error:
        raise UsageError(f"Plugin '{path}' cannot be read: {error.strerror}.") from None


def _line(error: BaseException, path: str) -> str:
    """The last line of the file itself that led to an error, as text."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f", line {lines[-1]}" if lines else ""
