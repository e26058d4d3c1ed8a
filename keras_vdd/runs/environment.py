"""What a run was begun with: `environment.json`, which also tells damage to `recipe.yaml` beside it."""

import contextlib
import json
import os
import pathlib
import platform
from typing import Any

from keras_vdd.errors import VddError
from keras_vdd.files import checksum, file_checksum, no_file_there
from keras_vdd.recipe.load import load_recipe, parse_recipe
from keras_vdd.recipe.overrides import Overrides
from keras_vdd.recipe.places import without_places
from keras_vdd.recipe.schema import Recipe
from keras_vdd.recipe.yaml_text import text_of
from keras_vdd.runs.places import from_here
from keras_vdd.sealed import Damaged, read_json

FILE, RECIPE = "environment.json", "recipe.yaml"
# Members of environment.json beside the environment: checksums of the settings that count, and of recipe.yaml.
SETTINGS, TEXT = "recipe", "recipe_text"
# Another: the working directory in which it was begun, which the run's numbers do not depend on.
PLACE = "begun_in"

PACKAGES = ("keras", "torch", "tensorflow", "tensorflow_cpu", "jax", "numpy", "av", "datasets")


def environment() -> dict[str, Any]:
    """What a result depends on besides the recipe: versions, backend, device and machine, as plain values."""
    from importlib.metadata import PackageNotFoundError, version

    import keras

    import keras_vdd
    from keras_vdd.backend import thread_count
    from keras_vdd.placement import facts
    from keras_vdd.plugins import loaded_plugins

    versions = {}
    plugins = [{"file": os.path.basename(p["path"]), "sha256": p["sha256"]} for p in loaded_plugins()]
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "keras_vdd": keras_vdd.__version__,
        "backend": keras.config.backend(),
        **facts(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "threads": thread_count(),
        "versions": versions,
        **({"plugins": plugins} if plugins else {}),
    }


def begun_with(folder: pathlib.Path) -> dict[str, Any]:
    """Return the `environment` that the run in `folder` was begun with.

    Raises:
        VddError: the folder does not say.
        OSError: it cannot be looked at.
    """
    try:
        told = read_json(folder / FILE)
        if not isinstance(told["backend"], str) or not isinstance(told.get("versions", {}), dict):
            raise Damaged("its backend or its versions are of another type")
        return told
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, OSError) and not no_file_there(error):
            raise
        raise VddError(
            f"'{folder}' no longer says what it was begun with ({FILE} is missing or damaged): go on with the recipe, "
            "versions and device that it was begun with, which writes it again, or give another run.name."
        ) from error


def environment_in(begun: dict[str, Any]) -> dict[str, Any]:
    """Return the `environment` alone of what a run was `begun_with`."""
    return {key: value for key, value in begun.items() if key not in (SETTINGS, TEXT, PLACE)}


def mark_of(begun: dict[str, Any]) -> str | None:
    """Return the mark of a run that was begun with this; None of one that an earlier version began."""
    if SETTINGS not in begun:
        return None
    facts = {key: value for key, value in begun.items() if key not in (TEXT, PLACE)}
    return checksum(json.dumps(facts, sort_keys=True))


def recipe_is_whole(begun: dict[str, Any], folder: pathlib.Path) -> bool:
    """Return whether the recipe of the run in `folder` is the one it was `begun_with`, as far as that says it."""
    try:
        return TEXT not in begun or begun[TEXT] == file_checksum(folder / RECIPE)
    except OSError as error:
        if not no_file_there(error):
            raise
        return False


def recipe_of(folder: pathlib.Path, overrides: Overrides = (), **settings: Any) -> Recipe:
    """Return the recipe of the run in `folder`; arguments as `load_recipe` takes them.

    Folders that it names by relative paths are found from any working directory, as `from_here` says. Where the run
    keeps no checksum of its recipe, as of earlier versions, whoever wrote that is not known: no path of it is taken.

    Raises:
        VddError: it is not as the run wrote it, or the folder does not say what it was begun with.
    """
    begun = begun_with(folder)
    if not recipe_is_whole(begun, folder):
        raise VddError(
            f"'{folder / RECIPE}' is not as the run wrote it: the `vdd distill` that began the run writes it again; "
            "other settings can be laid over it."
        )
    text, source = text_of(folder / RECIPE), str(folder / RECIPE)
    if TEXT not in begun:
        return parse_recipe(without_places(text), source, overrides, **settings)
    return load_recipe(from_here(parse_recipe(text, source), folder, begun.get(PLACE)), overrides, **settings)
