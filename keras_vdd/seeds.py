"""One seed gives every random draw of a run, through named streams."""

import numpy as np

from keras_vdd.files import checksum


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random generator that belongs to `seed` and a path of names.

    A draw depends on its names alone, never on how many draws came before it, so a resumed run
    draws what an uninterrupted one would have drawn and the number of workers changes nothing.

    Args:
        seed: int, the run's seed.
        *names: str or int; what the draw is for, such as `("dynamic", "clips", 17)`.

    Returns:
        `numpy.random.Generator`, equal on every machine and backend.
    """
    path = "/".join([str(int(seed)), *(str(name) for name in names)])
    key = int.from_bytes(bytes.fromhex(checksum(path)), "little")
    return np.random.Generator(np.random.Philox(key=key))
