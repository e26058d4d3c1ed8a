"""The command `vdd`: its subcommands, and how errors become messages and exit codes.

A command's module is imported when that command is asked for, and Keras only when it is needed:
`vdd --help` imports neither.
"""

import errno
import importlib
import io
import os
import signal
import sys

import click

from keras_vdd import __version__
from keras_vdd.cli import session
from keras_vdd.errors import VddError
from keras_vdd.limits import ELSEWHERE, in_the_way, limit_reached, place_of
from keras_vdd.stopping import end_by_none_but, end_silently, heard
from keras_vdd.text import (
    as_text,
    command_line,
    drop_what_cannot_be_written,
    open_standard_streams,
    printable,
    printable_document,
    write_what_can_be_written,
)

COMMANDS = {
    "recipes": "List, show, copy and check recipes.",
    "prepare": "Decode the videos of a recipe into its store.",
    "experts": "Train the networks on the real set that a recipe's matching reads.",
    "interpolator": "Train the network that makes all frames of a few stored ones.",
    "distill": "Take a recipe from videos to a distilled set and its table.",
    "evaluate": "Train fresh classifiers on a distilled set and test them.",
    "train": "Train one classifier on a distilled set and keep it.",
    "predict": "Say which classes a saved classifier sees in videos.",
    "export": "Write a run's distilled set again, elsewhere or smaller.",
    "publish": "Publish a distilled set, or experts, on the Hugging Face Hub.",
    "load": "Get a published set, check all of it and say how to use it.",
    "inspect": "Say what a distilled set, a run or a store holds.",
    "doctor": "Say what this machine has: backends, devices, memory, codecs.",
}

# What these have finished they find again.
GO_ON = ("prepare", "experts", "interpolator", "distill")
# The settings that say where a command keeps what it makes.
KEPT_IN = {
    "prepare": "data.store",
    "experts": "data.store and experts.folder",
    "interpolator": "data.store and interpolator.folder",
    "distill": "data.store and run.dir",
    "evaluate": "data.store",
    "train": "data.store",
}


class Commands(click.Group):
    """A click group that imports each command from the module of the same name, when it is asked for."""

    def list_commands(self, ctx):
        return list(COMMANDS)

    def get_command(self, ctx, name):
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"keras_vdd.cli.{name}").command

    def resolve_command(self, ctx, args):
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if len(args) and args[0] not in COMMANDS:
                import difflib

                close = difflib.get_close_matches(args[0], COMMANDS, n=1)
                hint = f"; did you mean {close[0]}?" if close else f": choose from {', '.join(COMMANDS)}"
                raise click.UsageError(f"unknown command {args[0]}{hint}", ctx) from None
            raise error

    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  vdd distill --recipe quickstart",
)
@click.version_option(__version__, prog_name="vdd")
@session.options
def command():
    """Distil video datasets into a few learned clips, with Keras on torch, tensorflow or jax.

    Settings are given as KEY=VALUE after a command, such as data.root=videos static.iterations=100.
    """


def _show(error):
    """Show what click says of wrong usage; what was typed is in it, letter by letter."""
    text = io.StringIO()
    error.message = (printable(error.message) + _hint(error)).strip()
    error.show(text)
    session.log_last(f"error: {error.format_message()}")
    session.say(printable_document(text.getvalue().rstrip("\n")))


def _hint(error):
    """What to do, where somebody writes a setting as an option or leaves the recipe out."""
    if isinstance(error, click.NoSuchOption) and "." in error.option_name:
        return f" Settings have no dashes: {printable(error.option_name.lstrip('-'))}=VALUE."
    if isinstance(error, click.MissingParameter) and "--recipe" in getattr(error.param, "opts", ()):
        return " Name one, such as --recipe quickstart."
    return ""


def _fail(sentence, code):
    session.say_last(f"error: {sentence}")
    return code


def main(args=None):
    """Run `vdd` and return its exit code: 0 done, 1 failed, 2 wrong usage, 128 + N stopped by signal N."""
    write_what_can_be_written()
    words = sys.argv[1:] if args is None else args
    name = next((word for word in words if word in COMMANDS), None)
    with session.opened() as verbosity:
        try:
            with heard():
                return _run(args, verbosity, KEPT_IN.get(name))
        except KeyboardInterrupt as stopped:
            return _stopped(stopped, words, name)


def run():
    """Be the command: `main`, before and after which a signal ends the process without a word."""
    end_silently()
    open_standard_streams()
    code = main()
    if drop_what_cannot_be_written():
        code = code or 1
    end_by_none_but(code - 128 if code > 128 else None)
    return code


def _run(args, verbosity, kept_in):
    try:
        return command.main(args, prog_name="vdd", standalone_mode=False) or 0
    except click.Abort as abort:
        # What click makes of a `KeyboardInterrupt`, or of the end of its input.
        stopped = abort.__cause__
        raise (stopped if isinstance(stopped, KeyboardInterrupt) else KeyboardInterrupt()) from None
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader, such as `head`, has left.
        return 1
    except VddError as error:
        if verbosity.traceback:
            raise
        return _fail(error, error.exit_code)
    except UnicodeEncodeError as error:
        # Names are text from where they are listed on, and paths are opened here: this is another library's path.
        if verbosity.traceback or as_text(error.object) == error.object:
            raise
        return _fail(f"a path is not UTF-8, which a library needs: rename what '{error.object}' names", 1)
    except Exception as error:
        if verbosity.traceback:
            raise
        # What has no name is standard output.
        named = kept_in is not None and isinstance(error, OSError) and error.filename is not None
        elsewhere = f"put {kept_in} on another disk" if named else ELSEWHERE
        sentence = limit_reached(error, elsewhere) or _of_files(error, kept_in) or _of_libraries(error)
        if sentence is None:
            raise
        return _fail(sentence, 1)


def _stopped(stopped, args, name):
    """Say what stopped the call, what it reached and how to go on; return the exit code of shells for it."""
    number = getattr(stopped, "number", signal.SIGINT)
    words = "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
    if reached := getattr(stopped, "reached", ""):
        words += f": {reached} is kept"
    if name in GO_ON:
        words += f"; the same command goes on: vdd {command_line(args)}"
    session.say_last(words)
    return 128 + number


def _of_files(error, kept_in):
    """The sentence on a file that the system refuses; None where the error is about something else."""
    if not isinstance(error, OSError):
        return None
    if not isinstance(name := place_of(error), str | bytes):
        return str(error)
    name = os.fsdecode(name)
    return f"{name}: {error.strerror}{in_the_way(error) or _of_permissions(error.errno, name, kept_in)}"


def _of_permissions(number, name, kept_in):
    """What to do where permissions do not allow it; "" where it is not that."""
    if number not in (errno.EACCES, errno.EPERM):
        return ""
    if os.path.lexists(name) and not os.access(name, os.R_OK):
        return "; you may not read it: change its permissions, or have its owner do so"
    place = name if os.path.exists(name) else os.path.dirname(name) or "."
    if os.access(place, os.W_OK):
        return ""
    return "; give a path in a folder that you may write to" if kept_in is None else f"; correct {kept_in}"


def _of_libraries(error):
    """The sentence on a library that does not load; None where the error is about something else."""
    if not isinstance(error, ImportError) or (error.name or "").partition(".")[0] == "keras_vdd":
        return None
    return (
        f"a library does not load ({error}): install again what needs it; `vdd doctor` says what works here"
    )
