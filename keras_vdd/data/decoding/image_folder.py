"""Videos that were taken apart beforehand: frames from a folder of numbered images."""

import os
import struct

import av
import numpy as np

from keras_vdd.data.decoding.frame_folders import frame_files, holds_frames
from keras_vdd.data.decoding.scaling import Scaler
from keras_vdd.data.decoding.unreadable import UnreadableVideo, words_of
from keras_vdd.data.decoding.video_file import MAX_PIXELS
from keras_vdd.errors import VddError


def picture_files(folder):
    """Return the paths of a folder's images in the order of their numbers.

    Raises:
        UnreadableVideo: there are none, or they are not the frames of one video.
    """
    if not holds_frames(folder):
        raise UnreadableVideo(folder, "it is a folder")
    try:
        return frame_files(folder)
    except VddError as error:
        reason = str(error).removeprefix(f"The folder '{folder}' ").removesuffix(".")
        raise UnreadableVideo(folder, f"it {reason}") from None


def count_pictures(folder):
    """Return how many images the video in a folder has; 0 if there is no video in it."""
    try:
        return len(picture_files(folder))
    except UnreadableVideo:
        return 0


def picture_frames(folder, size, files=None):
    """Yield the images as frames of a video: uint8 (size, size, 3), scaled and cropped as video frames are.

    Args:
        folder: str.
        size: side of the square, in pixels.
        files: paths of the images to take; None for all, in the order of their numbers.

    Raises:
        UnreadableVideo: an image is damaged, for a class may lie in what is missing.
    """
    scaler = Scaler(folder, size)
    for file in picture_files(folder) if files is None else files:
        frame = av.VideoFrame.from_ndarray(_read(folder, file), format="rgb24")
        yield from scaler.push(frame)


def _read(folder, file):
    """Return the pixels of an image as it is to be shown: uint8 (height, width, 3)."""
    from PIL import Image, ImageOps

    name = os.path.basename(file)
    try:
        with Image.open(file) as image:
            if image.width * image.height > MAX_PIXELS:
                reason = f"its image '{name}' is {image.width}x{image.height} pixels, which is no picture"
                raise UnreadableVideo(folder, reason)
            # Photographs too may hold several pictures, of which the first is shown.
            if image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False):
                raise UnreadableVideo(folder, f"its image '{name}' is an animation, not one frame")
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I"):
                # 16 bits; Pillow's own conversion would cut them off, not scale them.
                grey = (np.asarray(image) >> 8).astype(np.uint8)
                return np.repeat(grey[:, :, None], 3, axis=2)
            return np.asarray(image.convert("RGB"))
    except UnreadableVideo:
        raise
    # Pillow raises whatever its decoders do: SyntaxError for a broken PNG, for one.
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError) as error:
        words = words_of(error).replace(os.fspath(file), "the file").replace("\n", " ")
        raise UnreadableVideo(folder, f"its image '{name}' is damaged ({words})") from None
