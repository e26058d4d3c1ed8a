"""What holds for a whole call of `vdd`: the backend, how much is said, and where it is said."""

import contextlib
import functools
import logging
import os
import sys
from dataclasses import dataclass

import click

from keras_vdd import starting
from keras_vdd.cli import backend, completion, log_file
from keras_vdd.errors import VddError
from keras_vdd.text import printable_lines


@dataclass
class Verbosity:
    """How much a call says: -1 errors only, 0 progress, 1 also log lines, 2 also tracebacks."""

    level: int = 0

    @property
    def traceback(self):
        """Whether an error shows where in the code it happened."""
        return self.level >= 2


_verbosity = Verbosity()
_plugins: list[str] = []


@contextlib.contextmanager
def opened():
    """Context of a call: the last one's options are forgotten; gives the verbosity that this one's set."""
    _verbosity.level = 0
    _plugins.clear()
    try:
        yield _verbosity
    finally:
        log_file.end()


def say_last(text):
    """Say on standard error, and in the file of --log-file, how a call ended."""
    say(printable_lines(text))
    log_last(text)


def say(text):
    """Write to standard error, which may go to a disk that is full: the exit code tells then."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def log_last(text):
    """Put how a call ended into the file of --log-file, which may be on a disk that is full."""
    for file in log_file.all_open():
        with contextlib.suppress(VddError):
            file.say(text)


def _set_backend(ctx, parameter, value):
    if value is not None and not ctx.resilient_parsing:
        backend.choose(value)


def _louder(ctx, parameter, value):
    _verbosity.level += value


def _quieter(ctx, parameter, value):
    if value:
        _verbosity.level = -1
        # The Hub's client reads these when it is first imported.
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")


def _log_to(ctx, parameter, value):
    if value is not None and not ctx.resilient_parsing:
        log_file.begin(value)


def _name_plugins(ctx, parameter, value):
    if not ctx.resilient_parsing:
        _plugins.extend(value)


def _load_plugins(context):
    """Run the files that --plugin named; Keras, which they may import, is started as elsewhere first."""
    from keras_vdd.plugins import load_plugin

    backend.settle(say=_verbosity.level >= 0, run=_run_of(context))
    backend.start(quietly=_verbosity.level < 1)
    with contextlib.redirect_stdout(sys.stderr):
        for path in _plugins:
            load_plugin(path)


def _run_of(context):
    """The folder of the run that a command is about, as far as its arguments say; they are not checked yet.

    What a recipe names may be what a plugin adds.
    """
    given = context.params
    if context.command.name != "distill":
        return given.get("path")
    from keras_vdd.recipe.load import run_folder_of

    name = [] if given["name"] is None else [f"run.name={given['name']}"]
    return run_folder_of(given["recipe"], [*given["overrides"], *name])


def options(command):
    """Add the options that may stand before a command as well as after it."""

    @functools.wraps(command)
    def function(*args, **others):
        backend.refuse_no_folder()
        starting.spare_address_space()
        starting.refuse_few_threads()
        # Not yet in a group: what follows its name may still choose a backend.
        context = click.get_current_context()
        if _plugins and not isinstance(context.command, click.Group):
            _load_plugins(context)
        return command(*args, **others)

    for option in (
        click.option(
            "--plugin",
            metavar="FILE.py",
            shell_complete=completion.files,
            multiple=True,
            expose_value=False,
            callback=_name_plugins,
            help="Run a file of your own first, which adds networks, sets or others. May be repeated.",
        ),
        click.option(
            "--log-file",
            metavar="FILE",
            type=click.Path(dir_okay=False),
            expose_value=False,
            callback=_log_to,
            help="Add what is said, with times, to a file as well.",
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_louder,
            help="Say more; twice: with tracebacks.",
        ),
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            expose_value=False,
            callback=_quieter,
            help="Say nothing but results and errors.",
        ),
        click.option(
            "--backend",
            type=click.Choice(backend.NAMES),
            is_eager=True,
            expose_value=False,
            callback=_set_backend,
            help="Keras backend; else KERAS_BACKEND, that of the run, of keras.json, or the first installed.",
        ),
    ):
        function = option(function)
    return function


def recipe_options(required=True):
    """Add --recipe, its shortcuts and KEY=VALUE; the function gets them as `request`, a `RecipeRequest`."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(recipe, seed, device, precision, name, overrides, **others):
            shortcuts = {
                "run.seed": seed, "run.device": device, "run.precision": precision, "run.name": name,
            }  # fmt: skip
            given = [f"{key}={value}" for key, value in shortcuts.items() if value is not None]
            return function(request=RecipeRequest(recipe, (*overrides, *given)), **others)

        for option in (
            click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=completion.keys),
            click.option("--name", metavar="NAME", help="Name of the run folder: run.name=NAME."),
            click.option(
                "--precision",
                type=click.Choice(["float32", "bfloat16"]),
                help="What the networks compute in: run.precision=...",
            ),
            click.option(
                "--device",
                metavar="DEVICE",
                help="What computes: run.device=auto, cpu, gpu, cuda, cuda:N or mps.",
            ),
            click.option("--seed", type=click.IntRange(min=0), metavar="N", help="run.seed=N."),
            click.option(
                "--recipe",
                required=required,
                metavar="RECIPE",
                shell_complete=completion.recipes,
                help="Name of a recipe (`vdd recipes list`) or path of a YAML file.",
            ),
        ):
            wrapper = option(wrapper)
        return wrapper

    return decorate


model_option = click.option(
    "--model",
    metavar="NAME|FILE.keras",
    shell_complete=completion.files,
    help="Another network: one that is registered, or the architecture of a file, its weights drawn anew.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")


@dataclass(frozen=True)
class RecipeRequest:
    """A recipe as asked for: its name or path, None for that of the set, and what is laid over it."""

    recipe: str | None
    overrides: tuple[str, ...]

    def load(self):
        """Return the checked recipe."""
        from keras_vdd.recipe.load import load_recipe

        return load_recipe(self.recipe, self.overrides)


def progress():
    """Return the progress listener: what --quiet leaves of the terminal's, and the file of --log-file."""
    from keras_vdd.progress import Several, listener

    shown, files = listener(_verbosity.level >= 0), log_file.all_open()
    return Several(shown, *files) if files else shown


@contextlib.contextmanager
def working(run=None):
    """Settle the backend and give the progress listener; standard output is kept for the result.

    What the code inside prints goes to standard error.

    Args:
        run: folder of the run that the command is about: where nobody chose a backend, it is that of the run.
    """
    level = _verbosity.level
    backend.settle(say=level >= 0, run=run)
    backend.start(quietly=level < 1)
    listener = progress()
    with contextlib.redirect_stdout(sys.stderr), _log_lines_to(listener, level):
        yield listener


class _Said(logging.Handler):
    """Puts log lines among the progress, so that they tear no bar."""

    def __init__(self, progress):
        super().__init__()
        self._progress = progress

    def emit(self, record):
        self._progress.say(self.format(record))


@contextlib.contextmanager
def _log_lines_to(progress, level):
    log, handler = logging.getLogger("keras_vdd"), _Said(progress)
    before = log.level, log.propagate
    log.setLevel({-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(level, logging.DEBUG))
    log.propagate = False
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]
