"""The feature type that makes a video of its stored memories when a row is read.

`datasets` decodes it under every format (none, numpy, torch, tensorflow, jax), map-style and
streaming. It exists in memory only: published files and the cards of a set never name it, since one
type that a reader does not know would make all of a repository unreadable to it.
"""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from keras_vdd.errors import VddError
from keras_vdd.hub import schema as vdd
from keras_vdd.hub.storage import from_bytes, stored_bytes
from keras_vdd.memory.distilled_set import DistilledSet

PARTS = ("static", "dynamic", "array")
STORAGE = pa.struct(
    {
        "static": pa.large_binary(),
        "dynamic": pa.large_binary(),
        "array": pa.large_binary(),
        "format_version": pa.int32(),
        "config": pa.string(),
        "weights": pa.binary(),
    }
)


@dataclass
class Clip:
    """A video, float32 (T, H, W, 3), held as the memory items it is made of and the weights they share.

    A video that was changed by `map` is held as the array it is.
    """

    decode: bool = True
    id: str | None = field(default=None, repr=False)

    dtype: ClassVar[str] = "float32"
    pa_type: ClassVar[Any] = STORAGE
    _type: str = field(default="VddClip", init=False, repr=False)

    def __call__(self):
        return self.pa_type

    def encode_example(self, value):
        """Return what is stored of a video: an array, or a stored cell, which is left as it is."""
        if isinstance(value, dict):
            return value
        return encode_array(np.asarray(value))

    def decode_example(self, value, token_per_repo_id=None):
        """Return the video of a stored cell."""
        if isinstance(value, np.ndarray):
            return value
        return make_video(value)

    def cast_storage(self, storage):
        """Check that an Arrow array holds stored cells."""
        if storage.type == self.pa_type:
            return storage
        if isinstance(storage, pa.ExtensionArray) or not pa.types.is_struct(storage.type):
            raise TypeError(f"{storage.type} holds no stored videos.")
        return storage.cast(self.pa_type)

    def embed_storage(self, storage, token_per_repo_id=None, local_files=True, remote_files=True):
        """Refuse `push_to_hub`, which would name this type in the card; saving to disk passes."""
        if remote_files:
            raise VddError(
                "push_to_hub would write a repository that only keras-vdd can read: "
                "publish the exported folder instead."
            )
        return storage

    def flatten(self):
        return self


def make_video(cell):
    """Return the video of a stored cell, float32 (T, H, W, 3).

    Args:
        cell: dict of `static`, `dynamic`, `array` (bytes or None), `format_version`, `config`, `weights`.
    """
    vdd.check_version(cell["format_version"])
    if cell.get("array") is not None:
        layout = json.loads(cell["config"])
        if "array" in layout:
            return np.frombuffer(cell["array"], np.float32).reshape(layout["array"]).copy()
    config = vdd.parse_config(cell["config"], cell["format_version"])
    arrays = {
        name: shared[None] for name, shared in vdd.unpack_weights(cell["weights"], config.memory).items()
    }
    read = dict.fromkeys(PARTS, 0)
    for items in config.memory.items:
        part, shape = part_of(items), config.item_shape(items.column)
        end = read[part] + stored_bytes(shape, config)
        item = from_bytes(cell[part][read[part] : end], shape, config)
        arrays[items.array] = (item[..., None] if items.axes[-1] == 1 else item)[None, None]
        read[part] = end
    # A set of this one video.
    alone = DistilledSet(config.kind, ("it",), config.frames, config.mean, config.std, 1, arrays=arrays)
    return alone.reconstruct()[0]


def part_of(items):
    """The field of `STORAGE` that holds the items that one pair chooses; of several such, one after the other."""
    return "array" if items.single else items.index


def encode_array(array):
    """Return the stored cell of a video that is kept as an array of any shape."""
    array = np.ascontiguousarray(array, dtype=np.float32)
    layout = json.dumps({"array": list(array.shape)})
    return {
        "static": None,
        "dynamic": None,
        "array": array.tobytes(),
        "format_version": vdd.FORMAT_VERSION,
        "config": layout,
        "weights": None,
    }
