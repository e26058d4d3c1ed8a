"""A video file, opened: its frames as coded, and every trouble with it told as `UnreadableVideo`."""

import contextlib
import errno
import functools
import os
import re

import av
from av.codec import Capabilities
from av.codec.context import Flags

from keras_vdd.data.decoding.complaints import complaints, description
from keras_vdd.data.decoding.orientation import turning_of
from keras_vdd.data.decoding.reading import Reading
from keras_vdd.data.decoding.scaling import NO_CROPPING
from keras_vdd.data.decoding.truncation import missing_bytes
from keras_vdd.data.decoding.unreadable import NoDecoder, UnreadableVideo, words_of

# 8K; what is larger is a broken header, and one such frame could take all memory.
MAX_PIXELS = 8192 * 4352
# `file` alone: a playlist under a video's name must not reach the network. The checks are those that
# the decoders have at no cost; `explode` would also refuse streams that are merely sloppy.
OPTIONS = {"max_pixels": str(MAX_PIXELS), "protocol_whitelist": "file", "err_detect": "crccheck+bitstream"}
# Zeros after a picture, which keep the rate of these constant, would count as damage by `bitstream`.
STUFFED = frozenset({"mpeg1video", "mpeg2video"})
# FFmpeg's own decoders of these notice next to no damage; the codecs' reference decoders do, as fast.
REFERENCE_DECODERS = {"vp9": "libvpx-vp9", "vp8": "libvpx"}
# What builds without another decoder of these have needs a device that decodes.
HARDWARE_DECODERS = frozenset({"av1"})
# Decoders that work on several frames, or parts of one, at once.
_THREADED = Capabilities.frame_threads | Capabilities.slice_threads | Capabilities.auto_threads
# Containers that may state a part of the frames to be shown (`clap`, `PixelCrop`).
_CROPPING = ("mov", "matroska")


