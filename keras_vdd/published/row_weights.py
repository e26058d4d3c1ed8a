"""The weights that a row carries, as safetensors: what its classes share, and the set's interpolator."""

from dataclasses import asdict

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.published.damage import Damage, told
from keras_vdd.temporal.interpolator import Interpolator
from keras_vdd.temporal.timesformer import Architecture

INTERPOLATOR = "interpolator."
"""How the names of an interpolator's weights begin."""


def pack_weights(distilled, which):
    """Return the bytes of what the classes of one integrator share, the same for the same numbers; b"" for nothing."""
    import safetensors.numpy

    tensors = {
        one.weight: np.ascontiguousarray(distilled.arrays[one.array][which])
        for one in distilled.memory.shared
    }
    if distilled.interpolator is not None:
        tensors |= {INTERPOLATOR + name: weight for name, weight in distilled.interpolator.weights.items()}
    return safetensors.numpy.save(tensors, metadata={"format": "keras_vdd"}) if tensors else b""


def unpack_weights(weights, config):
    """Return (arrays by name, one entry of each; `Interpolator` or None) of the bytes that `pack_weights` gave.

    Args:
        weights: bytes.
        config: `RowConfig` of their row.

    Raises:
        Damage: they are others than the config says.
    """
    import safetensors.numpy

    shared = config.memory.shared
    if not shared and config.interpolator is None:
        return {}, None
    with told("The weights of a row"):
        tensors = safetensors.numpy.load(bytes(weights))
        frames = {name: tensors.pop(name) for name in list(tensors) if name.startswith(INTERPOLATOR)}
        if set(tensors) != {one.weight for one in shared}:
            raise Damage(f"they are {', '.join(sorted(tensors)) or 'none'}")
        for one in shared:
            tensor = tensors[one.weight]
            if tensor.dtype != np.float32 or tensor.shape != one.shape:
                raise Damage(f"{one.weight} is {tensor.dtype} {tensor.shape} and must be float32 {one.shape}")
            if not np.isfinite(tensor).all():
                raise Damage(f"{one.weight} has values that are not finite")
        return {one.array: tensors[one.weight] for one in shared}, _interpolator(frames, config)


def architecture_in(config):
    """Return the `Architecture` that a `RowConfig` tells; None where it has no interpolator.

    Raises:
        Damage: it is none.
    """
    if config.interpolator is None:
        return None
    names = set(Architecture.__dataclass_fields__)
    if not isinstance(config.interpolator, dict) or set(config.interpolator) != names:
        raise Damage(f"it has an interpolator without {', '.join(sorted(names))}, or with more")
    return Architecture(**config.interpolator)


def told_of(interpolator):
    """Return what a config says of an `Interpolator`, as `architecture_in` reads it; None of None."""
    return None if interpolator is None else asdict(interpolator.about)


def _interpolator(frames, config):
    about = architecture_in(config)
    if about is None:
        if frames:
            raise Damage("they have an interpolator that their config does not tell of")
        return None
    try:
        return Interpolator(about, {name.removeprefix(INTERPOLATOR): frames[name] for name in frames})
    except UsageError as error:
        raise Damage(str(error).rstrip(".")) from None
