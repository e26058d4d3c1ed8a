"""Find a recipe, lay its overrides over it, check it, and write it out again."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from keras_vdd.errors import UsageError
from keras_vdd.recipe import files
from keras_vdd.recipe.explain import sentences
from keras_vdd.recipe.names import known
from keras_vdd.recipe.overrides import Overrides, apply, plain
from keras_vdd.recipe.places import refuse_files
from keras_vdd.recipe.schema import Recipe, RunSettings
from keras_vdd.recipe.yaml_text import as_mapping, as_yaml
from keras_vdd.tensors import File

_RUN = {"dir": RunSettings().dir, "name": None}


def _checked(values, source, overrides, settings=None, shown="quickstart"):
    values, wrong = apply(values, overrides, shown)
    values, more = apply(values, settings or {}, shown)
    wrong += more
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        wrong += sentences(error, values)
    if wrong:
        lines = wrong[0] if len(wrong) == 1 else "".join(f"\n  - {sentence}" for sentence in wrong)
        raise UsageError(f"recipe {source}: {lines}" if len(wrong) == 1 else f"recipe {source}:{lines}")
    return recipe


def load_recipe(
    recipe: File | Mapping[str, Any] | Recipe, overrides: Overrides = (), **settings: Any
) -> Recipe:
    """Return a checked recipe: every setting of a run, each with a default.

    Args:
        recipe: name of a recipe of the package (`list_recipes` has them), path of a `.yaml` file, a mapping of
            what such a file would hold (it needs a `name`, and `extends` may name another recipe), or a `Recipe`.
        overrides: settings laid over it: `KEY=VALUE` texts such as `"static.iterations=100"`, of which later
            ones win, or a mapping such as `{"static.iterations": 100}` or `{"static": {"iterations": 100}}`.
            None as a value, or `dynamic=null`, removes a stage.
        **settings: the same as keywords, laid over those.

    Returns:
        `Recipe`, immutable; its settings are attributes, such as `recipe.dynamic.iterations`. Its `name` is the
        file's name where the file gives none.

    Raises:
        UsageError: the recipe is unknown or wrong; the message has everything that is wrong with it.

    Example:
        >>> recipe = keras_vdd.load_recipe("quickstart", **{"dynamic.iterations": 5, "run.name": "short"})
        >>> recipe.dynamic.iterations
        5
    """
    shown = "quickstart"
    if isinstance(recipe, Recipe):
        if not overrides and not settings:
            return recipe
        name, values = recipe.name, recipe.model_dump(mode="json")
    elif isinstance(recipe, Mapping):
        name = str(recipe.get("name", "given as a mapping"))
        values = files.extended(plain(recipe), name)
    else:
        stem, values = files.values_of(recipe)
        name = shown = str(recipe)
        values = {"name": stem, **values}
    return _checked(values, name, overrides, settings, shown)


def parse_recipe(text: str, source: str = "text", overrides: Overrides = (), **settings: Any) -> Recipe:
    """Return the checked recipe that YAML text holds, such as the one that travels in a distilled set.

    Raises:
        UsageError: it is wrong, or extends a file: there is none beside a text.
    """
    values = as_mapping(text, source)
    refuse_files(values, f"recipe {source}")
    return _checked(files.extended(values, source), source, overrides, settings)


def run_folder_of(recipe: File, overrides: Overrides = ()) -> Path | None:
    """Return the run folder of a recipe by name or path, without a look at its other settings; None where it is wrong.

    Args:
        recipe, overrides: as `load_recipe` takes them.
    """
    try:
        stem, values = files.values_of(recipe)
        run = {**_RUN, **(apply(values, overrides)[0].get("run") or {})}
        return Path(run["dir"], run["name"] or values.get("name", stem))
    except (UsageError, TypeError, ValueError):
        return None


def resolved_yaml(recipe: Recipe) -> str:
    """Return the recipe as YAML text with every setting in it; equal recipes give equal bytes.

    `load_recipe` of that text gives an equal recipe.
    """
    return as_yaml(recipe.model_dump(mode="json"))


def list_recipes(set: str | None = None, method: str | None = None) -> list[Recipe]:
    """Return the recipes of the package, in the order of their names.

    Args:
        set: only those of one set, such as `"miniucf"`.
        method: only those of one loss or method, such as `"mtt"`, `"naive"` or `"herding"`.

    Raises:
        UsageError: no recipe is of that set or method; the message has those that there are.

    Example:
        >>> [recipe.name for recipe in keras_vdd.list_recipes(set="shapes", method="mtt")]
        ['mtt-shapes', 'mtt-shapes-naive']
    """
    recipes = [load_recipe(name) for name in known()]
    for word, wanted, told in (("set", set, _sets), ("method", method, _methods)):
        if wanted is not None:
            choices = sorted({name for recipe in recipes for name in told(recipe)})
            if wanted not in choices:
                raise UsageError(f"no recipe has {word} {wanted}; choose one of {', '.join(choices)}")
            recipes = [recipe for recipe in recipes if wanted in told(recipe)]
    return recipes


def _sets(recipe):
    return (recipe.data.set,)


def _methods(recipe):
    return (recipe.method, *([recipe.dynamic.loss] if recipe.dynamic else []))
