"""Motion clips of few frames and pixels, enlarged to those of the videos; one rule for numpy and Keras.

Linear interpolation, one axis after the other: sample i of n, spread over N samples, lies at
(i + 1/2) N/n - 1/2 (half-pixel centres), and the first and the last value go on to the edges. It is
three products with matrices that depend on the sizes alone.
"""

import numpy as np

from keras_vdd.errors import UsageError


def axis_matrix(small, large):
    """Return the matrix, float32 (large, small), that interpolates `small` samples to `large`.

    Raises:
        UsageError: `small` is not between 1 and `large`.
    """
    if isinstance(small, bool) or int(small) != small or not 1 <= small <= large:
        raise UsageError(
            f"Motion of {small!r} samples cannot be enlarged to {large}: store between 1 and {large}."
        )
    places = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, small - 1)
    matrix = np.zeros((large, small))
    np.add.at(matrix, (np.arange(large), before), 1 - (places - before))
    np.add.at(matrix, (np.arange(large), after), places - before)
    return matrix.astype(np.float32)


def axis_matrices(small, large):
    """Return the matrices of (time, height, width), None for an axis whose two sizes are equal.

    Args:
        small, large: (frames, height, width) of the stored clip and of the video.
    """
    return [
        None if stored == shown else axis_matrix(stored, shown)
        for stored, shown in zip(small, large, strict=True)
    ]


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
        clips = matmul(time, reshape(clips, (-1, frames, tall * wide)))
        frames = len(time)
        clips = reshape(clips, (-1, frames, tall, wide))
    if height is None and width is None:
        return clips
    clips = reshape(clips, (-1, tall, wide))
    if height is not None:
        clips, tall = matmul(height, clips), len(height)
    if width is not None:
        clips, wide = matmul(clips, width.T), len(width)
    return reshape(clips, (-1, frames, tall, wide))
