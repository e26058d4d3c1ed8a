"""DSA: one differentiable transformation for real and synthetic data, drawn once per clip.

Zhao and Bilen, "Dataset Condensation with Differentiable Siamese Augmentation" (ICML 2021, arXiv
2102.08259). A row of `draw` belongs to a group, such as a class: all samples of the group and all their
frames are transformed alike, so real and synthetic data of a class stay comparable and motion stays
motion.

Everything is arithmetic on masks and weights, so the numbers of a row may be traced. All moves together
are one bilinear sampling. It gathers whole rows, where a row holds one pixel of all samples and frames of
the group: the positions and weights are computed once a group, not once a frame.
`keras.ops.image.affine_transform` would not do: its gradient on TensorFlow samples with the inverse
transformation, which is not the transpose of the sampling.
"""

import keras
from keras import ops

from keras_vdd.matching.augmentation_draws import COLUMNS, STRATEGIES, draw
from keras_vdd.tensors import Tensor

__all__ = ["STRATEGIES", "augment", "draw"]


def augment(x: Tensor, parameters: Tensor) -> Tensor:
    """Transform each group as its row says.

    Differentiable to x, to any order: but for the brightness added, the result is linear in x.

    In this order: colour; mirror, scale, rotate and shift, about the middle of the frame; cutout. What
    comes from outside the frame is 0, the mean of normalised data. A row of identity gives x back bit for
    bit, and mirrors and shifts move whole pixels.

    - colour: s * x + (1 - s) * grey, the grey of a pixel being the mean of its channels; then
      c * x + (1 - c) * mean over a whole sample, clip or image; plus the brightness.
    - shift: rounded to whole pixels. cutout: the square's side is rounded down to whole pixels.

    Args:
        x: float32 (groups, n, height, width, 3), or (groups, n, time, height, width, 3), all sizes known.
        parameters: float32 (groups, columns), rows of `draw`.

    Returns:
        A tensor of x's shape and dtype.

    Raises:
        ValueError: x or the parameters have another shape, or x holds integers.
    """
    x, parameters = ops.convert_to_tensor(x), ops.convert_to_tensor(parameters)
    _check(x, parameters)
    # A compiled `fit` may not know how many rows come.
    parameters = ops.reshape(parameters, (x.shape[0], len(COLUMNS)))
    columns = {name: parameters[:, i] for i, name in enumerate(COLUMNS)}
    return _sample(_colour(x, columns), columns)


def _colour(x: Tensor, columns: dict[str, Tensor]) -> Tensor:
    """Brightness, saturation and contrast together: all three act on x, its grey and its mean."""
    rank = len(x.shape)
    brightness, saturation, contrast = (
        ops.cast(ops.reshape(columns[name], (-1, *[1] * (rank - 1))), x.dtype)
        for name in ("brightness", "saturation", "contrast")
    )
    grey = ops.mean(x, axis=-1, keepdims=True)
    mean = ops.mean(grey, axis=tuple(range(2, rank)), keepdims=True)
    # Saturation moves neither grey nor mean, and brightness is the same to a pixel and to the mean.
    offset = contrast * (1 - saturation) * grey + (1 - contrast) * mean + brightness
    return contrast * saturation * x + offset


