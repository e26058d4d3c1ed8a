"""The checksum that each published row carries of itself, for rows that come without the names of their files."""

import hashlib
import json

import numpy as np


def row_digest(label, slot, class_name, integrator, numbers):
    """Return the hexadecimal sha256 of a row's content.

    It is taken of a line of JSON (sorted keys, ASCII, a line break at its end) with `label`, `slot`, `class_name`,
    `format_version`, `config`, the sha256 of `weights` and, by name, the type and count of each column of numbers;
    then of those columns' bytes, in order of name, numbers row by row and little-endian. The preview is left out.

    Args:
        label, slot: int.
        class_name: str.
        integrator: dict of `format_version` (int), `config` (str) and `weights` (bytes).
        numbers: dict of arrays by column, as they are stored: the memories, their scales, the soft label.
    """
    columns = {name: _little_endian(numbers[name]) for name in sorted(numbers)}
    head = {
        "label": int(label),
        "slot": int(slot),
        "class_name": class_name,
        "format_version": int(integrator["format_version"]),
        "config": integrator["config"],
        "weights": hashlib.sha256(integrator["weights"]).hexdigest(),
        "columns": {name: [array.dtype.name, array.size] for name, array in columns.items()},
    }
    digest = hashlib.sha256((json.dumps(head, sort_keys=True) + "\n").encode())
    for array in columns.values():
        digest.update(array.data)
    return digest.hexdigest()


def _little_endian(array):
    array = np.ascontiguousarray(array).reshape(-1)
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
