"""`vdd recipes`: list, show, copy and check recipes."""

import re

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example
from keras_vdd.text import command_line, printable, printable_document


@click.group("recipes", epilog=example("vdd recipes list", "vdd recipes show quickstart"))
@session.options
def command():
    """List, show, copy and check recipes."""


@command.command(
    "list", epilog=example("vdd recipes list --set shapes --method mtt", "vdd recipes list --json")
)
@session.options
@session.json_option
@click.option(
    "--set",
    "data_set",
    metavar="SET",
    shell_complete=completion.sets,
    help="Only those of one set, such as miniucf.",
)
@click.option(
    "--method", metavar="METHOD", help="Only those of one loss or method, such as mtt, naive or herding."
)
def list_(data_set, method, as_json):
    """List the recipes of the package, set by set."""
    from keras_vdd.recipe.load import list_recipes

    recipes = list_recipes(data_set, method)
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
                click.echo(printable(f"  {recipe.name:<{width}}  {recipe.summary}"))


@command.command(epilog=example("vdd recipes show dm-ucf101 data.size=64 --json"))
@session.options
@session.json_option
@click.option("--source", is_flag=True, help="The files it is laid together from, as written.")
@click.argument("recipe", shell_complete=completion.recipes)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=completion.keys)
def show(recipe, overrides, source, as_json):
    """Print a recipe with every setting, as a run takes it."""
    from keras_vdd.planning.recipe_copies import show_recipe
    from keras_vdd.recipe.files import sources
    from keras_vdd.recipe.load import load_recipe

    if as_json:
        return output.emit_json(load_recipe(recipe, overrides).model_dump(mode="json"))
    text = show_recipe(recipe, overrides)
    if source:
        text = "\n".join(f"# {file}\n{text}" for file, text in sources(recipe))
    click.echo(printable_document(text), nl=False)


@command.command(
    epilog=example("vdd recipes copy quickstart my.yaml", "vdd recipes copy dm-ucf101 data.size=64")
)
@session.options
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.argument("recipe", shell_complete=completion.recipes)
@click.argument("file", required=False, metavar="[FILE]", shell_complete=completion.file_or_keys)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=completion.keys)
def copy(recipe, file, overrides, force):
    """Write a recipe with every setting to a file, to change it; to RECIPE.yaml here by default."""
    from keras_vdd.planning.recipe_copies import copy_recipe

    if file is not None and re.match(r"[a-z_.0-9]+=", file):
        file, overrides = None, (file, *overrides)
    target = copy_recipe(recipe, file, overrides, overwrite=force)
    line = command_line(["vdd", "distill", "--recipe", str(target)])
    click.echo(printable(f"{target}: change it and run `{line}`"))


@command.command(epilog=example("vdd recipes validate quickstart static.iterations=10"))
@session.options
@session.json_option
@click.argument("recipe", shell_complete=completion.recipes)
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=completion.keys)
def validate(recipe, overrides, as_json):
    """Check a recipe; all that is wrong is said at once."""
    from keras_vdd.recipe.load import load_recipe

    checked = load_recipe(recipe, overrides)
    if as_json:
        return output.emit_json({"recipe": checked.name, "valid": True})
    click.echo(printable(f"{recipe}: valid"))
