"""Another network for the evaluation of a recipe: one by name, or the architecture of a file."""

from __future__ import annotations

from pathlib import Path

from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.schema import Recipe
from keras_vdd.tensors import File


def with_model(recipe: Recipe, model: File | None) -> Recipe:
    """Return the recipe with `evaluation.architecture` set.

    A file is for a call, not for a recipe: recipes name it no further than one evaluation, because it may change.

    Args:
        recipe: of the set.
        model: name of a network of clips, or path of a `.keras` file; None changes nothing.

    Raises:
        UsageError: there is no such network or file.
    """
    if model is None:
        return recipe
    path = Path(model)
    if path.suffix != ".keras":
        return load_recipe(recipe, {"evaluation.architecture": str(model)})
    if not path.is_file():
        raise UsageError(f"There is no model {model}: give a .keras file, or the name of a network.")
    evaluation = recipe.evaluation.model_copy(update={"architecture": str(path)})
    return recipe.model_copy(update={"evaluation": evaluation})
