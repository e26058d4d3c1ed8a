"""What is learned: stills, motion clips, integrators or whole videos, as arrays and as Keras layers.

A folder `memory/<kind>/` declares a `Memory` as `MEMORY`: its settings, its layer, its reconstruction in numpy, what
it stores and publishes, and what stage 2 learns of it. Another kind is another folder, or a call of
`keras_vdd.register_memory`; recipes, plans, published files, help texts and tests take it up from there. The layers
are loaded when first used; all else needs no Keras.
"""

from keras_vdd.memory.memory import Items, Memory, Shared
from keras_vdd.memory.registry import MEMORIES
from keras_vdd.memory.settings import MemorySettings
from keras_vdd.registry import loaded_when_used, on_call

_HOMES = {
    "FullVideoMemory": "full_video.layer",
    "KeyFrameMemory": "key_frames.layer",
    "MemoryLayer": "layer",
    "StaticDynamicMemory": "static_dynamic.layer",
    "StillMemory": "still.layer",
}

__all__ = [
    "MEMORIES",
    "Items",
    "Memory",
    "MemorySettings",
    "Shared",
    "on_call",
    *sorted(_HOMES),
]


__getattr__, __dir__ = loaded_when_used(__name__, _HOMES, __all__)
