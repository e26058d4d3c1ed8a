"""`vdd experts`: the networks trained on the real set that a recipe's matching reads."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example

LINE = (
    "vdd experts --recipe quickstart dynamic.loss=mtt dynamic.learning_rates.step_size=1e-5 experts.count=2 "
    "experts.batch_size=32"
)


@click.command("experts", epilog=example(LINE))
@session.options
@session.recipe_options()
@session.json_option
def command(request, as_json):
    """Train the experts of a recipe, those that are not there yet; `distill` does it too.

    They are kept in experts.folder, and recipes that need the same ones share them. An interrupted call goes
    on with the missing ones; experts.processes trains several side by side.
    """
    recipe = request.load()
    with session.working() as progress:
        from keras_vdd import pipeline

        result = pipeline.make_experts(recipe, progress)
    if as_json:
        return output.emit_json(result)
    top1 = [expert["top1"] for expert in result["experts"]]
    shown = {"mean": sum(top1) / len(top1), "least": min(top1), "most": max(top1)}
    output.emit_lines({**result, "experts": len(top1), "top-1 percent": shown})
