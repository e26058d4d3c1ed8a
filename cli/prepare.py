"""`vdd prepare`: decode the videos of a recipe into its store."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example


@click.command("prepare", epilog=example("vdd prepare --recipe quickstart data.store=stores --json"))
@session.options
@session.recipe_options()
@session.json_option
def command(asked, as_json):
    """Decode the videos of a recipe into its store, once; `distill` does it too where it was not done.

    A bad video is listed and skipped. An interrupted call goes on where it was.
    """
    recipe = asked.load()
    with session.working() as progress:
        from keras_vdd.training import stages

        result = stages.prepare(recipe, progress)
    if as_json:
        return output.emit_json(result)
    output.emit_lines(result)
