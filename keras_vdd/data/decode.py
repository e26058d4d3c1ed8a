"""From a video file to uint8 RGB frames of one square size."""

import os

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from keras_vdd.errors import VddError

# The method resizes to 160x120 and crops 112 out of the middle (METHOD, section 1): for any size and
# aspect this is a short side of 120/112 of the crop.
SHORT_SIDE = (120, 112)
# Beyond this a frame is a strip of which the crop would show next to nothing; such files are broken.
LONGEST_ASPECT = 32
# What ffmpeg scales with by default; it filters before it shrinks, so small sizes do not alias.
SCALER = Interpolation.BICUBIC


class UnreadableVideo(VddError):
    """A video that cannot be used; `reason` is a phrase that says why, without the path."""

    def __init__(self, path, reason):
        super().__init__(f"The video '{path}' cannot be used: {reason}.")
        self.reason = reason


def decode(path, size, threads=1):
    """Decode a whole video.

    Frames are turned as the file's rotation says, scaled with their aspect kept (pixel aspect
    included) until the short side is `round(size * 120 / 112)`, and cropped to the middle square;
    alpha is dropped, grey and deep formats become 8-bit RGB.

    Args:
        path: the file, in any container and codec that PyAV reads.
        size: side of the square, in pixels.
        threads: decoding threads; keep 1 where several videos are decoded at once.

    Returns:
        uint8 array of shape (frames, size, size, 3), at least one frame.

    Raises:
        UnreadableVideo: not a video, no frames, or damaged anywhere (see `decode_frames`).
    """
    return np.stack(list(decode_frames(path, size, threads)))


def decode_frames(path, size, threads=1):
    """Yield the frames of `decode` one by one, so that a long video needs little memory.

    A video counts as readable only if it decodes to its end without an error: one that breaks off
    raises after its good frames, for a class may lie in what is missing. The caller then drops them.
    """
    path = os.fspath(path)
    try:
        if os.path.isdir(path):
            raise UnreadableVideo(path, "it is a folder")
        # Looked at first: opening a pipe would wait for ever.
        if os.path.exists(path) and not os.path.isfile(path):
            raise UnreadableVideo(path, "it is no regular file")
        if os.path.getsize(path) == 0:
            raise UnreadableVideo(path, "it is an empty file")
        container = av.open(path)
    except FileNotFoundError:
        raise UnreadableVideo(path, "the file is missing") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(path, f"it does not open as a video ({_message(error)})") from None
    with container:
        stream = container.streams.best("video")
        if stream is None:
            raise UnreadableVideo(path, "it has no video stream")
        if stream.codec_context is None:
            raise UnreadableVideo(path, "its codec is unknown")
        stream.codec_context.thread_count = threads
        count, end = 0, None
        scale = _Scaler(size, stream.sample_aspect_ratio)
        try:
            for packet in container.demux(stream):
                if packet.is_corrupt:
                    raise UnreadableVideo(path, f"it breaks off after {count} frames")
                for frame in packet.decode():
                    yield scale(frame)
                    count += 1
                    if frame.pts is not None:
                        end = float((frame.pts + (frame.duration or 0)) * frame.time_base)
        except av.error.FFmpegError as error:
            raise UnreadableVideo(path, f"it is damaged after {count} frames ({_message(error)})") from None
        except _AbsurdShape as error:
            raise UnreadableVideo(path, f"its frames are {error}, which is no picture") from None
        if not count:
            raise UnreadableVideo(path, "it has no frames")
        _refuse_early_end(path, container, count, end)


def _refuse_early_end(path, container, count, end):
    """Matroska and WebM files that were cut off end silently; their stated duration tells."""
    if (
        "matroska" not in container.format.name
        or end is None
        or not container.duration
        or container.streams.audio
    ):
        return
    stated = container.duration / av.time_base
    if end < 0.75 * stated:
        raise UnreadableVideo(path, f"it breaks off after {count} frames, {end:.2f} of {stated:.2f} s")


class _AbsurdShape(Exception):
    pass


class _Scaler:
    """Turns decoded frames into the square of RGB; sizes may change within a video."""

    def __init__(self, size, pixel_aspect):
        self.size = size
        self.pixel_aspect = pixel_aspect
        self.reformatter = VideoReformatter()

    def __call__(self, frame):
        width, height = scaled_shape(frame.width, frame.height, self.pixel_aspect, self.size)
        picture = self.reformatter.reformat(
            frame, width, height, "rgb24", interpolation=SCALER, threads=1
        ).to_ndarray()
        top, left = (height - self.size) // 2, (width - self.size) // 2
        picture = picture[top : top + self.size, left : left + self.size]
        turns = round((frame.rotation or 0) / 90) % 4
        # Turned after the crop: the middle square is the same and the work is less.
        return np.ascontiguousarray(np.rot90(picture, turns))


def scaled_shape(width, height, pixel_aspect, size):
    """Return (width, height) of the whole frame when its short side is `round(size * 120 / 112)`."""
    if width < 1 or height < 1:
        raise _AbsurdShape(f"{width}x{height} pixels")
    pixel_aspect = float(pixel_aspect or 1)
    if not 0.1 <= pixel_aspect <= 10:
        pixel_aspect = 1.0
    aspect = width * pixel_aspect / height
    if not 1 / LONGEST_ASPECT <= aspect <= LONGEST_ASPECT:
        raise _AbsurdShape(f"{width}x{height} pixels")
    short = max(round(size * SHORT_SIDE[0] / SHORT_SIDE[1]), size)
    return (
        (max(round(short * aspect), size), short)
        if aspect >= 1
        else (short, max(round(short / aspect), size))
    )


def _message(error):
    """The library's words without number and path, which would make reasons differ by place."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
