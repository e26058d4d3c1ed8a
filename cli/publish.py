"""`vdd publish`: a distilled set, or experts, become a dataset repository on the Hugging Face Hub."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example
from keras_vdd.cli.export import STORAGE
from keras_vdd.errors import UsageError
from keras_vdd.text import printable_document


@click.command(
    "publish",
    epilog=example(
        "vdd publish runs/quickstart me/shapes-distilled --license cc0-1.0 --dry-run",
        "vdd publish runs/quickstart me/shapes-distilled --license cc0-1.0",
    ),
)
@session.options
@click.argument("path", metavar="SET_OR_RUN", shell_complete=completion.folders)
@click.argument("repository", metavar="OWNER/NAME")
@click.option(
    "--license",
    metavar="TERMS",
    help="Terms of the source videos: a name of the Hub (cc-by-4.0) or words; else what the set's card says.",
)
@click.option("--private", is_flag=True, help="Make the repository private.")
@click.option("--pr", "pull_request", is_flag=True, help="Open a pull request on a repository that is there.")
@click.option("--revision", metavar="BRANCH", help="Publish to this branch; it is made if it is not there.")
@click.option("--tag", metavar="NAME", help="Tag the commit; else format-N, which is on the newest set.")
@click.option(
    "--dtype",
    type=STORAGE,
    help="Storage of stills, motion and videos; else that of the set.",
)
@click.option("--experts", is_flag=True, help="Publish the experts of a run, a recipe or a folder of them.")
@click.option("--message", metavar="TEXT", help="Message of the commit.")
@click.option("--dry-run", is_flag=True, help="List the files and their bytes; use no network.")
@session.json_option
def command(path, as_json, experts, dtype, **options):
    """Publish a distilled set on the Hugging Face Hub, or publish it again.

    SET_OR_RUN is an exported folder, a run folder or another repository. The repository is made if it is not
    there, and changed by one commit: files of an earlier set are replaced or deleted, others stay. The token
    is that of HF_TOKEN or `hf auth login`.

    With --experts, SET_OR_RUN is a run folder, a recipe or a folder that `vdd experts` made, and the networks
    trained on real videos are published; other recipes take them by experts.source=hf://OWNER/NAME.
    """
    if experts:
        if dtype is not None:
            raise UsageError("--dtype is for distilled sets: experts are float32")
        with session.working() as progress:
            from keras_vdd.experts.published import publish_experts

            facts = publish_experts(path, progress=progress, **options)
    else:
        from keras_vdd.hub.publish import publish

        facts = publish(path, dtype=dtype, progress=session.progress(), **options)
    if as_json:
        return output.emit_json(facts)
    shown = ("repository", "license", "experts", "bytes", "files")
    output.emit_lines({name: facts[name] for name in shown if name in facts})
    if options["dry_run"]:
        return click.echo("\nnothing was sent (--dry-run)")
    click.echo(printable_document(f"\n{_done(facts)}\n\n{_use(facts)}"))


def _use(facts):
    return f"load it: {facts['load']}" if "load" in facts else f"take them: {facts['use']}"


def _done(facts):
    """Say in a sentence or two what happened to the repository."""
    if not facts["changed"]:
        return f"nothing changed: {facts['url']} holds all of it already"
    where = f"{facts['url']} at {facts['revision']}"
    if facts["pull_request"]:
        where = f"pull request {facts['pull_request']}"
    tag = f", tag {facts['tag']}" if facts["tag"] else ""
    said = f"published: {where}{tag}"
    if facts["deleted"]:
        said += f"\ndeleted, from before: {', '.join(facts['deleted'])}"
    others = [name for name in facts["kept"] if name != ".gitattributes"]
    return f"{said}\nleft as they are: {', '.join(others)}" if others else said