def _sample(x: Tensor, columns: dict[str, Tensor]) -> Tensor:
    """Move the pixels, by bilinear sampling, and cut the square out."""
    groups, (height, width, channels) = x.shape[0], x.shape[-3:]
    pixels, frames = height * width, x.shape[1] * (x.shape[2] if len(x.shape) == 6 else 1)
    source_y, source_x = _source(columns, height, width)
    top, left = ops.floor(source_y), ops.floor(source_x)
    kept = 1 - _inside(columns, "y", (1, height, 1)) * _inside(columns, "x", (1, 1, width))
    first_row = ops.reshape(ops.arange(groups, dtype="int32") * pixels, (groups, 1, 1))
    rows = ops.reshape(x, (groups, frames, pixels, channels))
    rows = ops.reshape(ops.transpose(rows, (0, 2, 1, 3)), (groups * pixels, frames * channels))

    def weighted(weight: Tensor, values: Tensor) -> Tensor:
        return ops.cast(ops.reshape(weight, (groups * pixels, 1)), x.dtype) * values

    def line(row: Tensor, column: Tensor) -> Tensor:
        index = first_row + _whole(row, height) * width + _whole(column, width)
        values = ops.take(rows, ops.reshape(index, (groups * pixels,)), axis=0)
        return weighted(_near(source_x, column, width), values)

    # Sums of two, never of four: TensorFlow's graphs add three and more terms in an order of their own.
    upper, lower = (line(row, left) + line(row, left + 1) for row in (top, top + 1))
    total = weighted(kept * _near(source_y, top, height), upper)
    total = total + weighted(kept * _near(source_y, top + 1, height), lower)
    total = ops.reshape(total, (groups, pixels, frames, channels))
    return ops.reshape(ops.transpose(total, (0, 2, 1, 3)), x.shape)


def _source(columns: dict[str, Tensor], height: int, width: int) -> tuple[Tensor, Tensor]:
    """Where each pixel's value comes from: (y, x) in pixels, each (groups, height, width)."""
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    c = {name: ops.reshape(value, (-1, 1, 1)) for name, value in columns.items()}
    dtype = c["angle"].dtype
    y = ops.reshape(ops.arange(height, dtype=dtype), (1, height, 1)) - middle_y
    x = ops.reshape(ops.arange(width, dtype=dtype), (1, 1, width)) - middle_x
    y = y - ops.floor(c["shift_y"] * height + 0.5)
    x = x - ops.floor(c["shift_x"] * width + 0.5)
    cosine, sine = ops.cos(c["angle"]), ops.sin(c["angle"])
    y, x = x * sine + y * cosine, x * cosine - y * sine
    return y / c["scale_y"] + middle_y, c["mirror"] * x / c["scale_x"] + middle_x


def _inside(columns: dict[str, Tensor], axis: str, shape: tuple[int, int, int]) -> Tensor:
    """1 where the cutout's square covers a row ("y") or a column ("x") of pixels, else 0."""
    length = max(shape)
    side, middle = (ops.reshape(columns[name], (-1, 1, 1)) for name in ("cutout_side", f"cutout_{axis}"))
    side = ops.floor(side * length)
    start = ops.floor(middle * length - side / 2 + 0.5)
    position = ops.reshape(ops.arange(length, dtype=side.dtype), shape)
    return ops.cast(ops.logical_and(position >= start, position < start + side), side.dtype)


def _near(source: Tensor, neighbour: Tensor, length: int) -> Tensor:
    """The weight of a neighbouring pixel: 1 at no distance, 0 at one pixel, and 0 outside the frame."""
    weight = 1 - ops.abs(source - neighbour)
    return ops.where(ops.logical_and(neighbour >= 0, neighbour < length), weight, ops.zeros_like(weight))


def _whole(neighbour: Tensor, length: int) -> Tensor:
    return ops.cast(ops.clip(neighbour, 0, length - 1), "int32")


def _check(x: Tensor, parameters: Tensor) -> None:
    shape = tuple(x.shape)
    if len(shape) not in (5, 6) or None in shape:
        raise ValueError(
            f"augment takes (groups, n, [time,] height, width, channels) of known sizes, got shape {shape}."
        )
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(x.dtype)):
        raise ValueError(f"augment takes normalised floats, got {x.dtype}: normalise the frames first.")
    if tuple(parameters.shape) not in ((shape[0], len(COLUMNS)), (None, len(COLUMNS))):
        raise ValueError(
            f"augment takes one row of {len(COLUMNS)} numbers for each of {shape[0]} groups, "
            f"got parameters of shape {tuple(parameters.shape)}."
        )
