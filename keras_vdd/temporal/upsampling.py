"""Frames and pixels of which few are stored, enlarged to those of the videos; one rule for numpy and Keras.

One axis after the other, each a product with a matrix of `keras_vdd.temporal.interpolation`. Pixels are interpolated
with half-pixel centres, time as the set says. A trained interpolator is no product; it sees frames of full size.
"""

import math

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.temporal import LEARNED
from keras_vdd.temporal.interpolation import interpolation_matrix
from keras_vdd.text import counted


def axis_matrices(small, large, over_time="half-pixel", interpolator=None):
    """Return the matrices of (time, height, width), None for an axis whose two sizes are equal.

    Args:
        small, large: (frames, height, width), or the first of them, as stored and of the video.
        over_time: str, how frames are interpolated, of `keras_vdd.temporal.INTERPOLATIONS`, or `LEARNED`.
        interpolator: `keras_vdd.temporal.Interpolator`, which is given in place of a matrix where `over_time` says so.

    Raises:
        UsageError: more is stored than shown, or less than 1; or the interpolator is missing or for other sizes.
    """
    found = []
    for axis, (stored, shown) in enumerate(zip(small, large, strict=True)):
        if stored == shown:
            found.append(None)
        elif axis == 0 and over_time == LEARNED:
            found.append(_fitting(interpolator, stored, large))
        else:
            found.append(interpolation_matrix("half-pixel" if axis else over_time, stored, shown))
    return found


def along_time(videos, matrix, functions=np):
    """Make all frames of videos of those stored.

    Args:
        videos: float32 (n, t, ...), an array or a tensor.
        matrix: float32 (T, t), an interpolator, or None where all frames are stored.
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        float32 (n, T, ...).
    """
    if matrix is None:
        return videos
    if callable(matrix):
        return matrix(videos, functions)
    frames, *rest = videos.shape[1:]
    flat = functions.reshape(videos, (-1, frames, math.prod(rest)))
    return functions.reshape(functions.matmul(matrix, flat), (-1, len(matrix), *rest))


def upsample(clips, matrices, functions=np):
    """Enlarge motion clips.

    Args:
        clips: float32 (n, t, h, w), an array or a tensor.
        matrices: as `axis_matrices` returns.
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        float32 (n, T, H, W); the clips themselves where no axis grows.
    """
    time, height, width = matrices
    reshape, matmul = functions.reshape, functions.matmul
    _, frames, tall, wide = clips.shape
    learned = time if callable(time) else None
    if time is not None and learned is None:
        clips, frames = along_time(clips, time, functions), len(time)
    if height is None and width is None:
        return clips if learned is None else learned.grey(clips, functions)
    clips = reshape(clips, (-1, tall, wide))
    if height is not None:
        clips, tall = matmul(height, clips), len(height)
    if width is not None:
        clips, wide = matmul(clips, width.T), len(width)
    clips = reshape(clips, (-1, frames, tall, wide))
    return clips if learned is None else learned.grey(clips, functions)


def _fitting(interpolator, stored, large):
    if interpolator is None:
        raise UsageError(
            f"Interpolation {LEARNED!r} of {counted(stored, 'frame')} needs a trained interpolator, and none is given: "
            "`keras_vdd.make_interpolator` trains one."
        )
    about = interpolator.about
    made = (about.stored_frames, about.frames, about.size, about.size)
    needed = (stored, *large) if len(large) == 3 else (stored, *large, about.size, about.size)
    if made != needed:
        raise UsageError(
            f"The interpolator makes videos of {about.frames} x {about.size} x {about.size} of {about.stored_frames} "
            f"frames, and what is needed is {' x '.join(map(str, large))} of {stored}."
        )
    return interpolator
