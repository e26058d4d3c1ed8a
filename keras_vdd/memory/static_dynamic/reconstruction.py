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
    frames, (height, width) = distilled.frames, distilled.size
    videos = np.empty((len(pairs), frames, height, width, 3), np.float32)
    of_still, of_clip = Taps(STATIC_CHANNELS, 1, height, width), Taps(1, frames, height, width)
    for label in np.unique(pairs[:, 0]):
        places = np.flatnonzero(pairs[:, 0] == label)
        which = distilled.integrator_of(label)
        kernel, bias = distilled.kernels[which], distilled.biases[which]
        statics, static_of = np.unique(pairs[places, 1], return_inverse=True)
        dynamics, dynamic_of = np.unique(pairs[places, 2], return_inverse=True)
        stills = [
            still_part(still, kernel, bias, frames, of_still) for still in distilled.static[label, statics]
        ]
        for dynamic, clip in enumerate(distilled.motion(int(label), dynamics)):
            joined = np.flatnonzero(dynamic_of == dynamic)
            motion = of_clip(clip[None], kernel[..., STATIC_CHANNELS:, :])
            _join(motion, [stills[which] for which in static_of[joined]], [videos[i] for i in places[joined]])
    return videos


def still_part(still, kernel, bias, frames, taps):
    """Return what a still adds to each frame, bias included.

    Args:
        still: float32 (H, W, 3).
        kernel: float32 (3, 3, 3, 4, 3): time, height, width, in (RGB, then dynamic), out.
        bias: float32 (3,).
        frames: int, T.
        taps: `Taps` of one frame of three channels.

    Returns:
        float32 (3, 3, H, W): the first frame, any inner frame, the last frame of the repeated still (with
        zeros before the first frame and after the last), three colours of each.
    """
    made = taps(np.moveaxis(still, -1, 0)[:, None], kernel[..., :STATIC_CHANNELS, :])
    before, centre, after = made[:, :, 0]
    inner = centre + np.asarray(bias, np.float32)[:, None, None]
    if frames == 1:
        return np.stack([inner, inner, inner])
    return np.stack([inner + after, inner + before + after, inner + before])


class Taps:
    """What each of a kernel's three frames makes of every frame of a clip; memory is taken once for all clips.

    Args:
        channels: int, of a clip.
        frames, height, width: int, T, H and W.
    """

    def __init__(self, channels, frames, height, width):
        # Rows are padded and laid end to end, so that each of the nine spatial taps is one shifted run.
        self._tall, self._wide = height + 2, width + 2
        self._run = frames * self._tall * self._wide
        room = -(-self._run // BLOCK) * BLOCK
        self._line = np.zeros((channels, room + 2 * self._wide + 2), np.float32)
        self._padded = self._line[:, : self._run].reshape(channels, frames, self._tall, self._wide)
        self._columns = np.empty((9, channels, BLOCK), np.float32)
        self._made = np.empty((9, room), np.float32)

    def __call__(self, clip, kernel):
        """Return float32 (3, 3, T, H, W): the kernel's frame, colour, ...; the next call overwrites it.

        Args:
            clip: float32 (channels, T, H, W).
            kernel: float32 (3, 3, 3, channels, 3).
        """
        weights = np.ascontiguousarray(kernel.transpose(0, 4, 1, 2, 3), np.float32).reshape(9, -1)
        self._padded[:, :, 1:-1, 1:-1] = clip
        for start in range(0, self._made.shape[1], BLOCK):
            for tap in range(9):
                shifted = start + tap // 3 * self._wide + tap % 3
                self._columns[tap] = self._line[:, shifted : shifted + BLOCK]
            np.matmul(weights, self._columns.reshape(-1, BLOCK), out=self._made[:, start : start + BLOCK])
        made = self._made[:, : self._run].reshape(3, 3, -1, self._tall, self._wide)
        return made[..., :-2, :-2]


def _join(motion, stills, videos):
    """Write the sums of what one motion clip adds to each frame and each still does, one frame at a time.

    Args:
        motion: float32 (3, 3, T, H, W), as `Taps` makes.
        stills: list of float32 (3, 3, H, W), as `still_part` returns.
        videos: list of float32 (T, H, W, 3), to be written.
    """
    before, centre, after = motion
    frames = centre.shape[1]
    room = np.empty(centre.shape[2:], np.float32)
    for frame in range(frames):
        place = 0 if frame == 0 else 2 if frame == frames - 1 else 1
        for colour in range(len(centre)):
            moving = centre[colour, frame]
            if frame > 0:
                moving = np.add(moving, before[colour, frame - 1], out=room)
            if frame < frames - 1:
                moving = np.add(moving, after[colour, frame + 1], out=room)
            for still, video in zip(stills, videos, strict=True):
                np.add(moving, still[place, colour], out=video[frame, ..., colour])
