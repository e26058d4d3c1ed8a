"""What is learned: stills, motion clips, integrators or whole videos, as arrays and as Keras layers.

The three layers are loaded when first used; all else is numpy alone and needs no Keras.
"""

import importlib

_HOMES = {
    "DistilledSet": "distilled_set",
    "FullVideoMemory": "full_video",
    "StaticDynamicMemory": "static_dynamic",
    "StillMemory": "still",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'keras_vdd.memory' has no attribute {name!r}")
    return getattr(importlib.import_module(f"keras_vdd.memory.{_HOMES[name]}"), name)
