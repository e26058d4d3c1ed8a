"""`vdd recipes`: list, show, copy and check recipes."""

import os
import shutil
from pathlib import Path

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example
from keras_vdd.errors import UsageError, VddError


@click.group("recipes", epilog=example("vdd recipes list", "vdd recipes show quickstart"))
@session.options
def command():
    """List, show, copy and check recipes."""


@command.command("list", epilog=example("vdd recipes list --set shapes --method mtt", "vdd recipes list --json"))
@session.options
@session.json_option
@click.option("--set", "data_set", metavar="SET", help="Only those of one set, such as miniucf.")
@click.option("--method", metavar="METHOD", help="Only those of one loss or method, such as mtt, naive or herding.")
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
                {"name": recipe.name, "summary": recipe.summary, "method": recipe.method, "set": recipe.data.set}
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


def _opening(text):
    """Return the comment that a recipe file opens with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


@command.command(epilog=example("vdd recipes show dm-ucf101 data.size=64 --json"))
@session.options
@session.json_option
@click.option("--source", is_flag=True, help="The file as written, before extends and overrides.")
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
def show(recipe, overrides, source, as_json):
    """Print a recipe with every setting, as a run takes it."""
    from keras_vdd.recipe.files import find
    from keras_vdd.recipe.load import load_recipe, resolved_yaml

    checked = load_recipe(recipe, overrides)
    text = find(recipe)[1].read_text(encoding="utf-8")
    if as_json:
        return output.emit_json(checked.model_dump(mode="json"))
    if source:
        return click.echo(text, nl=False)
    opening = _opening(text)
    click.echo(opening + ("\n" if opening else "") + resolved_yaml(checked), nl=False)


@command.command(epilog=example("vdd recipes copy quickstart my.yaml"))
@session.options
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.argument("recipe")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def copy(recipe, file, force):
    """Copy a recipe, to change it; to RECIPE.yaml here by default."""
    from keras_vdd.recipe.files import find

    name, source = find(recipe)
    target = file or Path(f"{name}.yaml")
    if target.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{target} must end in .yaml: that tells a recipe's file from a recipe's name")
    if target.exists() and not force:
        raise VddError(f"{target} exists already; --force overwrites it")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with source.open("rb") as reader, partial.open("wb") as writer:
            shutil.copyfileobj(reader, writer)
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
