"""`vdd train`: one classifier trained on a distilled set, tested, and kept."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example


@click.command("train", epilog=example("vdd train runs/quickstart --save classifier.keras"))
@session.options
@click.argument("path", metavar="SET_OR_RUN")
@session.recipe_options(required=False)
@click.option("--save", metavar="FILE.keras", type=click.Path(dir_okay=False), help="Keep the classifier.")
@session.json_option
def command(path, request, save, as_json):
    """Train a classifier on a distilled set and test it on the test videos of its recipe.

    SET_OR_RUN is an exported folder, a run folder or a repository on the Hub (owner/name).
    """
    from keras_vdd.hub.target import resolve_target

    # Before a backend starts, which takes seconds: a slip in a path should not.
    found = resolve_target(path, request.recipe, request.overrides)
    with session.working() as progress:
        from keras_vdd.classifiers.training import train

        result = train(found.folder, found.recipe, progress, save)
    if as_json:
        return output.emit_json(result)
    output.emit_lines(result)
