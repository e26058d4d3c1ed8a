"""`vdd inspect`: what a distilled set, a run or a store holds."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example


@click.command("inspect", epilog=example("vdd inspect runs/quickstart --picture preview.png"))
@session.options
@click.argument("path", metavar="PATH")
@click.option(
    "--picture",
    metavar="FILE.png",
    type=click.Path(dir_okay=False),
    help="Draw a line of frames of each class, of a distilled set or of a store.",
)
@session.json_option
def command(path, picture, as_json):
    """Say what a distilled set, a run folder or a decoded store holds."""
    from keras_vdd.report.inspection import inspect

    facts = inspect(path, picture)
    if as_json:
        return output.emit_json(facts)
    output.emit_lines(facts)
