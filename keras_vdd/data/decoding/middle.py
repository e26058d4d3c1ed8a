"""The frames around the middle of a video, without decoding what is before and after them."""

import os

import av
import numpy as np

from keras_vdd.data.decoding.decode import chosen_frames
from keras_vdd.data.decoding.frame_folders import is_folder_at
from keras_vdd.data.decoding.scaling import Scaler
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.data.decoding.video_file import VideoFile
from keras_vdd.data.sampling import clip_indices
from keras_vdd.text import counted

# Containers that give every packet its time of showing, and codecs of which a packet is one shown frame
# (VP8 hides some, MPEG-4 in AVI packs two into one).
_TIMED = ("mov", "matroska")
_ONE_A_PACKET = frozenset("h264 hevc vp9 av1 libdav1d mjpeg mpeg4 prores ffv1 dnxhd png".split())


class _Unsure(Exception):
    """What was sought did not turn up as the packets promised."""


def middle_frames(path, size, frames, interval, threads=1):
    """Yield the frames of a video's middle clip: those that `clip_indices(length, frames, interval)` names.

    They are, pixel for pixel, those of `decode_frames`. Where container and codec allow it the packets are
    counted without decoding, and decoding begins at the last key frame before the clip and ends with it;
    then only what is needed has to be undamaged. A video shorter than `frames` gives each of its frames once.

    Args:
        path, size, threads: as `decode`.
        frames, interval: as `clip_indices`.

    Raises:
        UnreadableVideo: as `decode`.
    """
    path = os.fspath(path)

    def choose(length):
        return clip_indices(length, frames, interval)

    if not is_folder_at(path):
        try:
            # A few frames, so they can wait here until it is known that all of them turned up.
            pictures = list(_sought(path, size, choose, threads))
        except _Unsure:
            pass
        else:
            yield from pictures
            return
    yield from chosen_frames(path, size, choose, threads)


def _sought(path, size, choose, threads):
    times = _times_of_showing(path)
    wanted = [times[i] for i in np.unique(choose(len(times)))]
    with VideoFile(path, threads) as video:
        try:
            video.container.seek(wanted[0], stream=video.stream)
        except av.error.FFmpegError:
            raise _Unsure from None
        scaler = Scaler.of(video, size)
        found = 0
        for frame in video.frames(to_the_end=False):
            # A stream without help of its container may say once, before the clip, how it is to be turned.
            if scaler.turn(frame) != video.first_turning:
                raise _Unsure
            # Deinterlacing needs the frames beside it, and two fields may come as two packets.
            if frame.interlaced_frame or frame.pts is None or frame.pts > wanted[found]:
                raise _Unsure
            if frame.pts == wanted[found]:
                yield from scaler.push(frame)
                found += 1
                if found == len(wanted):
                    return
    raise _Unsure


def _times_of_showing(path):
    """Return the times of all frames in the order of showing, by the packets alone."""
    with VideoFile(path) as video:
        known = video.stream.codec_context.name in _ONE_A_PACKET
        if not known or not any(name in video.container.format.name for name in _TIMED):
            raise _Unsure
        times = []
        try:
            for packet in video.container.demux(video.stream):
                if packet.is_corrupt:
                    raise UnreadableVideo(path, f"it breaks off after {counted(len(times), 'frame')}")
                if packet.size == 0:
                    continue
                # One that begins amid a group of pictures may lose its first frames.
                if packet.pts is None or not (times or packet.is_keyframe):
                    raise _Unsure
                # Packets that an edit list cuts away are decoded and not shown.
                if not packet.is_discard:
                    times.append(packet.pts)
        except av.error.FFmpegError:
            raise _Unsure from None
        if not times or len(set(times)) != len(times):
            raise _Unsure
    return sorted(times)
