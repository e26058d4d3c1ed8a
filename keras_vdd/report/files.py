"""Writing of report files: whole or not at all."""

from pathlib import Path

from keras_vdd.errors import VddError
from keras_vdd.files import write_atomically
from keras_vdd.limits import limit_reached


def write_bytes(path, content):
    """Write `content` to `path`, whose folder is made if need be.

    Raises:
        VddError: the disk refuses.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        why = limit_reached(error) or f"{error.strerror or error}; choose another folder"
        raise VddError(f"Cannot write {path}: {why}.") from error
