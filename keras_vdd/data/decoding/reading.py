"""Whether what was read of a video is all of it, by what decoding met."""

import os

from keras_vdd.data.decoding.truncation import stated_bytes
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.text import counted

# The share of the frames that an AVI states that has to be there; writers are a frame or two out.
_ENOUGH = 0.75
# What FFmpeg reads of a file, at most, while it looks for streams. The end of a smaller one it meets there alone.
_SMALL = 5_000_000
# Broadcasts are cut out anywhere: of their beginnings FFmpeg complains too.
_BROADCASTS = frozenset({"mpegts", "mpeg"})


class Reading:
    """Keeps account of the packets and frames of one video while it is read from its beginning.

    Attributes:
        count: int, frames so far.

    Args:
        path: of the video.
        complained: whether FFmpeg met errors while it opened the file.
    """

    def __init__(self, path, complained):
        self.count = 0
        self._complained = complained
        self._path = path
        self._packets, self._end = 0, None
        self._gap, self._torn, self._errors_before = None, False, 0
        self._encrypted = False

    def meet(self, packet, errors):
        """Note a packet that is about to be decoded, and how many errors FFmpeg had met before it was read."""
        if packet.dts is None and not packet.size:
            # PyAV's own, after the last one.
            return
        self._packets += 1
        self._encrypted = self._encrypted or packet.has_sidedata("encryption_info")
        # Bytes are missing in it or before it. Where two transport streams were joined none are: a file may go on,
        # and it is the decoder that tells.
        self._torn = packet.is_corrupt
        if packet.is_corrupt and self._gap is None:
            self._gap = errors
        self._errors_before = errors

    def whole(self, frames):
        """Yield the frames that a decoder gave.

        Raises:
            UnreadableVideo: one of them decoded with errors.
        """
        for frame in frames:
            if frame.is_corrupt:
                # A piece cut out of a longer stream begins with frames that need what is gone.
                if not self.count and not frame.key_frame:
                    continue
                raise self.damaged("a frame decodes with errors")
            yield frame
            self.count += 1
            if frame.pts is not None:
                self._end = frame.pts + (frame.duration or 0)

    def damaged(self, words):
        """Return the error of a video that does not decode, for what the decoder said of it."""
        # Parts of one that is encrypted may be clear.
        damaged = f"it is damaged after {counted(self.count, 'frame')} ({words})"
        return UnreadableVideo(self._path, "it is encrypted" if self._encrypted else damaged)

    def end(self, errors, container, stream):
        """Refuse a video that was cut off, after its last frame.

        Containers are not believed about how much there should be: they state the length of another stream, or
        of more than is shown. AVI alone states the frames of each stream, and shows them all; that counts where it
        does not state how many bytes it has.

        Args:
            errors: int, those that FFmpeg has met.
            container: str, FFmpeg's name of the format.
            stream: the stream that was read.

        Raises:
            UnreadableVideo: its last packet is torn, FFmpeg met errors at its end or after a gap, an AVI is too
                short, or there was no frame, or one still picture.
        """
        if not self.count:
            raise UnreadableVideo(self._path, "it has no frames")
        if self.count == 1 and container.endswith("_pipe"):
            raise UnreadableVideo(self._path, f"it is a still picture, not a video ({container})")
        if self._torn or errors > self._errors_before:
            raise UnreadableVideo(self._path, f"it breaks off after {counted(self.count, 'frame')}")
        if self._gap is not None and errors > self._gap:
            raise UnreadableVideo(self._path, "it is damaged: a piece of it is missing")
        if stated_bytes(self._path) is not None:
            return
        small = os.path.getsize(self._path) < _SMALL
        if self._complained and small and container not in _BROADCASTS:
            raise UnreadableVideo(self._path, f"it breaks off after {counted(self.count, 'frame')}")
        if "avi" in container:
            # A recorder may have left places of frames empty: then time tells.
            seconds = float((self._end or 0) * stream.time_base)
            places = max(self._packets, seconds * float(stream.average_rate or 0))
            if places < _ENOUGH * stream.frames:
                reason = (
                    f"it breaks off after {counted(self.count, 'frame')}, of {stream.frames} that it states"
                )
                raise UnreadableVideo(self._path, reason)
