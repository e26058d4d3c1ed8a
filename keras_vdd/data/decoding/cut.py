"""What a store keeps of every video: which frames, how large, in what form.

What decodes is imported when a video is opened: to learn from a store that is there, none of it is needed.
"""

import dataclasses

from keras_vdd.data.decoding.frame_folders import is_folder_at
from keras_vdd.data.decoding.jpeg import typical_bytes


@dataclasses.dataclass(frozen=True)
class Cut:
    """What a store keeps of every video.

    Attributes:
        size: int, side of the square frames in pixels.
        codec: "raw", a byte a value, or "jpeg".
        middle: None for whole videos, or (frames, interval) for the clip in the middle of each alone.
    """

    size: int
    codec: str = "raw"
    middle: tuple[int, int] | None = None

    @classmethod
    def of(cls, data):
        """Return the cut that data settings ask for: `size`, and where they have them `codec` and `part`."""
        middle = (data.frames, data.interval) if getattr(data, "part", "whole") == "middle" else None
        return cls(data.size, getattr(data, "codec", "raw"), middle)

    def identity(self):
        """Return what tells this cut from one of whole videos in raw frames of the same size, as a dict."""
        middle = {} if self.middle is None else {"middle": list(self.middle)}
        return middle if self.codec == "raw" else {**middle, "codec": self.codec}

    def frames(self, path, threads=1):
        """Yield the frames of a video that are kept, uint8 (size, size, 3); raises as `decode_frames`."""
        from keras_vdd.data.decoding.decode import decode_frames
        from keras_vdd.data.decoding.middle import middle_frames

        if self.middle is None:
            return decode_frames(path, self.size, threads)
        return middle_frames(path, self.size, *self.middle, threads)

    def estimated_frames(self, path):
        """Return how many frames of a video will be kept, by what its file states; None if nothing tells."""
        from keras_vdd.data.decoding.image_folder import count_pictures
        from keras_vdd.data.decoding.video_file import stated_frames

        count = count_pictures(path) if is_folder_at(path) else stated_frames(path)
        return count if count is None or self.middle is None else min(count, self.middle[0])

    def counted_frames(self, path):
        """Return how many frames of a video will be kept if it decodes, and 0 if it does not even open."""
        from keras_vdd.data.decoding.image_folder import count_pictures
        from keras_vdd.data.decoding.video_file import count_frames, stated_frames

        if is_folder_at(path):
            count = count_pictures(path)
        elif self.middle is not None and (stated_frames(path) or 0) >= 2 * self.middle[0]:
            # Headers are not out by half, and a clip needs no more frames than its own.
            count = self.middle[0]
        else:
            count = count_frames(path)
        return count if self.middle is None else min(count, self.middle[0])

    def frame_bytes(self):
        """Return the bytes of a stored frame, exact for "raw" and an estimate for "jpeg"."""
        return self.size * self.size * 3 if self.codec == "raw" else typical_bytes(self.size)
