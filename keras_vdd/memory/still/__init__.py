"""Stills alone, shown as unmoving videos."""

from keras_vdd.memory.memory import Items, Memory
from keras_vdd.memory.still.settings import StillSettings
from keras_vdd.registry import on_call


def reconstruct(distilled, pairs):
    """Unmoving videos of pairs; arguments as `Memory.reconstruct` says."""
    import numpy as np  # costs start-up, and recipes ask this module for facts

    stills = distilled.static[pairs[:, 0], pairs[:, 1]]
    return np.repeat(stills[:, None], distilled.frames, axis=1)


def shapes(settings, classes, frames, size):
    """Shapes of what is stored; arguments as `Memory.shapes` says."""
    return {"static": (classes, settings.statics_per_class, size, size, 3)}


MEMORY = Memory(
    kind="still",
    settings=StillSettings,
    layer=on_call(f"{__name__}.layer:StillMemory.of"),
    reconstruct=reconstruct,
    shapes=shapes,
    items=(Items("static", "statics", "still", ("height", "width", 3)),),
    learns={"static": "Stills of a still memory."},
    formula="repeat(static, frames)",
    shown=" and shown unmoving.",
    title=" stills",
    stills="whole",
    pixels=True,
    naive=True,
    learned=lambda stills, labels: f"{stills}, then learned on{' with labels' if labels else ''}",
    torch="return statics.unsqueeze(1).expand(-1, {frames}, -1, -1, -1)",
)
