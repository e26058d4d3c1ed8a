"""Which frames of a video make a clip."""

import numpy as np


def clip_indices(length, frames, interval, rng=None):
    """Choose the frames of one clip of a video.

    "Dancing with Still Images" (CVPR 2024), section 5.1 and its released loader (METHOD, section 1):
    `frames` frames, `interval` apart, from a start drawn anew at each visit among all starts that
    fit. A video shorter than `frames * interval` is taken at interval `length // frames`; one shorter
    than `frames` has its frames repeated, evenly and in order.

    Args:
        length: frames of the video, at least 1.
        frames: frames of the clip.
        interval: frames from one to the next.
        rng: numpy Generator that draws the start; None takes the middle of the video.

    Returns:
        int64 array (frames,), ascending, each in 0..length-1.
    """
    lengths = np.array([length], np.int64)
    return clips_indices(lengths, frames, interval, rng)[0]


def clips_indices(lengths, frames, interval, rng):
    """Choose the frames of a clip of each of several videos, as `clip_indices`: int64 lengths (n,) to (n, frames)."""
    steps, starts = _room(lengths, frames, interval)
    first = (starts - 1) // 2 if rng is None else rng.integers(0, starts)
    return _clips_from(first, steps, lengths, frames)


def spread_indices(length, frames, interval, clips):
    """Choose the frames of several clips of one video, evenly spread over all starts that fit; of one, the middle.

    Args:
        length, frames, interval: as `clip_indices`.
        clips: how many.

    Returns:
        int64 array (clips, frames); clips of a short video may be alike.
    """
    lengths = np.full(clips, length, np.int64)
    steps, starts = _room(lengths, frames, interval)
    first = (starts - 1) * (2 * np.arange(clips) + 1) // (2 * clips)
    return _clips_from(first, steps, lengths, frames)


def _room(lengths, frames, interval):
    """Return the interval that each video allows, and in how many places a clip of it can start."""
    steps = np.where(lengths < frames * interval, lengths // frames, interval)
    return steps, lengths - (frames - 1) * steps


def _clips_from(first, steps, lengths, frames):
    clip = np.arange(frames)
    chosen = first[:, None] + clip * steps[:, None]
    short = lengths < frames
    # A short video has step 0, which would show one frame: show all of them, repeated.
    chosen[short] = clip * lengths[short, None] // frames
    return chosen


def spread_interval(frames, interval, fewer):
    """Return the interval at which `fewer` frames span the time of a clip of `frames`, `interval` apart; at least 1."""
    return max(1, frames * interval // fewer)
