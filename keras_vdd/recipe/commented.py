"""A whole recipe as a person reads it: every setting, each under what the schema says of it."""

import inspect
import textwrap

from pydantic import BaseModel

from keras_vdd.methods import LearningRates
from keras_vdd.recipe.schema import Recipe
from keras_vdd.recipe.yaml_text import as_yaml

WIDTH = 110


def commented_yaml(recipe: Recipe, named: bool = True) -> str:
    """Return the recipe as YAML text with every setting in it, and a comment above each.

    Args:
        recipe: `Recipe`.
        named: whether it says its name; a file that does not has the name of the file.

    `parse_recipe` of the text gives an equal recipe.
    """
    values = recipe.model_dump(mode="json")
    fields = [name for name in values if named or name != "name"]
    return "\n".join("".join(_field(recipe, name, values[name], "")) for name in fields)


def _field(section, name, value, indent):
    model = getattr(section, name)
    if isinstance(model, BaseModel):
        yield from _comment(inspect.getdoc(type(model)), indent)
        yield f"{indent}{name}:\n"
        for inner in value:
            yield from _field(model, inner, value[inner], indent + "  ")
    else:
        field = type(section).model_fields.get(name)
        yield from _comment(field.description if field else LearningRates.of_memories()[name], indent)
        yield textwrap.indent(as_yaml({name: value}), indent)


def _comment(text, indent):
    for line in textwrap.wrap(
        " ".join((text or "").split()), WIDTH - len(indent) - 2, break_on_hyphens=False
    ):
        yield f"{indent}# {line}\n"
