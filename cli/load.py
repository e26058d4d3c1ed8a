"""`vdd load`: get a published set, check it and say how to use it."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example
from keras_vdd.text import printable


@click.command(
    "load", epilog=example("vdd load runs/quickstart --json", "vdd load runs/quickstart --to copy")
)
@session.options
@click.argument("address", metavar="ADDRESS", shell_complete=completion.folders)
@click.option("--revision", metavar="REVISION", help="Branch, tag or commit of a repository.")
@click.option(
    "--to", "folder", metavar="FOLDER", type=click.Path(file_okay=False), help="Copy the set to this folder."
)
@session.json_option
def command(address, revision, folder, as_json):
    """Get a published set, check every file and row of it, and say what it holds and how to use it.

    ADDRESS is a repository on the Hub (owner/name, owner/name@revision, hf://owner/name or the address of its
    page), an exported folder or a run folder. What was downloaded before is not downloaded again.
    """
    from keras_vdd.hub.address import repository_at
    from keras_vdd.hub.copies import copy_set
    from keras_vdd.hub.load import load
    from keras_vdd.report.set_facts import set_facts

    repository = repository_at(address, revision)
    distilled = load(address, revision=revision)
    place = distilled.folder if folder is None else str(copy_set(distilled, folder))
    named = place if folder is not None or repository is None else repository.repository
    at = "" if named == place or repository.revision is None else f', revision="{repository.revision}"'
    line = f'datasets.load_dataset("{named}"{at}, split="train")'
    facts = {"folder": place, **set_facts(distilled), "line": line}
    if as_json:
        return output.emit_json(facts)
    hidden = ("shapes", "mean", "std", "provenance", "line")
    shown = {**facts, "results": output.scores(facts["results"])}
    output.emit_lines({name: value for name, value in shown.items() if name not in hidden})
    click.echo(f"\nimport datasets, keras_vdd\n{printable(f'train = {line}')}")
