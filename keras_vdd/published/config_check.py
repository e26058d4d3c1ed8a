"""What the config of a row must be, before anything is made by it."""

import math

from keras_vdd.distilled.labels import LABEL_KINDS
from keras_vdd.memory.memory import SIDES
from keras_vdd.published.damage import Damage
from keras_vdd.published.largest import LARGEST_MEAN, LARGEST_VIDEO, MOST_PAIRS
from keras_vdd.published.row_weights import architecture_in
from keras_vdd.storage.storage_types import check_dtype
from keras_vdd.temporal import INTERPOLATIONS, LEARNED
from keras_vdd.temporal.interpolator import why_not
from keras_vdd.text import counted

COUNTS = (
    ("classes", 1), ("videos_per_class", 1), ("statics_per_class", 0), ("dynamics_per_class", 0), ("frames", 1),
    ("height", 1), ("width", 1), ("integrators", 0), ("integrator", 0),
)  # fmt: skip


def check_config(config, pairing, normalisation):
    """Refuse a `RowConfig` that is not of a set that this package makes.

    Args:
        config: `RowConfig`, whose kind of memory is known.
        pairing, normalisation: str, the rules that this package follows.

    Raises:
        Damage: a value has another type or range, or does not fit the others.
        UsageError: the memory cannot be stored as `dtype`.
    """
    for name, least in COUNTS:
        value = getattr(config, name)
        if type(value) is not int or value < least:
            raise Damage(f"it has {name}={_short(value)}, which must be a whole number of at least {least}")
    for name in ("mean", "std"):
        values = getattr(config, name)
        if len(values) != 3 or not all(type(each) in (int, float) and math.isfinite(each) for each in values):
            raise Damage(f"it has {name}={_short(values)}, which must be 3 finite numbers")
    if max(map(abs, config.mean)) > LARGEST_MEAN or not all(
        1 / LARGEST_MEAN <= each <= LARGEST_MEAN for each in config.std
    ):
        raise Damage(
            f"it has mean={_short(config.mean)} and std={_short(config.std)} of pixels scaled to 0..1, where a std "
            "must be above 0"
        )
    for name, rule in (("pairing", pairing), ("normalisation", normalisation)):
        if getattr(config, name) not in (None, rule):
            raise Damage(f"it has a {name} rule that this keras-vdd does not know")
    if config.interpolation not in (None, *INTERPOLATIONS, LEARNED):
        raise Damage(
            f"it has interpolation={_short(config.interpolation)}, which this keras-vdd does not know; a newer one may"
        )
    _check_interpolator(config)
    if config.label_kind not in (None, *LABEL_KINDS):
        raise Damage(f"it has label_kind={_short(config.label_kind)}, none of {', '.join(LABEL_KINDS)}")
    check_dtype(config.dtype, config.memory)
    _check_counts(config)
    _check_shapes(config)
    if 12 * config.frames * config.height * config.width > LARGEST_VIDEO:
        raise Damage(
            f"it has videos of {config.frames} x {config.height} x {config.width}, more than "
            f"{LARGEST_VIDEO:,} bytes each"
        )


def _check_interpolator(config):
    about = architecture_in(config)
    if (about is not None) != (config.interpolation == LEARNED):
        raise Damage(
            f"it has interpolation={_short(config.interpolation)} and interpolator={str(about)[:60]}"
        )
    if about is None:
        return
    if wrong := why_not(about):
        raise Damage(f"there is no interpolator such as it has: {wrong}")
    if (about.frames, about.size, about.size) != (config.frames, config.height, config.width):
        raise Damage(
            f"it has an interpolator to {about.frames} x {about.size} x {about.size}, which its videos are not"
        )


def _check_counts(config):
    indices = {items.index for items in config.memory.items if not items.single}
    for index, name in (("static", "statics_per_class"), ("dynamic", "dynamics_per_class")):
        count = getattr(config, name)
        fits = count >= config.videos_per_class if index in indices else count == 0
        if not fits or count % config.videos_per_class:
            raise Damage(
                f"it has {name}={count} of a {config.kind} memory with "
                f"{counted(config.videos_per_class, 'video')} a class"
            )
    per_slot = [
        max(1, count // config.videos_per_class)
        for count in (config.statics_per_class, config.dynamics_per_class)
    ]
    pairs = config.classes * config.videos_per_class * math.prod(per_slot)
    if pairs > MOST_PAIRS:
        raise Damage(f"it has {pairs:,} videos, more than {MOST_PAIRS:,}")
    least, most = (1, config.classes) if config.memory.shared else (0, 0)
    if not least <= config.integrators <= most or config.integrator >= max(1, config.integrators):
        raise Damage(
            f"it has integrator {config.integrator} of {config.integrators} for {config.classes} classes"
        )


def _check_shapes(config):
    for items in config.memory.items:
        shape, whole = config.item_shape(items.column), items.published(items.axes)
        if len(shape) != len(whole) or not all(type(side) is int and side > 0 for side in shape):
            raise Damage(f"it has items of shape {_short(shape)} in {items.column}")
        for side, axis in zip(shape, whole, strict=True):
            full = getattr(config, axis) if axis in SIDES else axis
            small = items.enlarged_before is not None and axis in items.smaller and side <= full
            if full not in (None, side) and not small:
                raise Damage(f"it has items of shape {_short(shape)} in {items.column}, which do not fit")
    for column in (*(config.shapes or ()), *(["dynamics"] if config.dynamic_shape is not None else [])):
        if column not in config.memory.columns:
            raise Damage(f"it has a shape for the column {_short(column)}, which it does not have")


def _short(value):
    return repr(value)[:60]
