"""What one differentiable siamese augmentation does, as a row of numbers drawn with numpy.

Zhao and Bilen, "Dataset Condensation with Differentiable Siamese Augmentation" (ICML 2021, arXiv
2102.08259): in each step one transformation is drawn and given to real and synthetic data alike. This
file knows no backend, so that recipes can be checked and draws made without one.
"""

from collections.abc import Iterable

import numpy as np

from keras_vdd.errors import UsageError

STRATEGIES = ("flip", "colour", "crop", "cutout", "scale", "rotate")

# Brightness, saturation and contrast reach as far as in Zhao et al., "Differentiable Augmentation for
# Data-Efficient GAN Training" (NeurIPS 2020), section 4, from which DSA takes its colours.
BRIGHTNESS, SATURATION, CONTRAST = 0.5, 1.0, 0.5
SHIFT, CUTOUT_SIDE, SCALE, ANGLE = 1 / 8, 1 / 2, 1.2, 15 * np.pi / 180

# The columns of a row, each with the value that changes nothing.
IDENTITY = {
    "mirror": 1.0,  # -1 mirrors left and right
    "brightness": 0.0,  # added to every value
    "saturation": 1.0,  # factor on a pixel's distance to its grey
    "contrast": 1.0,  # factor on the distance to the clip's mean
    "shift_y": 0.0,  # down, in heights
    "shift_x": 0.0,  # to the right, in widths
    "cutout_side": 0.0,  # of the square, in heights and widths
    "cutout_y": 0.5,  # its middle, in heights from the top
    "cutout_x": 0.5,  # its middle, in widths from the left
    "scale_y": 1.0,  # size of the picture, relative to before
    "scale_x": 1.0,
    "angle": 0.0,  # counter-clockwise, in radians
}
COLUMNS = tuple(IDENTITY)


def identity(count: int) -> np.ndarray:
    """Return float32 (count, columns): rows that change nothing, to be filled by column."""
    return np.tile(np.array([*IDENTITY.values()], np.float32), (count, 1))


def draw(rng: np.random.Generator, count: int, strategies: Iterable[str] = STRATEGIES) -> np.ndarray:
    """Draw one augmentation for each group, such as a class.

    Each row picks one of the strategies, all equally likely, and its numbers uniformly:

    - flip: mirrored with probability 1/2.
    - colour: brightness within -0.5..0.5 (of normalised values), saturation 0..2, contrast 0.5..1.5.
    - crop: shifted by up to 1/8 of the side each way, down and across apart.
    - cutout: a square of half the side, its middle anywhere in the frame, so it may reach over the edge.
    - scale: by 1/1.2..1.2, height and width apart.
    - rotate: by up to 15 degrees either way.

    Four numbers are taken from `rng` for each row, whatever it picks: the first rows of a longer draw are
    those of a shorter one.

    Args:
        rng: `numpy.random.Generator`.
        count: int, groups.
        strategies: names out of `STRATEGIES`; their order does not matter.

    Returns:
        float32 (count, columns), the columns of `COLUMNS`; equal for a seed on every backend.

    Raises:
        UsageError: no strategy, or one that does not exist.
    """
    names = _checked(strategies)
    rows = identity(count)
    for row, numbers in zip(rows, rng.random((count, 4))):
        name = names[int(numbers[0] * len(names))]
        for column, value in _values(name, *numbers[1:]).items():
            row[COLUMNS.index(column)] = value
    return rows


def _values(name: str, a: float, b: float, c: float) -> dict[str, float]:
    """The columns of one strategy, from three numbers within 0..1."""
    if name == "flip":
        return {"mirror": -1.0 if a < 0.5 else 1.0}
    if name == "colour":
        return {
            "brightness": _between(-BRIGHTNESS, BRIGHTNESS, a),
            "saturation": _between(1 - SATURATION, 1 + SATURATION, b),
            "contrast": _between(1 - CONTRAST, 1 + CONTRAST, c),
        }
    if name == "crop":
        return {"shift_y": _between(-SHIFT, SHIFT, a), "shift_x": _between(-SHIFT, SHIFT, b)}
    if name == "cutout":
        return {"cutout_side": CUTOUT_SIDE, "cutout_y": a, "cutout_x": b}
    if name == "scale":
        return {"scale_y": _between(1 / SCALE, SCALE, a), "scale_x": _between(1 / SCALE, SCALE, b)}
    return {"angle": _between(-ANGLE, ANGLE, a)}


def _between(low: float, high: float, number: float) -> float:
    return low + (high - low) * number


def _checked(strategies: Iterable[str]) -> list[str]:
    known = ", ".join(STRATEGIES)
    chosen = [strategies] if isinstance(strategies, str) else list(strategies)
    for name in chosen:
        if name not in STRATEGIES:
            raise UsageError(f"The augmentation {name!r} does not exist; choose among {known}.")
    if not chosen:
        raise UsageError(
            f"The list of augmentations is empty; choose among {known}, or turn augmentation off."
        )
    return [name for name in STRATEGIES if name in chosen]
