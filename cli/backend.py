"""Choosing the Keras backend before Keras is first imported, which reads it once."""

import contextlib
import importlib
import os
import shlex
import sys
import tempfile
import traceback
from pathlib import Path

import click

from keras_vdd.errors import UsageError, VddError
from keras_vdd.installed import BACKENDS as NAMES
from keras_vdd.installed import choice, configuration, how_to_install, installed, lacking
from keras_vdd.limits import limit_reached
from keras_vdd.starting import check_start
from keras_vdd.text import printable


def choose(name):
    """Make `name` the backend of this process.

    Raises:
        UsageError: it is not a backend, is not installed, or Keras already runs on another.
    """
    if name not in NAMES:
        raise UsageError(f"backend {name!r} is not supported; choose from {', '.join(NAMES)}")
    if not installed(name):
        raise UsageError(f"backend {name} is not installed; {how_to_install(name)}")
    if "keras" in sys.modules:
        running = sys.modules["keras"].config.backend()
        if running != name:
            raise UsageError(f"Keras already runs on {running} in this process; start another for {name}")
    os.environ["KERAS_BACKEND"] = name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def settle(say=True, run=None):
    """Fix the backend: `--backend` or KERAS_BACKEND, else that of a run, Keras' configuration, or the first installed.

    Where nobody chose, the choice is said on standard error.

    Args:
        say: bool, whether it is said.
        run: folder of the run that the command is about, which may be none yet; None where it is about none.
    """
    name, why = choice()
    asked = bool(os.environ.get("KERAS_BACKEND"))
    begun = None if asked or run is None or "keras" in sys.modules else _of_run(run)
    if begun is not None:
        if missing := lacking(begun):
            why = f"{begun}, on which the run '{run}' was begun, {missing}, and {why}"
        else:
            name, why = begun, f"the run '{run}' was begun on it"
    if asked and name not in NAMES:
        raise UsageError(
            f"KERAS_BACKEND={shlex.quote(name)} is not supported; choose from {', '.join(NAMES)}"
        )
    if name is None:
        raise UsageError(f"no backend is installed; {how_to_install('torch')} (or tensorflow, or jax)")
    choose(name)
    if say and not asked:
        click.echo(
            printable(f"backend: {name}, since {why} (--backend or KERAS_BACKEND chooses another)"), err=True
        )


def _of_run(folder):
    """Return the backend that the run at a path was begun on; None where there is none."""
    from keras_vdd.runs.environment import begun_with
    from keras_vdd.runs.places import run_at

    try:
        name = begun_with(run_at(folder) or Path(os.path.expanduser(folder)))["backend"]
    except (VddError, OSError):
        return None
    return name if name in NAMES else None


def start(quietly=True):
    """Import Keras and its backend; `quietly` holds back what they write to standard error meanwhile.

    Some of it is written by compiled code that no setting silences. If the import fails, it is shown.

    Raises:
        VddError: the backend is installed and does not start.
    """
    if "keras" in sys.modules:
        return
    check_start(os.environ["KERAS_BACKEND"])
    try:
        with _standard_error_held() if quietly else contextlib.nullcontext():
            importlib.import_module("keras")
    except (ImportError, OSError) as error:
        if limit_reached(error):
            raise
        name = os.environ["KERAS_BACKEND"]
        raise VddError(f"Keras does not start on {name} ({error}); `vdd doctor` says more") from error
    except Exception as error:
        if limit_reached(error) or not _is_of_configuration(error):
            raise
        raise VddError(
            f"Keras cannot read its configuration '{configuration()}' ({error}): correct that file, or delete it"
        ) from error


def _is_of_configuration(error):
    """Whether an error was raised where Keras reads what a user configured."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(
        frame.filename.replace(os.sep, "/").endswith("keras/src/backend/config.py") for frame in frames
    )


def refuse_no_folder():
    """Refuse a working directory that was deleted: paths lead nowhere there, and torch ends the process."""
    try:
        os.getcwd()
    except OSError:
        raise UsageError("the folder that you are in does not exist any more: go to another") from None


@contextlib.contextmanager
def _standard_error_held():
    try:
        held = tempfile.TemporaryFile()
    except OSError:
        # No folder may be written to: then it is shown.
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with held:
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
