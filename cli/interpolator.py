"""`vdd interpolator`: the network that makes all frames of a few, trained on the real set."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example

SETTINGS = "memory.stored_frames=2 memory.interpolation=parametric"


@click.command(
    "interpolator",
    epilog=example(
        f"vdd interpolator --recipe dm-shapes-naive {SETTINGS}",
        f"vdd interpolator --recipe dm-shapes-naive {SETTINGS} interpolator.iterations=500 --dry-run",
    ),
)
@session.options
@session.recipe_options()
@session.json_option
@click.option("--dry-run", is_flag=True, help="Print its size, memory and time; train nothing.")
def command(request, as_json, dry_run):
    """Train the interpolator of a recipe where it is not there yet; `distill` does it too.

    It learns to recover the real training clips from memory.stored_frames of their own frames, evenly spaced. It is
    kept in interpolator.folder, and recipes that need the same one share it. An interrupted call goes on from its last
    checkpoint.
    """
    recipe = request.load()
    with session.working() as progress:
        from keras_vdd import pipeline

        result = pipeline.make_interpolator(recipe, progress, dry_run=dry_run)
    (output.emit_json if as_json else output.emit_lines)(result)
