"""Which static memory meets which dynamic memory: a fixed enumeration, or seeded draws.

"Dancing with Still Images" (CVPR 2024), section 3.3: a class has VPC video slots, SPC static and DPC
dynamic memories, both multiples of VPC. Slot v owns the v-th run of SPC/VPC statics and of DPC/VPC
dynamics, and a video is any static of a slot with any dynamic of the same slot. The released code
draws one pair a slot at random; here every pair has a place in a fixed order, and drawing is asked for.

A pair is a row (class, static, dynamic) of int32. Where there is no dynamic memory (stills, full
videos) the last entry is -1 and the middle one counts the stills or the videos of the class.
"""

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.text import counted


def memories_per_slot(videos_per_class, statics_per_class, dynamics_per_class):
    """Return (statics, dynamics) that one video slot owns; (n, 0) where there are no dynamics.

    Raises:
        UsageError: a count is not a whole positive number, or not a multiple of `videos_per_class`.
    """
    _check_count("videos_per_class", videos_per_class, 1)
    _check_count("statics_per_class", statics_per_class, 1)
    _check_count("dynamics_per_class", dynamics_per_class, 0)
    for name, count in (("statics_per_class", statics_per_class), ("dynamics_per_class", dynamics_per_class)):
        if count % videos_per_class:
            raise UsageError(
                f"{name}={count} is not a multiple of videos_per_class={videos_per_class}: "
                "each video slot owns the same number of memories."
            )
    return statics_per_class // videos_per_class, dynamics_per_class // videos_per_class


def enumerate_pairs(classes, videos_per_class, statics_per_class, dynamics_per_class):
    """Return every pair of every slot, in the order (class, slot, static, dynamic).

    Args:
        classes: int, number of classes.
        videos_per_class: int, VPC.
        statics_per_class: int, SPC, a multiple of VPC (stills, or full videos, where DPC is 0).
        dynamics_per_class: int, DPC, a multiple of VPC, or 0 for memories without dynamics.

    Returns:
        int32 (classes * VPC * SPC/VPC * max(1, DPC/VPC), 3): rows (class, static, dynamic).
    """
    statics, dynamics = memories_per_slot(videos_per_class, statics_per_class, dynamics_per_class)
    _check_count("classes", classes, 1)
    grid = np.indices((classes, videos_per_class, statics, max(1, dynamics))).reshape(4, -1)
    return _rows(grid, statics, dynamics)


def sample_pairs(rng, classes, videos_per_class, statics_per_class, dynamics_per_class):
    """Draw one pair for each video slot, as one training step of the paper does.

    Args:
        rng: `numpy.random.Generator`.
        classes, videos_per_class, statics_per_class, dynamics_per_class: as in `enumerate_pairs`.

    Returns:
        int32 (classes * VPC, 3): rows (class, static, dynamic), ordered by class and slot.
    """
    statics, dynamics = memories_per_slot(videos_per_class, statics_per_class, dynamics_per_class)
    _check_count("classes", classes, 1)
    label, slot = np.indices((classes, videos_per_class)).reshape(2, -1)
    static = rng.integers(0, statics, label.size)
    dynamic = rng.integers(0, max(1, dynamics), label.size)
    return _rows((label, slot, static, dynamic), statics, dynamics)


def shares(count, classes, integrators):
    """Return how many of `count` pairs each integrator gets, a tuple of int that sums to `count`.

    Class c uses integrator c * integrators // classes. The split is by the classes of each, with largest
    remainders (the first of equal ones): exact where `count` is a multiple of `classes`.
    """
    sizes = np.bincount(np.arange(classes) * integrators // classes, minlength=integrators)
    parts, rest = np.divmod(count * sizes, classes)
    parts[np.argsort(-rest, kind="stable")[: count - parts.sum()]] += 1
    return tuple(parts.tolist())


def draw_batches(
    rng, batch, steps, classes, videos_per_class, statics_per_class, dynamics_per_class, integrators=1
):
    """Draw the pairs of several training steps, in batches that may be smaller than the set.

    Each integrator gets its `shares` of every batch and visits its own video slots in shuffled epochs: a
    new shuffle when one is used up, and no slot twice in a batch. A slot's static and dynamic memory are
    drawn anew at each visit. A batch of all slots or more has every slot once.

    Args:
        rng: `numpy.random.Generator`.
        batch: int, pairs a step.
        steps: int.
        classes, videos_per_class, statics_per_class, dynamics_per_class: as in `enumerate_pairs`.
        integrators: int, groups of classes.

    Returns:
        int32 (steps, min(batch, classes * VPC), 3): rows (class, static, dynamic), ordered by class.

    Raises:
        UsageError: an integrator would get no pair.
    """
    statics, dynamics = memories_per_slot(videos_per_class, statics_per_class, dynamics_per_class)
    for name, value in (("classes", classes), ("batch", batch), ("steps", steps)):
        _check_count(name, value, 1)
    count = min(batch, classes * videos_per_class)
    parts = shares(count, classes, integrators)
    if min(parts) == 0:
        raise UsageError(
            f"A batch of {counted(batch, 'pair')} has none for some of the {integrators} integrators, which would "
            "never learn: draw larger batches or share integrators among more classes."
        )
    users = np.repeat(np.arange(classes) * integrators // classes, videos_per_class)
    visits = [_visits(rng, np.flatnonzero(users == which), part, steps) for which, part in enumerate(parts)]
    label, slot = np.divmod(np.sort(np.concatenate(visits, axis=1), axis=1).ravel(), videos_per_class)
    static = rng.integers(0, statics, label.size)
    dynamic = rng.integers(0, max(1, dynamics), label.size)
    return _rows((label, slot, static, dynamic), statics, dynamics).reshape(steps, count, 3)


def _visits(rng, slots, count, steps):
    """Return (steps, count) of slots in shuffled epochs; a batch across two epochs holds no slot twice."""
    rows, left = [], slots[:0]
    for _ in range(steps):
        taken, left = left[:count], left[count:]
        if len(taken) < count:
            epoch = rng.permutation(slots)
            more = epoch[~np.isin(epoch, taken)][: count - len(taken)]
            taken, left = np.concatenate([taken, more]), epoch[~np.isin(epoch, more)]
        rows.append(taken)
    return np.stack(rows)


def slots_of(pairs, videos_per_class, statics_per_class):
    """Return the video slot, int32 (n,), that each pair (class, static, dynamic) belongs to."""
    return (np.asarray(pairs)[:, 1] // (statics_per_class // videos_per_class)).astype(np.int32)


def _rows(grid, statics, dynamics):
    label, slot, static, dynamic = grid
    last = slot * dynamics + dynamic if dynamics else np.full_like(label, -1)
    return np.stack([label, slot * statics + static, last], axis=1).astype(np.int32)


def _check_count(name, value, least):
    if isinstance(value, bool) or int(value) != value or value < least:
        raise UsageError(f"{name}={value!r} must be a whole number of at least {least}.")
