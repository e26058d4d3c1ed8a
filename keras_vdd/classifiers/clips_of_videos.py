"""From video files, and arrays of pixels, to the clips that a classifier looks at."""

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from keras_vdd.data.decoding.decode import chosen_frames
from keras_vdd.data.decoding.frame_folders import holds_frames
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.data.sampling import spread_indices
from keras_vdd.data.sources.clutter import entries, is_folder
from keras_vdd.data.sources.listing import is_video
from keras_vdd.errors import UsageError
from keras_vdd.tensors import File

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClipSettings:
    """How clips are cut out of a video file, as test clips are: decoding, size and interval are the same.

    Attributes:
        frames, size: of a clip.
        interval: source frames from one clip frame to the next.
        clips: of a video, spread evenly over it; of one, the middle.
    """

    frames: int
    size: int
    interval: int
    clips: int


def found_videos(paths: Iterable[File]) -> list[str]:
    """Return the paths of all videos: files as they are given, and what folders hold, at any depth.

    Raises:
        UsageError: there is no such path, or a folder holds no video.
    """
    found = []
    for given in paths:
        path = os.fspath(given)
        if not os.path.exists(path):
            raise UsageError(f"There is no video {path}: give a file, or a folder of videos.")
        inside = [path] if not os.path.isdir(path) or holds_frames(path) else list(_videos_in(path))
        if not inside:
            raise UsageError(f"The folder {path} holds no video: give a file, or a folder of videos.")
        found += inside
    return found


def _videos_in(folder: str) -> Iterator[str]:
    for entry in entries(folder):
        if is_folder(entry):
            yield from [entry.path] if holds_frames(entry.path) else _videos_in(entry.path)
        elif is_video(entry.name):
            yield entry.path


def clips_of_files(paths: list[str], settings: ClipSettings) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (path, uint8 (clips, frames, size, size, 3)) of each video that can be read.

    One that cannot be read is a warning.

    Raises:
        UnreadableVideo: it was the only one.
    """
    for path in paths:
        try:
            yield path, _clips_of(path, settings)
        except UnreadableVideo as error:
            if len(paths) == 1:
                raise
            _LOG.warning("%s", error)


def _clips_of(path: str, settings: ClipSettings) -> np.ndarray:
    wanted = []

    def choose(length: int) -> np.ndarray:
        wanted.append(spread_indices(length, settings.frames, settings.interval, settings.clips))
        return wanted[0]

    pictures = np.stack(list(chosen_frames(path, settings.size, choose)))
    return pictures[np.searchsorted(np.unique(wanted[0]), wanted[0])]


def checked_pixels(videos: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of clips as it is, once it is known to hold pixels of that shape.

    Raises:
        UsageError: it is of another shape or type, or its values are no pixels.
    """
    videos = np.asarray(videos)
    if videos.shape[1:] != shape or not len(videos) or videos.dtype.kind not in "uif":
        raise UsageError(
            f"The videos have shape {videos.shape} and type {videos.dtype}; they must be numbers (n, "
            f"{', '.join(map(str, shape))})."
        )
    low, high = float(videos.min()), float(videos.max())
    if not (low >= 0 and high <= 255):
        raise UsageError(f"The videos have values from {low:g} to {high:g}; they must be pixels, 0 to 255.")
    return videos
