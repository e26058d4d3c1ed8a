"""From memories to videos in numpy: the integrator without Keras, for loading a set anywhere.

The integrator of "Dancing with Still Images" (CVPR 2024), section 3.3 and its released code, is one
3x3x3 convolution over the still repeated in time and the dynamic memory beside it. It is linear, so
its two parts are computed apart: the still's part once for each still (a repeated still gives three
distinct frames only: the first, the inner ones, the last), the dynamic's part once for each dynamic.
A pair is their sum.
"""

import numpy as np

STATIC_CHANNELS = 3
MOTION_BLOCK = 3072
STILL_BLOCK = 1024
"""Columns of one product: so few that they stay in the cache and that no thread pool is woken, whose
waiting costs more than the product where other programs compute."""


def still_part(static, kernel, bias, frames):
    """Return what stills add to each frame, bias included.

    Args:
        static: float32 (n, H, W, 3).
        kernel: float32 (3, 3, 3, 4, 3): time, height, width, in (RGB, then dynamic), out.
        bias: float32 (3,).
        frames: int, T.

    Returns:
        float32 (n, 3, H, W, 3): the first frame, any inner frame, the last frame of the repeated
        still (with zeros before the first frame and after the last).
    """
    static = np.asarray(static, np.float32)
    count, height, width, channels = static.shape
    padded = np.zeros((count, height + 2, width + 2, channels), np.float32)
    padded[:, 1:-1, 1:-1] = static
    patches = np.empty((count, height, width, 9, channels), np.float32)
    for tap in range(9):
        row, column = divmod(tap, 3)
        patches[..., tap, :] = padded[:, row : row + height, column : column + width]
    kernel = np.asarray(kernel, np.float32)[..., :STATIC_CHANNELS, :]
    weights = kernel.transpose(1, 2, 3, 0, 4).reshape(9 * channels, -1)
    patches = patches.reshape(-1, 9 * channels)
    taps = np.empty((len(patches), weights.shape[1]), np.float32)
    for start in range(0, len(patches), STILL_BLOCK):
        block = slice(start, start + STILL_BLOCK)
        np.matmul(patches[block], weights, out=taps[block])
    taps = taps.reshape(count, height, width, 3, -1)
    before, centre, after = np.moveaxis(taps, 3, 0)
    inner = centre + bias
    if frames == 1:
        return np.stack([inner, inner, inner], axis=1)
    return np.stack([inner + after, inner + before + after, inner + before], axis=1)


def motion_part(dynamic, kernel):
    """Return what dynamic memories add to each frame.

    Args:
        dynamic: float32 (n, T, H, W).
        kernel: float32 (3, 3, 3, 4, 3), as in `still_part`.

    Returns:
        float32 (n, T, H, W, 3).
    """
    dynamic = np.asarray(dynamic, np.float32)
    count, frames, height, width = dynamic.shape
    kernel = np.asarray(kernel, np.float32)[..., STATIC_CHANNELS, :]
    outputs = kernel.shape[-1]
    weights = np.ascontiguousarray(kernel.reshape(3, 9, outputs).transpose(0, 2, 1).reshape(-1, 9))
    # Rows are padded and laid end to end, so that each of the nine spatial taps is one shifted run.
    tall, wide = height + 2, width + 2
    run = frames * tall * wide
    room = -(-run // MOTION_BLOCK) * MOTION_BLOCK
    line = np.zeros(room + 2 * wide + 2, np.float32)
    padded = line[:run].reshape(frames, tall, wide)
    columns = np.empty((9, MOTION_BLOCK), np.float32)
    taps = np.empty((len(weights), room), np.float32)
    result = np.empty((count, frames, height, width, outputs), np.float32)
    for clip, out in zip(dynamic, result, strict=True):
        padded[:, 1:-1, 1:-1] = clip
        for start in range(0, room, MOTION_BLOCK):
            for tap in range(9):
                shifted = start + tap // 3 * wide + tap % 3
                columns[tap] = line[shifted : shifted + MOTION_BLOCK]
            np.matmul(weights, columns, out=taps[:, start : start + MOTION_BLOCK])
        before, total, after = taps[:, :run].reshape(3, outputs, frames, tall, wide)
        total[:, 1:] += before[:, :-1]
        total[:, :-1] += after[:, 1:]
        out[...] = total[:, :, :height, :width].transpose(1, 2, 3, 0)
    return result


def add_still(video, part):
    """Add one still's part, float32 (3, H, W, 3), to a video, float32 (T, H, W, 3), in place."""
    video[0] += part[0]
    video[1:-1] += part[1]
    if len(video) > 1:
        video[-1] += part[2]
    return video


def reconstruct(distilled, pairs):
    """Videos of pairs; arguments as `Memory.reconstruct` says."""
    shape = (distilled.frames, *distilled.size)
    videos = np.empty((len(pairs), *shape, 3), np.float32)
    for label in np.unique(pairs[:, 0]):
        _of_class(distilled, int(label), pairs, np.flatnonzero(pairs[:, 0] == label), videos)
    return videos


def _of_class(distilled, label, pairs, places, videos):
    which = distilled.integrator_of(label)
    kernel, bias = distilled.kernels[which], distilled.biases[which]
    statics, static_of = np.unique(pairs[places, 1], return_inverse=True)
    dynamics, dynamic_of = np.unique(pairs[places, 2], return_inverse=True)
    stills = still_part(distilled.static[label, statics], kernel, bias, distilled.frames)
    motions = motion_part(distilled.motion(label, dynamics), kernel)
    for place, static, dynamic in zip(places, static_of, dynamic_of, strict=True):
        videos[place] = motions[dynamic]
        add_still(videos[place], stills[static])
