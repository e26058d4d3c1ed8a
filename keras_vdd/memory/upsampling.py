"""Frames and pixels of which few are stored, enlarged to those of the videos; one rule for numpy and Keras.

One axis after the other, each a product with a matrix of `keras_vdd.temporal.interpolation`. Pixels are interpolated
with half-pixel centres, time as the set says.
"""

import math

import numpy as np

from keras_vdd.temporal.interpolation import interpolation_matrix


def axis_matrices(small, large, over_time="half-pixel"):
    """Return the matrices of (time, height, width), None for an axis whose two sizes are equal.

    Args:
        small, large: (frames, height, width), or the first of them, as stored and of the video.
        over_time: str, how frames are interpolated, of `keras_vdd.temporal.INTERPOLATIONS`.

    Raises:
        UsageError: more is stored than shown, or less than 1.
    """
    return [
        None if stored == shown else interpolation_matrix("half-pixel" if axis else over_time, stored, shown)
        for axis, (stored, shown) in enumerate(zip(small, large, strict=True))
    ]


def along_time(videos, matrix, functions=np):
    """Make all frames of videos of those stored.

    Args:
        videos: float32 (n, t, ...), an array or a tensor.
        matrix: float32 (T, t), or None where all frames are stored.
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        float32 (n, T, ...).
    """
    if matrix is None:
        return videos
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
    if time is not None:
        clips, frames = along_time(clips, time, functions), len(time)
    if height is None and width is None:
        return clips
    clips = reshape(clips, (-1, tall, wide))
    if height is not None:
        clips, tall = matmul(height, clips), len(height)
    if width is not None:
        clips, wide = matmul(clips, width.T), len(width)
    return reshape(clips, (-1, frames, tall, wide))
