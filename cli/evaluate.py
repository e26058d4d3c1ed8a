"""`vdd evaluate`: fresh classifiers trained on a distilled set, tested on real videos."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example


@click.command(
    "evaluate",
    epilog=example(
        "vdd evaluate runs/quickstart evaluation.seeds=5 --json",
        "vdd evaluate runs/quickstart --model classifier.keras",
    ),
)
@session.options
@click.argument("path", metavar="SET_OR_RUN", shell_complete=completion.folders)
@session.recipe_options(required=False)
@session.model_option
@session.json_option
def command(path, request, model, as_json):
    """Train fresh classifiers on a distilled set and test them on the test videos of its recipe.

    SET_OR_RUN is an exported folder, a run folder or a repository on the Hub (owner/name). The recipe is
    the one it was made with unless --recipe names another.
    """
    from keras_vdd.hub.target import resolve_target
    from keras_vdd.recipe.model_choice import with_model

    # Before a backend starts, which takes seconds: a slip in a path should not.
    found = resolve_target(path, request.recipe, request.overrides)
    recipe = with_model(found.recipe, model)
    with session.working(path) as progress:
        from keras_vdd import pipeline

        result = pipeline.evaluate(found.folder, recipe, progress)
    if as_json:
        return output.emit_json(result)
    output.emit_table([result], result["protocol"])
