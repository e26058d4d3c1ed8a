"""`vdd train`: one classifier trained on a distilled set, tested, and kept."""

from pathlib import Path

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example
from keras_vdd.cli.located import located
from keras_vdd.errors import UsageError


@click.command("train", epilog=example("vdd train runs/quickstart --save classifier.keras"))
@session.options
@click.argument("path", metavar="SET_OR_RUN")
@session.recipe_options(required=False)
@click.option("--save", metavar="FILE.keras", type=click.Path(dir_okay=False), help="Keep the classifier.")
@session.json_option
def command(path, asked, save, as_json):
    """Train a classifier on a distilled set and test it on the test videos of its recipe.

    SET_OR_RUN is an exported folder or a run folder.
    """
    if save and Path(save).suffix != ".keras":
        raise UsageError(f"--save {save} must end in .keras")
    if save and not Path(save).absolute().parent.is_dir():
        raise UsageError(f"--save {save}: the folder {Path(save).absolute().parent} does not exist")
    found = located(path, asked)
    with session.working() as progress:
        from keras_vdd import pipeline

        result = pipeline.train_on_set(found.folder, found.recipe, progress, save=save)
    if as_json:
        return output.emit_json(result)
    output.emit_lines(result)
