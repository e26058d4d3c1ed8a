"""From the stored cells of a column of videos to the videos, a batch at a time."""

import json
import operator
from functools import lru_cache

import numpy as np

from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.published import schema as vdd
from keras_vdd.published.row_weights import unpack_weights
from keras_vdd.published.storage import from_bytes, padded, several_from_bytes, stored_bytes

PARTS = ("static", "dynamic", "array")
CELLS_AT_ONCE = 64
"""So few that what lies between a batch and its videos stays small."""


def make_video(cell):
    """Return the video of a stored cell, float32 (T, H, W, 3).

    Args:
        cell: dict of `static`, `dynamic`, `array` (bytes or None), `format_version`, `config`, `weights`.
    """
    return make_videos([cell])[0]


def make_videos(cells):
    """Return the video of each stored cell, as `make_video` does; None, and what is a video already, stay.

    Videos that share a config and weights are computed together, and those of one shape are rows of one array.
    """
    videos, of_sets = list(cells), {}
    for place, cell in enumerate(cells):
        if cell is None or isinstance(cell, np.ndarray):
            continue
        vdd.check_version(cell["format_version"])
        if cell.get("array") is not None:
            layout = json.loads(cell["config"])
            if "array" in layout:
                videos[place] = np.frombuffer(cell["array"], np.float32).reshape(layout["array"]).copy()
                continue
        of_sets.setdefault((cell["config"], cell["format_version"], cell["weights"]), []).append(place)
    whole = None
    for about, places in of_sets.items():
        for start in range(0, len(places), CELLS_AT_ONCE):
            block = places[start : start + CELLS_AT_ONCE]
            made = _set_of([cells[place] for place in block], *about).reconstruct()
            if len(made) == len(videos):
                return Videos(made)
            if whole is None:
                whole = np.empty((len(videos), *made.shape[1:]), made.dtype)
            for place, video in zip(block, made, strict=True):
                if video.shape == whole.shape[1:]:
                    whole[place] = video
                    video = whole[place]
                videos[place] = video
    if whole is not None and all(isinstance(video, np.ndarray) and video.base is whole for video in videos):
        return Videos(whole)
    return videos


def _set_of(cells, text, version, weights):
    """The `DistilledSet` of cells that share these, each a class of its own: right for whichever parts a memory has."""
    config = _config(text, version)
    shared, interpolator = _weights(weights, text, version)
    arrays = dict(shared)
    read = dict.fromkeys(PARTS, 0)
    for items in config.memory.items:
        part, shape = part_of(items), config.item_shape(items.column)
        if items.moments is not None:
            found = [several_from_bytes(cell[part], shape, config) for cell in cells]
            arrays[items.array] = padded([stored for _, stored in found], 0)[:, None]
            arrays[items.moments] = padded([moments for moments, _ in found], -1)[:, None]
            continue
        end = read[part] + stored_bytes(shape, config)
        found = np.empty((len(cells), 1, *shape), np.float32)
        for place, cell in enumerate(cells):
            found[place, 0] = from_bytes(cell[part][read[part] : end], shape, config)
        arrays[items.array] = found[..., None] if items.axes[-1] == 1 else found
        read[part] = end
    names = map(str, range(len(cells)))
    rule = config.interpolation or "half-pixel"
    about = config.kind, names, config.frames, config.mean, config.std, 1
    return DistilledSet(*about, arrays=arrays, interpolation=rule, interpolator=interpolator)


@lru_cache(maxsize=64)
def _config(text, version):
    return vdd.parse_config(text, version)


@lru_cache(maxsize=64)
def _weights(weights, text, version):
    shared, interpolator = unpack_weights(weights, _config(text, version))
    for array in shared.values():
        array.flags.writeable = False
    return {name: array[None] for name, array in shared.items()}, interpolator


class Videos(list):
    """A list of videos that are rows of one array, which formats of `datasets` take whole and do not stack again."""

    def __init__(self, whole):
        super().__init__(whole)
        self._whole, self._rows = whole, tuple(self)

    def __array__(self, dtype=None, copy=None):
        as_made = len(self) == len(self._rows) and all(map(operator.is_, self, self._rows))
        array = self._whole if as_made else np.stack(self)
        return np.array(array, dtype, copy=copy)

    def __reduce__(self):
        return list, (list(self),)


def part_of(items):
    """The field of `STORAGE` that holds the items that one pair chooses; of several such, one after the other."""
    return "array" if items.single else items.index
