"""One table through which every kind of memory inherits its tests, those of other folders too.

A kind takes of each table the settings that it uses; what it alone can do is said under its name.
"""

import numpy as np

from keras_vdd.distilled import DistilledSet
from keras_vdd.memory import MEMORIES
from keras_vdd.storage.storage_types import LEARNED_AS

KINDS = MEMORIES.names()
# More of everything than slots, as far as a kind has it.
COUNTS = {"videos_per_class": 2, "statics_per_class": 4, "dynamics_per_class": 6}
# All that a kind may do beyond its defaults, by what it is.
OPTIONS = {
    "static-dynamic": {
        "two integrators": {"integrators": 2},
        "three integrators": {"integrators": 3},
        "an integrator a class": {"integrators": 5},
        "small motion": {"stored_frames": 2, "dynamic_size": 3},
        "slow motion": {"stored_frames": 3, "integrators": 2},
        "coarse motion": {"dynamic_size": 1},
        "small int8": {"quantise": "int8", "stored_frames": 1, "dynamic_size": 4, "integrators": 3},
    },
    "still": {"a slot a still": {"videos_per_class": 4}},
    "key-frames": {"first and last alone": {"insertion": "none"}},
}


def cases():
    """{name: (kind, options)} of every memory, as it is and with each of its options."""
    found = {}
    for kind in KINDS:
        of_kind = {"": {}, **{name: {"quantise": name} for name in LEARNED_AS}, **OPTIONS.get(kind, {})}
        found.update({f"{kind}, {name}".strip(", "): (kind, options) for name, options in of_kind.items()})
    return found


CASES = cases()


def settings(kind, **changes):
    """The `memory` settings of a kind; of the counts here it keeps those that it uses."""
    quantise = changes.pop("quantise", None) is not None
    return MEMORIES.get(kind).settings(**{**COUNTS, **changes}, quantise=quantise)


def layer(kind, classes, frames, size, **options):
    """The layer of a kind as stage 2 makes it, its weights still at zero or as their initialisers draw them."""
    made = MEMORIES.get(kind).layer(settings(kind, **options), classes, frames, size)
    made.quantise = options.get("quantise")
    return made


def filled(memory, seed=0, grown=True):
    """The same layer, all its weights drawn from N(0, 1); one that grows has done so, unevenly, unless said."""
    rng = np.random.default_rng(seed)
    changing = {variable.path for variable in memory.changing}
    for variable in memory.weights:
        if variable.path not in changing:
            variable.assign(rng.standard_normal(variable.shape).astype("float32"))
    return grow(memory) if grown else memory


def grow(memory):
    """The same layer, after frames of it became key frames, other ones of each video, as far as it can."""
    if memory.changing and memory.frames > 1 and memory.settings.insertion != "none":
        slots = memory.classes * memory.videos_per_class
        new = np.zeros((slots, memory.frames), bool)
        for slot in range(slots):  # none, one, another, ...
            inner = slot % (memory.frames - 1)
            new[slot, inner] = inner > 0
        memory.insert(new)
    return memory


def as_set(memory, **more):
    """The `DistilledSet` of what a layer holds."""
    about = {
        "class_names": tuple(f"class {c}" for c in range(memory.classes)),
        "frames": memory.frames,
        "mean": (0.0, 0.0, 0.0),
        "std": (1.0, 1.0, 1.0),
        "videos_per_class": memory.videos_per_class,
    }
    return DistilledSet(memory.kind, **{**about, **memory.arrays(), **more})
