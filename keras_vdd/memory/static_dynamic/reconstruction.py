"""From memories to videos in numpy: the integrator without Keras, for loading a set anywhere.

The integrator of "Dancing with Still Images" (CVPR 2024), section 3.3 and its released code, is one
3x3x3 convolution over the still repeated in time and the dynamic memory beside it. It is linear, so
its two parts are computed apart: the still's part once for each still (a repeated still gives three
distinct frames only: the first, the inner ones, the last), the dynamic's part once for each dynamic.
A pair is their sum.

On two cores this is as quick as a convolution on any of the three backends, or quicker: they do badly with four
channels in and three out. So there is no other way to make videos, and they are the same bytes everywhere.
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
    clips = distilled.motion(label, dynamics)[:, None]
    for dynamic, motion in enumerate(_spatial_taps(clips, kernel[..., STATIC_CHANNELS:, :])):
        joined = np.flatnonzero(dynamic_of == dynamic)
        _join(
            motion, [stills[which] for which in static_of[joined]], [videos[pair] for pair in places[joined]]
        )


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


def _join(motion, stills, videos):
    """Write the sums of what one motion clip adds to each frame and each still does, one frame at a time.

    Args:
        motion: float32 (3, 3, T, H, W), as `_spatial_taps` yields.
        stills: list of float32 (3, 3, H, W), as `still_parts` yields.
        videos: list of float32 (T, H, W, 3), to be written.
    """
    before, centre, after = motion
    frames = centre.shape[1]
    moving = np.empty(centre.shape[2:], np.float32)
    for frame in range(frames):
        place = 0 if frame == 0 else 2 if frame == frames - 1 else 1
        for colour in range(len(centre)):
            np.copyto(moving, centre[colour, frame])
            if frame > 0:
                moving += before[colour, frame - 1]
            if frame < frames - 1:
                moving += after[colour, frame + 1]
            for still, video in zip(stills, videos, strict=True):
                np.add(moving, still[place, colour], out=video[frame, ..., colour])