class VideoFile:
    """An open video; use it in a `with` block.

    A video counts as readable only if it decodes to its end without an error: one that breaks off
    raises after its good frames, for a class may lie in what is missing. The caller then drops them.

    Attributes:
        path: str.
        container: `av.container.InputContainer`.
        stream: the video stream of it that the `ffmpeg` program would show.

    Args:
        path: the file, in any container and codec that PyAV reads.
        threads: decoding threads; keep 1 where several videos are decoded at once.

    Raises:
        UnreadableVideo: not a video, or cut off.
    """

    def __init__(self, path, threads=1):
        self.path = os.fspath(path)
        with complaints() as errors:
            self.container = _open(self.path)
            self._complained = errors() > 0
        try:
            cut = missing_bytes(self.path)
            if cut:
                raise UnreadableVideo(self.path, f"it breaks off: {cut[0]} of its {cut[1]} bytes are there")
            self.stream = _chosen_stream(self.container, self.path)
            self._decoder = _decoder(self.stream.codec_context)
            checks = "crccheck" if self._decoder.name in STUFFED else OPTIONS["err_detect"]
            # Else some of what is cropped at the left is left, so that lines of memory begin where they did.
            self._decoder.flags |= Flags.unaligned
            self._decoder.options = {"max_pixels": OPTIONS["max_pixels"], "err_detect": checks}
            # What one without threads complains of can be listened to.
            threads = threads if self._decoder.codec.capabilities & _THREADED else 1
            self._decoder.thread_count = threads
            if threads > 1:
                self._decoder.thread_type = "AUTO"
        except BaseException:
            self.container.close()
            raise

    @functools.cached_property
    def turning(self):
        """How the frames are turned to be shown (see `turning_of`); None where each frame says so."""
        own = self._decoder is self.stream.codec_context
        return None if own else self.first_turning

    @functools.cached_property
    def first_turning(self):
        """How the first frame says that it is to be turned (see `turning_of`); () where it does not."""
        return _turning_as_stated(self.path, self.stream.index)

    @functools.cached_property
    def cropping(self):
        """What of the decoded frames the container does not show: pixels at the left, right, top and bottom."""
        if not any(name in self.container.format.name for name in _CROPPING):
            return NO_CROPPING
        stated = re.search(
            r"Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)", _described(self.container, self.stream)
        )
        return NO_CROPPING if stated is None else tuple(map(int, stated.groups()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.container.close()

    def frames(self, to_the_end=True):
        """Yield each coded frame once, in the order of showing, as `av.VideoFrame`.

        Where frames last differently long (a variable rate) none is repeated and none left out.

        Args:
            to_the_end: whether this is to be the whole video.

        Raises:
            UnreadableVideo: damaged in what was read, or cut off.
        """
        reading = Reading(self.path, self._complained)
        try:
            # Threads of a decoder that complain could wait for ever for the thread that waits for them.
            with complaints() if self._decoder.thread_count == 1 else contextlib.nullcontext(int) as errors:
                before = errors()
                for packet in self.container.demux(self.stream):
                    reading.meet(packet, before)
                    # Empty ones stand for frames that were left out; to a decoder they would mean the end.
                    if packet.size:
                        yield from reading.whole(self._decoder.decode(packet))
                    before = errors()
                yield from reading.whole(self._decoder.decode(None))
                if to_the_end:
                    reading.end(errors(), self.container.format.name, self.stream)
        except av.error.FFmpegError as error:
            if error.errno == errno.ENOSYS and self._decoder.name in HARDWARE_DECODERS:
                raise NoDecoder(self.path, self._decoder.name) from None
            raise reading.damaged(words_of(error)) from None


def _chosen_stream(container, path):
    """Return the stream that the `ffmpeg` program would show: the largest, unless another is the default."""
    name, disposition = container.format.name, av.stream.Disposition
    if name in ("image2", "tty"):
        raise UnreadableVideo(path, f"it is a still picture or a text, not a video ({name})")
    if name == "webp_pipe" and _is_animated(path):
        # The demuxer of versions before 9 takes it for a still picture.
        raise NoDecoder(path, "animated WebP")
    streams = [video for video in container.streams.video if not video.disposition & disposition.attached_pic]
    if not streams:
        raise UnreadableVideo(path, "it has no video stream")
    decodable = [video for video in streams if video.codec_context is not None]
    if not decodable:
        codec = next(filter(None, (_codec_named(container, video) for video in streams)), None)
        raise NoDecoder(path, codec) if codec else UnreadableVideo(path, "its codec is unknown")

    def preference(video):
        pixels = video.codec_context.width * video.codec_context.height
        return pixels + 5_000_000 * bool(video.disposition & disposition.default)

    return max(decodable, key=preference)


def _is_animated(webp):
    """Tell whether a WebP says that it is animated."""
    with open(webp, "rb") as file:
        start = file.read(21)
    return len(start) == 21 and start[12:16] == b"VP8X" and bool(start[20] & 2)


def _codec_named(container, stream):
    """Return FFmpeg's name of the codec of a stream that it cannot decode; None where it has none."""
    # PyAV gives such a stream no codec.
    codec = re.search(r": Video: (\w+)", _described(container, stream))
    return None if codec is None or codec[1] == "none" else codec[1]


def _described(container, stream):
    """Return what FFmpeg tells of a stream: PyAV does not give all of it."""
    _, _, text = description(container).partition(f"\n  Stream #0:{stream.index}")
    return re.split(r"\n  Stream #0:", text)[0]


def _decoder(codec):
    """Return the decoder of a stream: its own, or the reference one for 8-bit video where it is there."""
    name = REFERENCE_DECODERS.get(codec.name)
    if name is None or "10" in (codec.pix_fmt or "10") or "12" in codec.pix_fmt:
        return codec
    try:
        decoder = av.CodecContext.create(name, "r")
    except (av.error.FFmpegError, ValueError):
        # Some builds of FFmpeg come without it.
        return codec
    decoder.extradata = codec.extradata
    return decoder


def _turning_as_stated(path, index):
    """Return how a stream says its frames are to be turned: a decoder of another library does not know."""
    with _open(path) as container:
        stream = container.streams[index]
        for packet in container.demux(stream):
            # What is damaged is for the decoder that is to be used to say.
            with contextlib.suppress(av.error.FFmpegError):
                for frame in stream.codec_context.decode(packet if packet.size else None):
                    return turning_of(frame) or ()
    return ()


def stated_frames(path):
    """Return how many frames a file states, or its duration makes likely; None if neither tells."""
    try:
        with _open(os.fspath(path)) as container:
            stream = _chosen_stream(container, path)
            count = _frames_of(stream) or round(
                container.duration / av.time_base * float(stream.average_rate)
            )
    except Exception:
        # An estimate is no place to fail: the decoder will say what is wrong with this file.
        return None
    # No frame takes less than a few bytes: a header that claims more frames is broken.
    return count if 0 < count <= os.path.getsize(path) / 8 else None


def _frames_of(stream):
    if "mov" not in stream.container.format.name:
        return stream.frames
    # What an edit list leaves out is counted, and not in the index.
    return min(stream.frames, sum(not entry.is_discard for entry in stream.index_entries))


def count_frames(path):
    """Count the frames of a file by its packets, without decoding: 0 for one that does not open.

    Headers do not do for this: AVI's counts frames that were dropped when it was recorded, and Matroska has
    none. VP8 alone has packets that show nothing, which are counted.
    """
    count = 0
    with contextlib.suppress(UnreadableVideo, av.error.FFmpegError), VideoFile(path) as video:
        for packet in video.container.demux(video.stream):
            # Packets that an edit list cuts away are decoded and not shown.
            count += packet.size > 0 and not packet.is_discard
    return count


def _open(path):
    try:
        # Looked at first: opening a pipe would wait for ever.
        if os.path.exists(path) and not os.path.isfile(path):
            raise UnreadableVideo(path, "it is a folder" if os.path.isdir(path) else "it is no regular file")
        if os.path.getsize(path) == 0:
            raise UnreadableVideo(path, "it is an empty file")
        return av.open(path, options=OPTIONS, metadata_errors="replace")
    except FileNotFoundError:
        raise UnreadableVideo(path, "the file is missing") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(path, f"it does not open as a video ({words_of(error)})") from None
