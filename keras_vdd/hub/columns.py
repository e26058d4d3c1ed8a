"""A column of published rows from Arrow to numpy: nothing of it is left out or made up."""

import numpy as np
import pyarrow as pa

from keras_vdd.hub.damage import Damage


def column_of(table, name):
    """Return a column as one array of plain types."""
    if name not in table.column_names:
        raise Damage(f"it has no column {name}")
    chunks = table[name].chunks
    arrays = [chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk for chunk in chunks]
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def typed(array, name, kind):
    """Return a column as one of type `kind`, a `pyarrow.DataType`, without empty cells."""
    if array.type != kind:
        # What passes through `datasets` may come with larger offsets or another order of a struct's fields.
        same = pa.types.is_struct(kind) or pa.types.is_large_string(array.type)
        if not same:
            raise Damage(f"its column {name} is {array.type} and must be {kind}")
        array = array.cast(kind)
    inside = [array.field(index) for index in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    if any(each.null_count for each in (array, *inside)):
        raise Damage(f"its column {name} has empty cells")
    return array


def numbers_in(array, name, dtype, shape):
    """Return the numbers of a column of nested lists, (rows, *shape); nothing of them is left out or made up.

    Where the first side is None rows have items of their own number: a list of an array (n, *shape[1:]) a row.
    """
    rows, ends = len(array), None
    for depth, side in enumerate(shape):
        kind = array.type
        if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
            raise Damage(f"its column {name} has {depth} axes and must have {len(shape)}")
        if array.null_count or (side is not None and len(array) and not _all_long(array, side)):
            raise Damage(f"its column {name} has cells that are not of shape {shape}")
        if side is None:
            ends = _ends(array)
        array = array.flatten()
    if array.type != pa.from_numpy_dtype(dtype):
        raise Damage(f"its column {name} is of {array.type} and must be of {dtype.name}")
    if array.null_count:
        raise Damage(f"its column {name} has empty cells")
    several = ends is not None
    values = array.to_numpy(zero_copy_only=False)
    values = values.reshape(ends[-1] if several else rows, *shape[several:])
    if dtype.kind == "f" and not _finite(values):
        raise Damage(f"its column {name} has values that are not finite")
    return np.split(values, ends[:-1]) if several else values


def _ends(array):
    """Where the items of each list of an array end among those of all, int64."""
    if pa.types.is_fixed_size_list(array.type):
        return np.arange(1, len(array) + 1) * array.type.list_size
    offsets = array.offsets.to_numpy().astype(np.int64)
    return offsets[1:] - offsets[0]


def _all_long(array, side):
    if pa.types.is_fixed_size_list(array.type):
        return array.type.list_size == side
    offsets = array.offsets.to_numpy()
    return bool((offsets[1:] - offsets[:-1] == side).all())


def _finite(values):
    if values.dtype == np.float16:  # by its bits: numpy turns each into float32 to tell
        return not bool(((values.view(np.uint16) & 0x7C00) == 0x7C00).any())
    return bool(np.isfinite(values).all())
