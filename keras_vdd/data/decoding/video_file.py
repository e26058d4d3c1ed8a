"""A video file, opened: its frames as coded, and every trouble with it told as `UnreadableVideo`."""

import contextlib
import os

import av

from keras_vdd.data.decoding.truncation import missing_bytes
from keras_vdd.data.decoding.unreadable import UnreadableVideo, words_of

# 8K; what is larger is a broken header, and one such frame could take all memory.
MAX_PIXELS = 8192 * 4352
# `file` alone: a playlist under a video's name must not reach the network. The checks are those that
# the decoders have at no cost; `explode` would also refuse streams that are merely sloppy.
OPTIONS = {"max_pixels": str(MAX_PIXELS), "protocol_whitelist": "file", "err_detect": "crccheck+bitstream"}
# FFmpeg's own decoders of these notice next to no damage; the codecs' reference decoders do, as fast.
REFERENCE_DECODERS = {"vp9": "libvpx-vp9", "vp8": "libvpx"}
# The share of the stated frames or seconds that has to be there; writers are a frame or two out.
_ENOUGH = 0.75


class VideoFile:
    """An open video; use it in a `with` block.

    A video counts as readable only if it decodes to its end without an error: one that breaks off
    raises after its good frames, for a class may lie in what is missing. The caller then drops them.

    Attributes:
        path: str.
        container: `av.container.InputContainer`.
        stream: the video stream of it.

    Args:
        path: the file, in any container and codec that PyAV reads.
        threads: decoding threads; keep 1 where several videos are decoded at once.

    Raises:
        UnreadableVideo: not a video, or cut off.
    """

    def __init__(self, path, threads=1):
        self.path = os.fspath(path)
        self.container = _open(self.path)
        try:
            cut = missing_bytes(self.path)
            if cut:
                raise UnreadableVideo(self.path, f"it breaks off: {cut[0]} of its {cut[1]} bytes are there")
            self.stream = self._find_stream()
            self._decoder = _decoder(self.stream.codec_context)
            self._decoder.options = {"max_pixels": OPTIONS["max_pixels"], "err_detect": OPTIONS["err_detect"]}
            self._decoder.thread_count = threads
            if threads > 1:
                self._decoder.thread_type = "AUTO"
        except BaseException:
            self.container.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.container.close()

    def frames(self, to_the_end=True):
        """Yield each coded frame once, in the order of showing, as `av.VideoFrame`.

        Where frames last differently long (a variable rate) none is repeated and none left out.

        Args:
            to_the_end: whether this is to be the whole video, no shorter than the container states.

        Raises:
            UnreadableVideo: damaged in what was read, or too short.
        """
        packets, count, end = 0, 0, None
        try:
            for packet in self.container.demux(self.stream):
                if packet.is_corrupt:
                    raise UnreadableVideo(self.path, f"it breaks off after {count} frames")
                packets += packet.dts is not None or packet.size > 0
                # An empty packet is the end: it brings out what the decoder kept back.
                for frame in self._decoder.decode(packet if packet.size else None):
                    if frame.is_corrupt:
                        # A piece cut out of a longer stream begins with frames that need what is gone.
                        if not count and not frame.key_frame:
                            continue
                        raise UnreadableVideo(
                            self.path, f"it is damaged after {count} frames (a frame decodes with errors)"
                        )
                    yield frame
                    count += 1
                    if frame.pts is not None:
                        end = frame.pts + (frame.duration or 0)
        except av.error.FFmpegError as error:
            reason = f"it is damaged after {count} frames ({words_of(error)})"
            raise UnreadableVideo(self.path, reason) from None
        if to_the_end:
            if not count:
                raise UnreadableVideo(self.path, "it has no frames")
            self.refuse_early_end(packets, count, end)

    def refuse_early_end(self, packets, count, end):
        """Refuse a video of which the container states more than there was, where its word is good.

        Args:
            packets: int, packets of the stream that were read.
            count: int, frames of them.
            end: int, when the last frame ends, in units of the stream; None if unknown.
        """
        name = self.container.format.name
        seconds = None if end is None else float(end * self.stream.time_base)
        # AVI states places of frames, of which a recorder may have left some empty: then time tells.
        places = (
            max(packets, (seconds or 0) * float(self.stream.average_rate or 0)) if "avi" in name else packets
        )
        if ("avi" in name or "mov" in name) and places < _ENOUGH * self.stream.frames:
            raise UnreadableVideo(
                self.path, f"it breaks off after {count} frames, of {self.stream.frames} that it states"
            )
        # Matroska states no frames, and its duration is that of the longest stream.
        if "matroska" in name and seconds is not None and not self.container.streams.audio:
            stated = (self.container.duration or 0) / av.time_base
            if seconds < _ENOUGH * stated:
                raise UnreadableVideo(
                    self.path, f"it breaks off after {count} frames, {seconds:.2f} of {stated:.2f} s"
                )

    def _find_stream(self):
        name = self.container.format.name
        if name.endswith("_pipe") or name in ("image2", "tty"):
            raise UnreadableVideo(self.path, f"it is a still picture or a text, not a video ({name})")
        stream = self.container.streams.best("video")
        if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
            raise UnreadableVideo(self.path, "it has no video stream")
        if stream.codec_context is None:
            raise UnreadableVideo(self.path, "its codec is unknown")
        return stream


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


def stated_frames(path):
    """Return how many frames a file states, or its duration makes likely; None if neither tells."""
    try:
        with _open(os.fspath(path)) as container:
            stream = container.streams.best("video")
            count = stream.frames or round(container.duration / av.time_base * float(stream.average_rate))
    except Exception:
        # An estimate is no place to fail: the decoder will say what is wrong with this file.
        return None
    # No frame takes less than a few bytes: a header that claims more frames is broken.
    return count if 0 < count <= os.path.getsize(path) / 8 else None


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
