"""The checksum of a source video, by which a store knows it again wherever it lies."""

from keras_vdd.data.decoding.frame_folders import frame_files, is_folder_at
from keras_vdd.errors import VddError
from keras_vdd.files import file_checksum


def source_checksum(path: str) -> str:
    """Return a checksum of a file, or of all images of a folder in the order of their numbers.

    Raises:
        VddError: the folder holds no series of images.
        OSError: it cannot be read, or is neither a file nor a folder.
    """
    return file_checksum(*(frame_files(path) if is_folder_at(path) else [path]))


def checksum_if_there(path: str) -> str | None:
    """Return the `source_checksum` of a video; None where it cannot be read."""
    try:
        return source_checksum(path)
    except (OSError, VddError):
        return None
