"""Clips for a classifier: cut out of video files, or given as an array of pixels and checked."""

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from keras_vdd.data.decoding.decode import chosen_frames
from keras_vdd.data.decoding.fault import fault_of_machine
from keras_vdd.data.decoding.frame_folders import holds_frames
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.data.folders.clutter import entries, is_folder
from keras_vdd.data.folders.listing import is_video
from keras_vdd.data.sampling import spread_indices
from keras_vdd.errors import UsageError, VddError
from keras_vdd.limits import limit_reached
from keras_vdd.tensors import File

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClipSettings:
    """How clips are cut out of a video: as test clips are, so that a classifier sees what it was scored on.

    Attributes:
        frames: frames of a clip.
        size: side of its square frames, in pixels.
        interval: source frames from one clip frame to the next.
        clips: how many clips of each video, spread evenly over it; 1 takes the middle.
    """

    frames: int
    size: int
    interval: int
    clips: int


def found_videos(paths: Iterable[File]) -> list[str]:
    """Return the paths of all videos: files as they are given, and what folders hold, at any depth.

    A video is a file, or a folder of numbered images, one a frame.

    Raises:
        UsageError: there is no such path, or a folder holds no video.
    """
    found = []
    for given in paths:
        path = os.fspath(given)
        if not os.path.exists(path):
            raise UsageError(f"There is no video {path}: give a file, or a folder of videos.")
        is_video_itself = not os.path.isdir(path) or holds_frames(path)
        inside = [path] if is_video_itself else list(_videos_in(path, set()))
        if not inside:
            raise UsageError(f"The folder {path} holds no video: give a file, or a folder of videos.")
        found += inside
    return found


def _videos_in(folder: str, seen: set[str]) -> Iterator[str]:
    """Yield the paths of the videos in a folder, at any depth; `seen` are the real paths of folders looked into."""
    place = os.path.realpath(folder)
    if place in seen:  # by links, folders may hold each other
        return
    seen.add(place)
    for entry in entries(folder):
        if is_folder(entry):
            yield from [entry.path] if holds_frames(entry.path) else _videos_in(entry.path, seen)
        elif is_video(entry.name):
            yield entry.path


def clips_of_files(paths: list[str], settings: ClipSettings) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (path, uint8 (clips, frames, size, size, 3)) of each video that can be read.

    Of one that cannot be read the log has a warning, and the next is taken.

    Raises:
        UnreadableVideo: it is the only one.
        VddError: a limit of this process was met, such as that of open files.
    """
    for path in paths:
        try:
            yield path, _clips_of(path, settings)
        except UnreadableVideo as error:
            # It is not the video's fault, nor would it be that of the next.
            if (limit := limit_reached(error)) and fault_of_machine(error):
                raise VddError(f"'{path}' cannot be read: {limit}.") from error
            if len(paths) == 1:
                raise
            _LOG.warning("%s", error)


def _clips_of(path: str, settings: ClipSettings) -> np.ndarray:
    wanted = np.empty(0, int)

    def choose(length: int) -> np.ndarray:
        # The length is known only once the file is open; which frames were chosen is needed again below.
        nonlocal wanted
        wanted = spread_indices(length, settings.frames, settings.interval, settings.clips)
        return wanted

    pictures = np.stack(list(chosen_frames(path, settings.size, choose)))
    # Each frame was decoded once, in order; a clip may show it again, and clips may share it.
    return pictures[np.searchsorted(np.unique(wanted), wanted)]


def checked_pixels(videos: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of clips as it is, once it is known to hold pixels, 0 to 255.

    Args:
        videos: (n, *shape), integers or floats.
        shape: (frames, height, width, 3), of a clip.

    Raises:
        UsageError: it holds no clip, or is of another shape or type, or its values are no pixels.
    """
    videos = np.asarray(videos)
    if videos.shape[1:] != shape or not len(videos) or videos.dtype.kind not in "uif":
        raise UsageError(
            f"The videos have shape {videos.shape} and type {videos.dtype}; they must be numbers (n, "
            f"{', '.join(map(str, shape))})."
        )
    low, high = float(videos.min()), float(videos.max())
    if not (low >= 0 and high <= 255):  # so that NaN is refused too
        raise UsageError(f"The videos have values from {low:g} to {high:g}; they must be pixels, 0 to 255.")
    return videos
