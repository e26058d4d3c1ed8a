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
"""Most columns of one product: so few that they stay in the cache and that no thread pool is woken, whose
waiting costs more than the product where other programs compute."""


def reconstruct(distilled, pairs):
    """Videos of pairs; arguments as `Memory.reconstruct` says."""
    frames, (height, width) = distilled.frames, distilled.size
    videos = np.empty((len(pairs), frames, height, width, 3), np.float32)
    of_still = Taps(STATIC_CHANNELS, height, width)
    # What three frames in a row are made of: while it is in the cache, the frame between them is finished.
    of_frames = [Taps(1, height, width) for _ in range(3)]
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
            _join(
                clip, kernel[..., STATIC_CHANNELS:, :], of_frames,
                [stills[which] for which in static_of[joined]], [videos[i] for i in places[joined]],
            )  # fmt: skip
    return videos


def still_part(still, kernel, bias, frames, taps):
    """Return what a still adds to each frame, bias included.

    Args:
        still: float32 (H, W, 3).
        kernel: float32 (3, 3, 3, 4, 3): time, height, width, in (RGB, then dynamic), out.
        bias: float32 (3,).
        frames: int, T.
        taps: `Taps` of three channels.

    Returns:
        float32 (3, 3, H, W): the first frame, any inner frame, the last frame of the repeated still (with
        zeros before the first frame and after the last), three colours of each.
    """
    before, centre, after = taps(np.moveaxis(still, -1, 0), kernel[..., :STATIC_CHANNELS, :])
    inner = centre + np.asarray(bias, np.float32)[:, None, None]
    if frames == 1:
        return np.stack([inner, inner, inner])
    return np.stack([inner + after, inner + before + after, inner + before])


class Taps:
    """What each of a kernel's three frames makes of a frame; memory is taken once for all frames.

    Args:
        channels: int, of a frame.
        height, width: int, H and W.
    """

    def __init__(self, channels, height, width):
        # Rows are padded and laid end to end, so that each of the nine spatial taps is one shifted run.
        tall, wide = height + 2, width + 2
        blocks = -(-tall * wide // BLOCK)
        self._block = -(-tall * wide // blocks)
        run = blocks * self._block
        line = np.zeros((channels, run + 2 * wide + 2), np.float32)
        self._inside = line[:, : tall * wide].reshape(channels, tall, wide)[:, 1:-1, 1:-1]
        along, step = line.strides
        self._shifted = np.lib.stride_tricks.as_strided(
            line, (3, 3, channels, run), (wide * step, step, along, step), writeable=False
        )
        self._columns = np.empty((3, 3, channels, self._block), np.float32)
        self._made = np.empty((9, run), np.float32)
        self._shown = self._made[:, : tall * wide].reshape(3, 3, tall, wide)[..., :-2, :-2]

    def __call__(self, frame, kernel):
        """Return float32 (3, 3, H, W): the kernel's frame, colour, ...; the next call overwrites it.

        Args:
            frame: float32 (channels, H, W).
            kernel: float32 (3, 3, 3, channels, 3).
        """
        weights = np.ascontiguousarray(kernel.transpose(0, 4, 1, 2, 3), np.float32).reshape(9, -1)
        self._inside[:] = frame
        columns = self._columns.reshape(-1, self._block)
        for start in range(0, self._made.shape[1], self._block):
            block = slice(start, start + self._block)
            self._columns[:] = self._shifted[..., block]
            np.matmul(weights, columns, out=self._made[:, block])
        return self._shown


def _join(clip, kernel, taps, stills, videos):
    """Write the sums of what one motion clip adds to each frame and each still does, one frame at a time.

    Args:
        clip: float32 (T, H, W), motion.
        kernel: float32 (3, 3, 3, 1, 3).
        taps: three `Taps` of one channel.
        stills: list of float32 (3, 3, H, W), as `still_part` returns.
        videos: list of float32 (T, H, W, 3), to be written.
    """
    frames, room = len(clip), np.empty(clip.shape[1:], np.float32)
    last, here, coming = None, None, taps[0](clip[:1], kernel)
    for frame in range(frames):
        last, here, coming = here, coming, None
        if frame < frames - 1:
            coming = taps[(frame + 1) % 3](clip[frame + 1 : frame + 2], kernel)
        place = 0 if frame == 0 else 2 if frame == frames - 1 else 1
        for colour in range(3):
            moving = here[1, colour]
            if last is not None:
                moving = np.add(moving, last[0, colour], out=room)
            if coming is not None:
                moving = np.add(moving, coming[2, colour], out=room)
            for still, video in zip(stills, videos, strict=True):
                np.add(moving, still[place, colour], out=video[frame, ..., colour])
