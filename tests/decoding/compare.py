"""Whether a video is read as the `ffmpeg` program shows it."""

import os

import numpy as np

from keras_vdd.data.decoding.decode import decode
from keras_vdd.data.decoding.middle import middle_frames
from keras_vdd.data.decoding.unreadable import UnreadableVideo

from .shown import Refused, shown_frames, shown_shape

# Versions of FFmpeg round colours differently, by a level or two; the next frame differs by far more.
MEAN, WORST = 1.5, 8.0


def difference(path):
    """Return in words how a video as read differs from what `ffmpeg` shows; None if it does not.

    The size is chosen so that frames of the first one's size are, where possible, only cropped and not scaled; then
    the clip of the video's middle is compared too.
    """
    short = min(shown_shape(path))
    size = max(size for size in range(1, short + 1) if round(size * 120 / 112) <= short)
    expected = shown_frames(path, size).astype(int)
    try:
        frames = decode(path, size)
    except UnreadableVideo as error:
        return error.reason
    if len(frames) != len(expected):
        return f"{len(frames)} frames, of {len(expected)}"
    away = np.abs(frames - expected).mean((1, 2, 3))
    if away.mean() > MEAN or away.max() > WORST:
        return f"pixels differ by {away.mean():.2f}, in frame {away.argmax()} by {away.max():.2f}"
    middle = np.stack(list(middle_frames(path, size, 4, 2)))
    chosen = [np.abs(frames.astype(int) - picture).mean((1, 2, 3)).min() for picture in middle]
    return "the middle clip has other frames" if max(chosen) else None


def accepted_though_cut(path, share):
    """Cut a file off where a share of its bytes is left; return what is wrong with how it is then read, or None.

    One of which `ffmpeg` complains has to be refused; another may be, or be taken with the frames that it shows.
    """
    with open(path, "r+b") as file:
        file.truncate(int(os.path.getsize(path) * share))
    try:
        shown_frames(path, 16)
    except Refused as error:
        try:
            return (
                f"{len(decode(path, 16))} frames were taken, though ffmpeg says: {str(error).splitlines()[0]}"
            )
        except UnreadableVideo:
            return None
    try:
        decode(path, 16)
    except UnreadableVideo:
        return None
    return difference(path)
