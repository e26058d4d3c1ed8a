"""From decoded frames of any kind to one square of 8-bit RGB, by FFmpeg's own filters."""

import av
import numpy as np
from av.filter import Graph

from keras_vdd.data.decoding import SHORT_SIDE
from keras_vdd.data.decoding.graphs import form_of, source_of
from keras_vdd.data.decoding.orientation import is_upended, turning_of
from keras_vdd.data.decoding.unreadable import UnreadableVideo, words_of

# Beyond this a frame is a strip of which the crop would show next to nothing; such files are broken.
LONGEST_ASPECT = 32
# FFmpeg's default; it filters before it shrinks, so small sizes do not alias.
SCALER = "bicubic"
NO_CROPPING = (0, 0, 0, 0)


class Scaler:
    """Turns the frames of one video upright, scales them and crops them to the middle square.

    The same filters, in the same order, are what `ffmpeg -vf scale=W:H,crop=S:S -pix_fmt rgb24` runs, so
    the pixels are its pixels: rotation and mirroring as the file says, colours by the stream's matrix and
    range, grey and deep formats to 8-bit RGB, alpha dropped. Interlaced frames are made whole first
    (`bwdif`), for shrinking would blend two moments. Size and format may change within a video.

    Args:
        path: str, for errors.
        size: side of the square, in pixels.
        pixel_aspect: width of a pixel by its height; None for 1.
        turning: how all frames are turned (see `turning_of`); None to go by what each of them says.
        cropping: pixels at the left, right, top and bottom of each frame that are not shown.
    """

    def __init__(self, path, size, pixel_aspect=None, turning=None, cropping=NO_CROPPING):
        self._path, self._size, self._pixel_aspect, self._cropping = path, size, pixel_aspect, cropping
        self._kind, self._graph, self._interlaced = None, None, False
        self._ask, self._rotation, self._turning = turning is None, None, turning or ()

    @classmethod
    def of(cls, video, size):
        """Return the scaler of a `VideoFile`."""
        return cls(video.path, size, video.stream.sample_aspect_ratio, video.turning, video.cropping)

    def push(self, frame):
        """Take a frame; return the list of pictures that are ready, uint8 (size, size, 3) each."""
        self._interlaced = self._interlaced or frame.interlaced_frame
        kind = (form_of(frame), self.turn(frame), self._interlaced)
        ready = []
        try:
            if kind != self._kind:
                ready = self._flush()
                self._graph, self._kind = self._build(*kind), kind
            _, source, sink = self._graph
            source.push(frame)
            # Only the deinterlacer keeps frames back.
            return ready + (self._pull() if self._interlaced else [_pixels(sink.pull())])
        except av.error.FFmpegError as error:
            raise UnreadableVideo(self._path, f"its frames do not scale ({words_of(error)})") from None

    def turn(self, frame):
        """Take up how a frame says that it is to be turned; return the filters that turn it (see `turning_of`)."""
        if self._ask and frame.rotation != self._rotation:
            # Not looked up for every frame: a frame that was asked for its side data lives until the next
            # collection of circles, and the decoder cannot use its memory again.
            self._rotation, stated = frame.rotation, turning_of(frame)
            # It may be stated once, and holds until another is.
            self._turning = self._turning if stated is None else stated
        return self._turning

    def flush(self):
        """Return the list of pictures that were still kept back, after the last frame."""
        ready = self._flush()
        self._kind, self._graph = None, None
        return ready

    def _flush(self):
        if self._graph is None or not self._kind[-1]:
            return []
        self._graph[1].push(None)
        return self._pull()

    def _pull(self):
        ready = []
        while True:
            try:
                ready.append(_pixels(self._graph[2].pull()))
            except (av.error.BlockingIOError, av.error.EOFError):
                return ready

    def _build(self, form, turning, interlaced):
        graph = Graph()
        graph.threads = 1
        nodes = [source_of(graph, form)]
        shown = form[:2]
        if self._cropping != NO_CROPPING:
            shown, crop = _window(*form[:3], *self._cropping)
            nodes.append(graph.add("crop", crop))
        if interlaced:
            nodes.append(graph.add("bwdif", "mode=send_frame:deint=interlaced"))
        nodes += [graph.add(*step) for step in turning]
        upended = is_upended(turning)
        width, height = shown[::-1] if upended else shown
        try:
            scaled = scaled_shape(width, height, self._pixel_aspect, self._size, upended)
        except ValueError:
            reason = f"its frames are {shown[0]}x{shown[1]} pixels, which is no picture"
            raise UnreadableVideo(self._path, reason) from None
        left, top = ((side - self._size) // 2 for side in scaled)
        nodes += [
            graph.add("scale", f"{scaled[0]}:{scaled[1]}:flags={SCALER}"),
            graph.add("crop", f"{self._size}:{self._size}:{left}:{top}"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        # The nodes alone do not keep their graph alive.
        return graph, nodes[0], nodes[-1]


def scaled_shape(width, height, pixel_aspect, size, turned=False):
    """Return (width, height) of the whole frame when its short side is `round(size * 120 / 112)`.

    Args:
        width, height: of the frame, in pixels, as it is shown.
        pixel_aspect: of the coded frame; None or absurd ones count as 1.
        size: side of the square that is cropped out of it.
        turned: whether the coded frame was turned by 90 degrees to be shown.

    Raises:
        ValueError: a frame without pixels, or a strip.
    """
    if width < 1 or height < 1:
        raise ValueError(f"{width}x{height}")
    pixel_aspect = float(pixel_aspect or 1)
    if not 0.1 <= pixel_aspect <= 10:
        pixel_aspect = 1.0
    aspect = width / height * (1 / pixel_aspect if turned else pixel_aspect)
    if not 1 / LONGEST_ASPECT <= aspect <= LONGEST_ASPECT:
        raise ValueError(f"{width}x{height}")
    short = max(round(size * SHORT_SIDE[0] / SHORT_SIDE[1]), size)
    return (
        (max(round(short * aspect), size), short)
        if aspect >= 1
        else (short, max(round(short / aspect), size))
    )


def _window(width, height, pixels, left, right, top, bottom):
    """Return (width, height) of what is shown of a frame and the argument of the filter that cuts it out.

    Where colour has fewer pixels than light, the filter begins and ends on pixels that have both.
    """
    pixels = av.VideoFormat(pixels)
    across, down = 16 // pixels.chroma_width(16), 16 // pixels.chroma_height(16)
    sides = (width - left - right) // across * across, (height - top - bottom) // down * down
    return sides, f"{sides[0]}:{sides[1]}:{left}:{top}"


def _pixels(frame):
    # What is cropped is a part of a larger picture; a copy lets that go.
    return np.ascontiguousarray(frame.to_ndarray())
