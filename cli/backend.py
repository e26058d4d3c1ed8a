"""Choosing the Keras backend before Keras is first imported, which reads it once."""

import contextlib
import importlib
import os
import sys
import tempfile

import click

from keras_vdd.errors import UsageError, VddError
from keras_vdd.installed import BACKENDS as NAMES
from keras_vdd.installed import choice, installed
from keras_vdd.text import printable


def choose(name):
    """Make `name` the backend of this process.

    Raises:
        UsageError: it is not a backend, is not installed, or Keras already runs on another.
    """
    if name not in NAMES:
        raise UsageError(f"backend {name!r} is not supported; choose from {', '.join(NAMES)}")
    if not installed(name):
        raise UsageError(f'backend {name} is not installed; pip install "keras-vdd[{name}]"')
    if "keras" in sys.modules:
        running = sys.modules["keras"].config.backend()
        if running != name:
            raise UsageError(f"Keras already runs on {running} in this process; start another for {name}")
    os.environ["KERAS_BACKEND"] = name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def settle(say=True):
    """Fix the backend: `--backend` or KERAS_BACKEND, else Keras' configuration, else the first installed.

    Where nobody chose, the choice is said on standard error.
    """
    name, why = choice()
    if name is None:
        raise UsageError('no backend is installed; pip install "keras-vdd[torch]" (or tensorflow, or jax)')
    asked = "KERAS_BACKEND" in os.environ
    choose(name)
    if say and not asked:
        click.echo(
            printable(f"backend: {name}, since {why} (--backend or KERAS_BACKEND chooses another)"), err=True
        )


def start(quietly=True):
    """Import Keras and its backend; `quietly` holds back what they write to standard error meanwhile.

    Some of it is written by compiled code that no setting silences. If the import fails, it is shown.

    Raises:
        VddError: the backend is installed and does not start.
    """
    if "keras" in sys.modules:
        return
    try:
        with _standard_error_held() if quietly else contextlib.nullcontext():
            importlib.import_module("keras")
    except (ImportError, OSError) as error:
        name = os.environ["KERAS_BACKEND"]
        raise VddError(f"Keras does not start on {name} ({error}); `vdd doctor` says more") from error


@contextlib.contextmanager
def _standard_error_held():
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
