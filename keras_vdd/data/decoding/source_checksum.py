"""The checksum of a source video, by which a store knows it again wherever it lies."""

import os

from keras_vdd.data.decoding.frame_folders import frame_files
from keras_vdd.data.decoding.unreadable import UnreadableVideo
from keras_vdd.errors import VddError
from keras_vdd.files import file_checksum


def source_checksum(path: str) -> str:
    """Return a checksum of a file, or of all images of a folder in the order of their numbers.

    Raises:
        UnreadableVideo: the folder holds no series of images.
        OSError: it cannot be read.
    """
    if not os.path.isdir(path):
        return file_checksum(path)
    try:
        return file_checksum(*frame_files(path))
    except VddError as error:
        raise UnreadableVideo(path, str(error)) from None
