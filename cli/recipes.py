"""`vdd recipes`: list, show, copy and check recipes."""

import os
import re
from pathlib import Path

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example
from keras_vdd.errors import UsageError, VddError


@click.group("recipes", epilog=example("vdd recipes list", "vdd recipes show quickstart"))
@session.options
def command():
    """List, show, copy and check recipes."""


@command.command(
    "list", epilog=example("vdd recipes list --set shapes --method mtt", "vdd recipes list --json")
)
@session.options
@session.json_option
@click.option("--set", "data_set", metavar="SET", help="Only those of one set, such as miniucf.")
@click.option(
    "--method", metavar="METHOD", help="Only those of one loss or method, such as mtt, naive or herding."
)
def list_(data_set, method, as_json):
    """List the recipes of the package, set by set."""
    from keras_vdd.recipe.load import list_recipes

    recipes = list_recipes()
    for option, wanted, told in (("--set", data_set, _sets), ("--method", method, _methods)):
        if wanted is not None:
            recipes = _only(recipes, option, wanted, told)
    if as_json:
        return output.emit_json(
            [
                {
                    "name": recipe.name,
                    "summary": recipe.summary,
                    "method": recipe.method,
                    "set": recipe.data.set,
                }
                for recipe in recipes
            ]
        )
    width = max((len(recipe.name) for recipe in recipes), default=0)
    for name in dict.fromkeys(recipe.data.set for recipe in recipes):
        click.echo(name)
        for recipe in recipes:
            if recipe.data.set == name:
                click.echo(f"  {recipe.name:<{width}}  {recipe.summary}")


def _sets(recipe):
    return {recipe.data.set}


def _methods(recipe):
    return {recipe.method, *([recipe.dynamic.loss] if recipe.dynamic else [])}


def _only(recipes, option, wanted, told):
    known = set().union(*map(told, recipes))
    if wanted not in known:
        raise UsageError(f"no recipe has {option} {wanted}; choose one of {', '.join(sorted(known))}")
    return [recipe for recipe in recipes if wanted in told(recipe)]


def _whole(checked, recipe, run_as, overrides=(), named=True):
    """Return a recipe as a file of its own: what it is, then every setting."""
    from keras_vdd.planning.recipe_opening import opening
    from keras_vdd.recipe.commented import commented_yaml

    return f"{opening(checked, recipe, run_as, overrides)}\n{commented_yaml(checked, named)}"


@command.command(epilog=example("vdd recipes show dm-ucf101 data.size=64 --json"))
@session.options
@session.json_option
@click.option("--source", is_flag=True, help="The files it is laid together from, as written.")
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def show(recipe, overrides, source, as_json):
    """Print a recipe with every setting, as a run takes it."""
    from keras_vdd.recipe.files import sources
    from keras_vdd.recipe.load import load_recipe

    checked = load_recipe(recipe, overrides)
    if as_json:
        return output.emit_json(checked.model_dump(mode="json"))
    if source:
        return click.echo("\n".join(f"# {file}\n{text}" for file, text in sources(recipe)), nl=False)
    click.echo(_whole(checked, recipe, recipe, overrides), nl=False)


@command.command(
    epilog=example("vdd recipes copy quickstart my.yaml", "vdd recipes copy dm-ucf101 data.size=64")
)
@session.options
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.argument("recipe")
@click.argument("file", required=False, metavar="[FILE]")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def copy(recipe, file, overrides, force):
    """Write a recipe with every setting to a file, to change it; to RECIPE.yaml here by default."""
    from keras_vdd.recipe.load import load_recipe

    if file is not None and re.match(r"[a-z_.0-9]+=", file):
        file, overrides = None, (file, *overrides)
    checked = load_recipe(recipe, overrides)
    target = Path(file or f"{checked.name}.yaml")
    if target.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{target} must end in .yaml: that tells a recipe's file from a recipe's name")
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file in it")
    if target.exists() and not force:
        raise VddError(f"{target} exists already; --force overwrites it")
    # Without a name in it, it has the name of the file, and so has its run folder.
    text = _whole(checked, recipe, target, named=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(f"{target}: change it and run `vdd distill --recipe {target}`")


@command.command(epilog=example("vdd recipes validate quickstart static.iterations=10"))
@session.options
@session.json_option
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def validate(recipe, overrides, as_json):
    """Check a recipe; all that is wrong is said at once."""
    from keras_vdd.recipe.load import load_recipe

    checked = load_recipe(recipe, overrides)
    if as_json:
        return output.emit_json({"recipe": checked.name, "valid": True})
    click.echo(f"{recipe}: valid")
