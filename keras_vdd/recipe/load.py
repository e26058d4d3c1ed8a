"""Find a recipe, lay its overrides over it, check it, and write it out again."""

from pydantic import ValidationError

from keras_vdd.errors import UsageError
from keras_vdd.recipe import files
from keras_vdd.recipe import overrides as settings
from keras_vdd.recipe.explain import sentences
from keras_vdd.recipe.names import known
from keras_vdd.recipe.schema import Recipe
from keras_vdd.recipe.yaml_text import as_mapping, as_yaml


def _checked(values, source, overrides):
    values, wrong = settings.apply(values, overrides)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        wrong += sentences(error, values)
    if wrong:
        lines = wrong[0] if len(wrong) == 1 else "".join(f"\n  - {sentence}" for sentence in wrong)
        raise UsageError(f"recipe {source}: {lines}" if len(wrong) == 1 else f"recipe {source}:{lines}")
    return recipe


def load_recipe(name_or_path, overrides=()):
    """Return the checked recipe of that name, or in that YAML file.

    Args:
        name_or_path: name of a recipe of the package, or path of a `.yaml` file.
        overrides: `KEY=VALUE` texts with dotted keys, such as `static.iterations=100`; later ones win,
            `dynamic=null` removes a stage.

    Returns:
        `Recipe`, immutable; its `name` is the file's name where the file gives none.

    Raises:
        UsageError: the recipe is unknown or wrong; the message has everything that is wrong with it.
    """
    name, values = files.values_of(name_or_path)
    return _checked({"name": name, **values}, name_or_path, overrides)


def parse_recipe(text, source="text", overrides=()):
    """Return the checked recipe that YAML text holds, such as the one that travels in a distilled set."""
    values = files.extended(as_mapping(text, source), source)
    return _checked(values, source, overrides)


def resolved_yaml(recipe):
    """Return the recipe as YAML text with every setting in it; equal recipes give equal bytes.

    `load_recipe` of that text gives an equal recipe.
    """
    return as_yaml(recipe.model_dump(mode="json"))


def list_recipes():
    """Return the recipes of the package, in the order of their names."""
    return [load_recipe(name) for name in known()]
