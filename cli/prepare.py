"""`vdd prepare`: decode the videos of a recipe into its store."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example
from keras_vdd.text import printable

# Of a set with many bad files the first few say what is wrong; the table has all.
FAILURES_SHOWN = 20


@click.command("prepare", epilog=example("vdd prepare --recipe quickstart data.store=stores --json"))
@session.options
@session.recipe_options()
@session.json_option
def command(request, as_json):
    """Decode the videos of a recipe into its store, once; `distill` does it too where it was not done.

    A bad video is listed and skipped. An interrupted call goes on where it was.
    """
    recipe = request.load()
    with session.working() as progress:
        from keras_vdd import pipeline

        result = pipeline.prepare(recipe, progress)
    if as_json:
        return output.emit_json(result)
    failures = result.pop("failures")
    output.emit_lines(result)
    for failure in failures[:FAILURES_SHOWN]:
        click.echo(printable(f"failed  {failure['split']}  {failure['video']}: {failure['reason']}"))
    if len(failures) > FAILURES_SHOWN:
        more = len(failures) - FAILURES_SHOWN
        click.echo(printable(f"and {more:,} more, in failed.csv of each split under {result['store']}"))
