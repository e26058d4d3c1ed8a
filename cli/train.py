"""`vdd train`: one classifier trained on a distilled set, tested, and kept."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example


@click.command(
    "train",
    epilog=example(
        "vdd train runs/quickstart --save classifier.keras",
        "vdd train runs/quickstart --model mini_c3d evaluation.width=64",
    ),
)
@session.options
@click.argument("path", metavar="SET_OR_RUN", shell_complete=completion.folders)
@session.recipe_options(required=False)
@click.option(
    "--save",
    metavar="FILE.keras",
    shell_complete=completion.files,
    help="Keep the classifier: it loads in plain Keras.",
)
@session.model_option
@session.json_option
def command(path, request, model, save, as_json):
    """Train a classifier on a distilled set and test it on the test videos of its recipe.

    SET_OR_RUN is an exported folder, a run folder or a repository on the Hub (owner/name).

    What --save writes has Keras' own layers only: it takes pixels, gives probabilities and names its classes. The
    accuracy is then that of the file, loaded and tested. `vdd predict` asks it.
    """
    from keras_vdd.classifiers.place import check_save
    from keras_vdd.hub.target import resolve_target
    from keras_vdd.recipe.model_choice import with_model

    # Before a backend starts, which takes seconds: a slip in a path should not.
    check_save(save)
    found = resolve_target(path, request.recipe, request.overrides)
    recipe = with_model(found.recipe, model)
    with session.working(path) as progress:
        from keras_vdd.classifiers.training import train

        result = train(found.folder, recipe, progress, save)
    if as_json:
        return output.emit_json(result)
    output.emit_lines({name: value for name, value in result.items() if value is not None})
