"""From a video, as a file or as a folder of numbered images, to uint8 RGB frames of one square size."""

import os

import numpy as np

from keras_vdd.data.decoding.image_folder import picture_frames
from keras_vdd.data.decoding.scaling import Scaler, scaled_shape
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.data.decoding.video_file import VideoFile

__all__ = ["UnreadableVideo", "decode", "decode_frames", "scaled_shape"]


def decode(path, size, threads=1):
    """Decode a whole video.

    Frames are turned as the file's rotation says, scaled with their aspect kept (pixel aspect
    included) until the short side is `round(size * 120 / 112)`, and cropped to the middle square;
    alpha is dropped, grey and deep formats become 8-bit RGB, interlaced frames are made whole.

    Args:
        path: the file, in any container and codec that PyAV reads, or a folder of numbered images.
        size: side of the square, in pixels.
        threads: decoding threads; keep 1 where several videos are decoded at once.

    Returns:
        uint8 array of shape (frames, size, size, 3), at least one frame.

    Raises:
        UnreadableVideo: not a video, no frames, or damaged anywhere (see `VideoFile`).
    """
    return np.stack(list(decode_frames(path, size, threads)))


def decode_frames(path, size, threads=1):
    """Yield the frames of `decode` one by one, so that a long video needs little memory."""
    path = os.fspath(path)
    if os.path.isdir(path):
        yield from picture_frames(path, size)
        return
    with VideoFile(path, threads) as video:
        scaler = Scaler(path, size, video.stream.sample_aspect_ratio)
        for frame in video.frames():
            yield from scaler.push(frame)
        yield from scaler.flush()
