"""keras-vdd: distil video datasets into a few learned clips, on any Keras backend.

Names are loaded when first used, so that `import keras_vdd` imports no Keras and `KERAS_BACKEND`
can still be set. Where `datasets` is already imported, the loader of distilled sets is registered.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

# Public name: where it is, and as what. A submodule is its own home.
_HOMES = {
    "DistilledSet": ("distilled", "DistilledSet"),
    "as_videos": ("datasets_hook.videos", "as_videos"),
    "distill": ("pipeline", "distill"),
    "copy_recipe": ("planning.recipe_copies", "copy_recipe"),
    "doctor": ("diagnosis", "doctor"),
    "evaluate": ("pipeline", "evaluate"),
    "export": ("hub.export", "export"),
    "inspect": ("report.inspection", "inspect"),
    "list_recipes": ("recipe.load", "list_recipes"),
    "load": ("hub.load", "load"),
    "load_plugin": ("plugins", "load_plugin"),
    "load_recipe": ("recipe.load", "load_recipe"),
    "make_experts": ("pipeline", "make_experts"),
    "make_interpolator": ("pipeline", "make_interpolator"),
    "materialise": ("datasets_hook.videos", "materialise"),
    "plan": ("pipeline", "plan"),
    "predict": ("classifiers.prediction", "predict"),
    "prepare": ("pipeline", "prepare"),
    "publish": ("hub.publish", "publish"),
    "publish_experts": ("experts.published", "publish_experts"),
    "register_baseline": ("evaluation.baselines", "register_baseline"),
    "register_memory": ("distilled.registration", "register_memory"),
    "register_method": ("methods.registry", "register_method"),
    "register_network": ("models.registry", "register_network"),
    "register_source": ("data.sources", "register_source"),
    "show_recipe": ("planning.recipe_copies", "show_recipe"),
    "test_clips": ("classifiers.real_test_clips", "test_clips"),
    "train": ("classifiers.training", "train"),
}
_ROOMS = (
    "data",
    "errors",
    "evaluation",
    "hub",
    "layers",
    "matching",
    "memory",
    "methods",
    "models",
    "temporal",
)
# What imports Keras as it is loaded.
_ON_KERAS = (
    "classifiers.prediction",
    "classifiers.real_test_clips",
    "classifiers.training",
    "experts.published",
    "layers",
    "pipeline",
)

__all__ = ["__version__", *_HOMES, *_ROOMS]


def __getattr__(name: str) -> Any:
    if name not in _HOMES and name not in _ROOMS:
        raise AttributeError(f"module 'keras_vdd' has no attribute {name!r}")
    home, public = _HOMES.get(name, (name, None))
    if home in _ON_KERAS:
        importlib.import_module("keras_vdd.starting").check_start()
    module = importlib.import_module(f"keras_vdd.{home}")
    return module if public is None else getattr(module, public)


def __dir__() -> list[str]:
    return sorted(__all__)


# Last, since the reader that this registers imports from the package.
importlib.import_module("keras_vdd.datasets_hook.on_import").install()
