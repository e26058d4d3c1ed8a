"""Writing of report files: whole or not at all."""

import os
from pathlib import Path

from keras_vdd.errors import VddError


def write_bytes(path, content):
    """Write `content` to `path` through a temporary name in the same folder, which is made if need be.

    Raises:
        VddError: the disk refuses.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise VddError(f"Cannot write {path}: {error.strerror or error}; free space or choose another folder.")
