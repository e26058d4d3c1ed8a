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
import pyarrow.compute as pc

from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd
from keras_vdd.published.decoding import make_video

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
        """Return an Arrow array of stored cells; one of float32 videos becomes such, as `map` hands videos on."""
        if storage.type == self.pa_type:
            return storage
        if _holds_arrays(storage.type):
            return pa.array([None if row is None else encode_array(row) for row in _arrays(storage)], STORAGE)
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


def _holds_arrays(kind):
    nested = 0
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind, nested = kind.value_type, nested + 1
    return nested > 0 and pa.types.is_float32(kind)


def _arrays(storage):
    """Yield the array that each row of nested lists is, None where there is none."""
    for row in storage:
        if not row.is_valid:
            yield None
            continue
        values, shape = row.values, [len(row.values)]
        while not pa.types.is_float32(values.type):
            lengths = pc.list_value_length(values).unique()
            if len(lengths) != 1 or not lengths[0].is_valid:
                raise TypeError("Rows of videos that are of unequal lengths hold no video.")
            shape.append(lengths[0].as_py())
            values = values.flatten()
        yield values.to_numpy(zero_copy_only=False).reshape(shape)


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
