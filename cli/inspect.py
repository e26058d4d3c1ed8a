"""`vdd inspect`: what a distilled set, a run or a store holds."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example


@click.command("inspect", epilog=example("vdd inspect runs/quickstart --picture preview.png"))
@session.options
@click.argument("path", metavar="PATH_OR_NAME", shell_complete=completion.folders)
@click.option(
    "--picture",
    metavar="FILE.png",
    type=click.Path(dir_okay=False),
    help="Draw a line of frames of each class, of a distilled set or of a store.",
)
@click.option(
    "--gif",
    metavar="FILE.gif",
    type=click.Path(dir_okay=False),
    help="Animate a video of each class of a distilled set (.gif or .webp).",
)
@session.json_option
def command(path, picture, gif, as_json):
    """Say what a distilled set, a run folder or a decoded store holds.

    PATH_OR_NAME is a folder, or for a published set a repository on the Hub (owner/name, owner/name@revision).
    """
    from keras_vdd.report.inspection import inspect

    facts = inspect(path, picture, gif)
    if as_json:
        return output.emit_json(facts)
    output.emit_lines(_shown(facts))


def _shown(facts):
    if "distilled" in facts:
        return {**facts, "distilled": _shown(facts["distilled"])}
    return {**facts, "results": output.scores(facts["results"])} if "results" in facts else facts
