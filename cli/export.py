"""`vdd export`: write a run's distilled set again, elsewhere or smaller."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example

STORAGE = click.Choice(["float32", "float16", "int8", "int4", "uint8"])


@click.command("export", epilog=example("vdd export runs/quickstart --dtype float16 --to smaller"))
@session.options
@click.argument("path", metavar="SET_OR_RUN", shell_complete=completion.folders)
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False), help="Folder to write.")
@click.option(
    "--dtype",
    type=STORAGE,
    default="float32",
    show_default=True,
    help="Storage of stills, motion and videos; uint8 (pixels) has no motion.",
)
@click.option("--license", metavar="TERMS", help="Terms of the source videos, for the card.")
@click.option("--force", is_flag=True, help="Overwrite a set that is there already.")
@session.json_option
def command(path, folder, dtype, license, force, as_json):
    """Write a distilled set as a folder that `datasets.load_dataset` reads.

    SET_OR_RUN is an exported folder, a run folder or a repository on the Hub (owner/name).
    """
    from keras_vdd.hub.export import export
    from keras_vdd.report.inspection import inspect

    facts = inspect(export(path, folder, dtype=dtype, license=license, overwrite=force))
    written = {"folder": folder, "dtype": facts["dtype"], "bytes": facts["bytes"]}
    if as_json:
        return output.emit_json(written)
    output.emit_lines(written)
