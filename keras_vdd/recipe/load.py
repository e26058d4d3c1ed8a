"""Find a recipe, lay its overrides over it, check it, and write it out again."""

import io

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.representer import SafeRepresenter

from keras_vdd.errors import UsageError
from keras_vdd.recipe import files
from keras_vdd.recipe import overrides as settings
from keras_vdd.recipe.explain import sentences
from keras_vdd.recipe.schema import Recipe


class _Representer(SafeRepresenter):
    """Sections in blocks, lists on one line, floats in a form that YAML 1.1 readers take for numbers too."""


def _represent_list(representer, values):
    return representer.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


def _represent_float(representer, value):
    mantissa, e, exponent = repr(value).partition("e")
    mantissa += "" if "." in mantissa else ".0"
    return representer.represent_scalar("tag:yaml.org,2002:float", f"{mantissa}{e}{exponent}")


def _represent_text(representer, value):
    # Written as they are, these would be read as the ends of lines.
    style = '"' if set(value) & {"\x85", "\u2028", "\u2029"} else None
    return representer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Representer.add_representer(str, _represent_text)
_Representer.add_representer(list, _represent_list)
_Representer.add_representer(float, _represent_float)


def _checked(values, source, overrides):
    values, wrong = settings.apply(values, overrides)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        wrong += sentences(error)
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
    name, file = files.find(name_or_path)
    identity = str(file.resolve()) if hasattr(file, "resolve") else str(file)
    folder = file.parent if hasattr(file, "parent") else None
    values = files.extended(files.read(file), str(file), folder, (identity,))
    return _checked({"name": name, **values}, name_or_path, overrides)


def parse_recipe(text, source="text", overrides=()):
    """Return the checked recipe that YAML text holds, such as the one that travels in a distilled set."""
    values = files.extended(files.as_mapping(text, source), source)
    return _checked(values, source, overrides)


def resolved_yaml(recipe):
    """Return the recipe as YAML text with every setting in it; equal recipes give equal bytes.

    `load_recipe` of that text gives an equal recipe.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False
    yaml.default_flow_style = False
    yaml.Representer = _Representer
    yaml.width = 10_000
    text = io.StringIO()
    yaml.dump(recipe.model_dump(mode="json"), text)
    return text.getvalue()


def list_recipes():
    """Return the recipes of the package, in the order of their names."""
    return [load_recipe(name) for name in files.packaged()]
