"""From memories to videos in numpy: the integrator without Keras, for loading a set anywhere.

The integrator of "Dancing with Still Images" (CVPR 2024), section 3.3 and its released code, is one
3x3x3 convolution over the still repeated in time and the dynamic memory beside it. It is linear, so
its two parts are computed apart: the still's part once for each still (a repeated still gives three
distinct frames only: the first, the inner ones, the last), the dynamic's part once for each dynamic.
A pair is their sum. `on_backend.py` computes the same on the backend that Keras has loaded.
"""

import numpy as np

STATIC_CHANNELS = 3
BLOCK = 3072
"""Columns of one product: so few that they stay in the cache and that no thread pool is woken, whose
waiting costs more than the product where other programs compute."""


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
    stills = list(still_parts(distilled.static[label, statics], kernel, bias, distilled.frames))
    for dynamic, motion in enumerate(motion_parts(distilled.motion(label, dynamics), kernel)):
        for pair in np.flatnonzero(dynamic_of == dynamic):
            _join(motion, stills[static_of[pair]], videos[places[pair]])


def still_parts(static, kernel, bias, frames):
    """Yield what each still adds to each frame, bias included.

    Args:
        static: float32 (n, H, W, 3).
        kernel: float32 (3, 3, 3, 4, 3): time, height, width, in (RGB, then dynamic), out.
        bias: float32 (3,).
        frames: int, T.

    Yields:
        float32 (3, 3, H, W): the first frame, any inner frame, the last frame of the repeated still (with
        zeros before the first frame and after the last), three colours of each.
    """
    stills = np.moveaxis(static, -1, 1)[:, :, None]
    bias = np.asarray(bias, np.float32)[:, None, None]
    for taps in _spatial_taps(stills, kernel[..., :STATIC_CHANNELS, :]):
        before, centre, after = taps[:, :, 0]
        inner = centre + bias
        if frames == 1:
            yield np.stack([inner, inner, inner])
        else:
            yield np.stack([inner + after, inner + before + after, inner + before])


def motion_parts(dynamic, kernel):
    """Yield what each dynamic memory adds to each frame, float32 (3, T, H, W), three colours.

    What was yielded is overwritten at the next step.

    Args:
        dynamic: float32 (n, T, H, W).
        kernel: float32 (3, 3, 3, 4, 3), as in `still_parts`.
    """
    for before, total, after in _spatial_taps(dynamic[:, None], kernel[..., STATIC_CHANNELS:, :]):
        total[:, 1:] += before[:, :-1]
        total[:, :-1] += after[:, 1:]
        yield total


def _spatial_taps(clips, kernel):
    """Yield what each of the kernel's three frames makes of every frame of each clip, float32 (3, out, T, H, W).

    What was yielded is overwritten at the next step.

    Args:
        clips: float32 (n, in, T, H, W).
        kernel: float32 (3, 3, 3, in, out).
    """
    channels, frames, height, width = clips.shape[1:]
    outputs = kernel.shape[-1]
    weights = np.ascontiguousarray(kernel.transpose(0, 4, 1, 2, 3), np.float32).reshape(3 * outputs, -1)
    # Rows are padded and laid end to end, so that each of the nine spatial taps is one shifted run.
    tall, wide = height + 2, width + 2
    run = frames * tall * wide
    room = -(-run // BLOCK) * BLOCK
    line = np.zeros((channels, room + 2 * wide + 2), np.float32)
    padded = line[:, :run].reshape(channels, frames, tall, wide)
    columns = np.empty((9, channels, BLOCK), np.float32)
    taps = np.empty((len(weights), room), np.float32)
    for clip in clips:
        padded[:, :, 1:-1, 1:-1] = clip
        for start in range(0, room, BLOCK):
            for tap in range(9):
                shifted = start + tap // 3 * wide + tap % 3
                columns[tap] = line[:, shifted : shifted + BLOCK]
            np.matmul(weights, columns.reshape(-1, BLOCK), out=taps[:, start : start + BLOCK])
        yield taps[:, :run].reshape(3, outputs, frames, tall, wide)[..., :height, :width]


def _join(motion, still, video):
    """Write the sum of a motion's part (3, T, H, W) and a still's (3, 3, H, W) as a video (T, H, W, 3)."""
    for colour, moving in enumerate(motion):
        np.add(moving, still[1, colour], out=video[..., colour])
        np.add(moving[0], still[0, colour], out=video[0, ..., colour])
        np.add(moving[-1], still[2, colour], out=video[-1, ..., colour])
