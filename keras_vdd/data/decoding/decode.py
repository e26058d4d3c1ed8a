"""From a video, as a file or as a folder of numbered images, to uint8 RGB frames of one square size."""

import os

import numpy as np

from keras_vdd.data.decoding.frame_folders import is_folder_at
from keras_vdd.data.decoding.image_folder import picture_files, picture_frames
from keras_vdd.data.decoding.scaling import Scaler, scaled_shape
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.data.decoding.video_file import VideoFile

__all__ = ["UnreadableVideo", "chosen_frames", "decode", "decode_frames", "scaled_shape"]


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
    if is_folder_at(path):
        yield from picture_frames(path, size)
        return
    with VideoFile(path, threads) as video:
        scaler = Scaler.of(video, size)
        for frame in video.frames():
            yield from scaler.push(frame)
        yield from scaler.flush()


def chosen_frames(path, size, choose, threads=1):
    """Yield some frames of a video, each once and in order.

    A file is decoded twice, to count and to choose, so that a long video needs little memory.

    Args:
        path, size, threads: as `decode`.
        choose: function of the number of frames that returns an int array, which of them, counted from 0.

    Raises:
        UnreadableVideo: as `decode`.
    """
    path = os.fspath(path)
    if is_folder_at(path):
        files = picture_files(path)
        yield from picture_frames(path, size, [files[i] for i in np.unique(choose(len(files)))])
        return
    with VideoFile(path, threads) as video:
        length = sum(1 for _ in video.frames())
    chosen = set(np.unique(choose(length)).tolist())
    last = max(chosen)
    for number, picture in enumerate(decode_frames(path, size, threads)):
        if number in chosen:
            yield picture
        if number == last:
            return
