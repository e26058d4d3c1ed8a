"""A recipe written out whole, to read it, or to keep it as a file of one's own."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

from pathlib import Path
from typing import Any

from keras_vdd.errors import UsageError, VddError
from keras_vdd.files import write_atomically
from keras_vdd.planning.recipe_opening import opening
from keras_vdd.recipe.commented import commented_yaml
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.overrides import Overrides, as_texts
from keras_vdd.tensors import File


def show_recipe(recipe: File, overrides: Overrides = (), **settings: Any) -> str:
    """Return a recipe as YAML text with every setting in it, and comments that say what it is, makes and costs.

    Args:
        recipe: name or path.
        overrides, **settings: laid over it, as `keras_vdd.load_recipe` takes them.

    Raises:
        UsageError: the recipe is unknown or wrong.

    Example:
        >>> print(keras_vdd.show_recipe("dm-ucf101", **{"data.size": 64}))
    """
    texts = [*as_texts(overrides), *as_texts(settings)]
    return _whole(load_recipe(recipe, texts), recipe, recipe, texts)


def copy_recipe(
    recipe: File,
    file: File | None = None,
    overrides: Overrides = (),
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Write a recipe with every setting to a file, to change it there.

    Args:
        recipe: name or path.
        file: path of a `.yaml` file, whose name the recipe then has; None for `<recipe>.yaml` here.
        overrides, **settings: laid over it, as `keras_vdd.load_recipe` takes them.
        overwrite: whether a file that is there already is replaced.

    Returns:
        `pathlib.Path` of the file; `keras_vdd.load_recipe` reads it.

    Raises:
        UsageError: the recipe is unknown or wrong, or `file` is no place for one.
        VddError: the file exists.

    Example:
        >>> keras_vdd.copy_recipe("dm-ucf101", "mine.yaml", **{"data.size": 64})
        >>> keras_vdd.distill("mine.yaml")
    """
    checked = load_recipe(recipe, overrides, **settings)
    target = Path(file or f"{checked.name}.yaml")
    if target.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{target} must end in .yaml: that tells a recipe's file from a recipe's name")
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file in it")
    if target.exists() and not overwrite:
        raise VddError(f"{target} exists already; --force (overwrite=True) overwrites it")
    # Without a name in it, it has the name of the file, and so has its run folder.
    text = _whole(checked, recipe, target, named=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, text)
    return target


def _whole(checked, recipe, run_as, overrides=(), named=True):
    return f"{opening(checked, recipe, run_as, overrides)}\n{commented_yaml(checked, named)}"
