"""One table through which every matching loss inherits its tests, those of other folders too.

A loss takes of each table the settings that it has; what it alone needs is said under its name.
"""

from keras_vdd.methods import METHODS

NAMES = METHODS.names()
# On the three classes of noise of `tiny_stage`.
TINY = {"real_per_class": 2, "inner_steps": 2, "real_clips": 5, "pool": 2}
# On the videos of `small_run`.
SMALL = {
    "real_per_class": 3,
    "inner_steps": 2,
    "max_start_epoch": 2,
    "gradient": "adjoint",
    "real_clips": 6,
    "pool": 2,
    "max_updates": 3,
}
# Of what a loss learns besides the memory; others learn at 0.01.
RATES = {"step_size": 1e-3}

TWO = ("memory.videos_per_class=2", "memory.statics_per_class=2", "memory.dynamics_per_class=2")
# More stills than slots, and classes that share an integrator.
SHARED = (*TWO[:1], "memory.statics_per_class=4", *TWO[2:], "memory.integrators=2")
SOFT = ("dynamic.soft_labels=true", "dynamic.learning_rates.labels=0.1")
ALL_AUGMENTED = "dynamic.augment=[flip,colour,crop,cutout,scale,rotate]"
# All that a loss may do beyond its defaults.
OPTIONS = {
    "mtt": ("dynamic.gradient=adjoint", "dynamic.batch_size=4", *SOFT),
    "frepo": ("dynamic.max_updates=2", "dynamic.regulariser=0.01"),
}


def fields(name):
    return METHODS.get(name).settings.model_fields


def options(name):
    """Everything that a loss may do, as settings."""
    augmented = (ALL_AUGMENTED,) if "augment" in fields(name) else ()
    return (*OPTIONS.get(name, ()), *augmented)


def tiny(name):
    """Settings that choose a loss and make it small, on the quickstart."""
    always = [part for part, setting in METHODS.get(name).learns.items() if setting is None]
    rates = (f"dynamic.learning_rates.{part}={RATES.get(part, 0.01)}" for part in always)
    return (f"dynamic.loss={name}", *rates, *_those_of(name, TINY))


def small(name):
    """Settings that make a recipe of a loss small."""
    return _those_of(name, SMALL)


def _those_of(name, settings):
    return tuple(f"dynamic.{key}={value}" for key, value in settings.items() if key in fields(name))
