"""What a store remembers of the files that it was made from: name, class, size and time of change of each.

With their checksums, which the store's index has, it tells what of a set has changed since: a file that was only
touched or copied is the same, one that was renamed is known again by its content.
"""

import json
import os
from collections.abc import Iterable, Mapping
from stat import S_ISDIR
from typing import Any

from keras_vdd.data.decoding.frame_folders import NOT_THERE, is_frame
from keras_vdd.errors import VddError
from keras_vdd.files import checksum, write_atomically
from keras_vdd.sealed import read_json, sealed, with_lists

FILE = "files.json"
_SECOND = 10**9


def fingerprint(path: str) -> list[Any]:
    """Return what changes when a file does; for a folder of images, when any of them does.

    Returns:
        [size, time, readable]: bytes and nanoseconds of a file; number and checksum of a folder's images.

    Raises:
        VddError: the disk or the network fails, so that nothing is known of the file.
    """
    try:
        stat = os.stat(path)
        if not S_ISDIR(stat.st_mode):
            return [stat.st_size, stat.st_mtime_ns, os.access(path, os.R_OK)]
        with os.scandir(path) as entries:
            found = [(entry.name, entry.stat()) for entry in entries if is_frame(entry.name)]
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise VddError(
                f"'{path}' cannot be looked at ({error.strerror or error}): see to that and run the same command again."
            ) from error
        return [0, 0, False]
    images = sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)
    if not images:
        return [stat.st_size, stat.st_mtime_ns, os.access(path, os.R_OK)]
    return [len(images), checksum(json.dumps(images)), True]


def tells_apart(found: list[Any]) -> bool:
    """Whether a file of the same name and fingerprint is certainly the same, on whatever disk.

    It is not where the time is in whole seconds, as from archives, which many files share.
    """
    return isinstance(found[1], str) or found[1] % _SECOND != 0


def write_source_files(folder: str, head: Mapping[str, Any], rows: Mapping[str, Iterable[list[Any]]]) -> None:
    """Write `files.json` of a store, row by row: the text of a large set is not held in memory.

    Args:
        folder: of the store's splits.
        head: dict, what the store keeps of each video.
        rows: dict of split to an iterable of [name, label, size, time, readable].
    """

    def write(file):
        file.writelines(piece.encode() for piece in sealed(with_lists(head, rows)))

    write_atomically(os.path.join(folder, FILE), write)


def read_source_files(folder: str) -> dict[str, Any] | None:
    """Return what `write_source_files` wrote, head and rows in one dict; None where there is nothing whole."""
    try:
        return read_json(os.path.join(folder, FILE))
    except (OSError, ValueError):
        return None
