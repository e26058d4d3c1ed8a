"""keras-vdd: distil video datasets into a few learned clips, on any Keras backend.

Names are loaded when first used, so that `import keras_vdd` imports no Keras and `KERAS_BACKEND`
can still be set. Where `datasets` is already imported, the loader of distilled sets is registered.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "distill": "keras_vdd.training.stages",
    "prepare": "keras_vdd.training.stages",
    "evaluate": "keras_vdd.training.stages",
    "load_recipe": "keras_vdd.recipe.load",
    "load": "keras_vdd.hub.load",
    "export": "keras_vdd.hub.export",
    "DistilledSet": "keras_vdd.memory.distilled_set",
    "errors": None,
    "models": None,
    "layers": None,
    "memory": None,
    "matching": None,
    "data": None,
    "hub": None,
    "evaluation": None,
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'keras_vdd' has no attribute {name!r}")
    home = _HOMES[name]
    if home is None:
        return importlib.import_module(f"keras_vdd.{name}")
    return getattr(importlib.import_module(home), name)


def __dir__():
    return sorted(__all__)


# Last, since the reader that this registers imports from the package.
importlib.import_module("keras_vdd.hub.on_import").install()
