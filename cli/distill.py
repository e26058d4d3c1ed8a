"""`vdd distill`: a recipe from videos to a distilled set and its table."""

from pathlib import Path

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example
from keras_vdd.errors import UsageError
from keras_vdd.text import printable


@click.command(
    "distill",
    epilog=example(
        "vdd distill --recipe quickstart",
        "vdd distill --recipe quickstart --dry-run",
        "vdd distill --recipe quickstart --name slower --stills-from runs/quickstart "
        "dynamic.learning_rates.dynamic=300",
    ),
)
@session.options
@session.recipe_options()
@session.json_option
@click.option("--dry-run", is_flag=True, help="Print shapes, bytes, memory and time; make nothing.")
@click.option(
    "--stills-from",
    metavar="RUN",
    shell_complete=completion.folders,
    help="Run folder to take the stills from, where stage 1 is the same.",
)
def command(request, as_json, dry_run, stills_from):
    """Take a recipe end to end: prepare, learn, export, evaluate, report.

    A finished step is never done again; after an interruption the same command goes on from the last
    checkpoint. The run folder is run.dir/NAME.
    """
    if dry_run and stills_from is not None:
        raise UsageError("--dry-run plans every stage from its start: leave out --stills-from.")
    recipe = request.load()
    with session.working(Path(recipe.run.dir, recipe.run_name)) as progress:
        from keras_vdd import pipeline

        result = pipeline.plan(recipe) if dry_run else pipeline.distill(recipe, progress, stills_from)
    if as_json:
        return output.emit_json(result)
    if dry_run:
        return output.emit_lines(result)
    output.emit_table(result["rows"], result["protocol"])
    whole = recipe.coreset is not None and recipe.coreset.method == "full"
    parts = "report/ has the table" if whole else "distilled/ is the set, report/ its pictures"
    click.echo("\n" + printable(f"{recipe.run.dir}/{recipe.run_name}: {parts}"))
