"""A column of published rows from Arrow to numpy, checked: nothing of it is left out or made up.

What is wrong is raised as `Damage`, the middle of a sentence that names the file.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from keras_vdd.published.damage import Damage


def column_of(table: pa.Table, name: str) -> Any:
    """Return a column as one Arrow array, of the storage type where `datasets` has a type of its own.

    Raises:
        Damage: there is no such column.
    """
    if name not in table.column_names:
        raise Damage(f"it has no column {name}")
    chunks = table[name].chunks
    arrays = [chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk for chunk in chunks]
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def typed(array: Any, name: str, kind: pa.DataType) -> Any:
    """Return an Arrow array of column `name` as one of type `kind`.

    Raises:
        Damage: it is of another type, or has empty cells.
    """
    if array.type != kind:
        # What passes through `datasets` may come with larger offsets or another order of a struct's fields.
        castable = pa.types.is_struct(kind) or pa.types.is_large_string(array.type)
        if not castable:
            raise Damage(f"its column {name} is {array.type} and must be {kind}")
        array = array.cast(kind)
    fields = [array.field(index) for index in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    if any(each.null_count for each in (array, *fields)):
        raise Damage(f"its column {name} has empty cells")
    return array


def numbers_in(
    array: Any, name: str, dtype: np.dtype, shape: tuple[int | None, ...]
) -> np.ndarray | list[np.ndarray]:
    """Return the numbers of a column of nested lists.

    Args:
        array: the Arrow array of the column.
        name: of the column, for the error.
        dtype: that the numbers must have.
        shape: that each row must have; its first side is None where rows differ in length.

    Returns:
        an array (rows, *shape), or, where rows differ in length, a list of an array (n, *shape[1:]) for each row.

    Raises:
        Damage: the numbers are of another type or shape, or not finite, or cells are empty.
    """
    rows, ends = len(array), None
    for depth, side in enumerate(shape):
        kind = array.type
        if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
            raise Damage(f"its column {name} has {depth} axes and must have {len(shape)}")
        if array.null_count or (side is not None and len(array) and not _all_of_length(array, side)):
            raise Damage(f"its column {name} has cells that are not of shape {shape}")
        if side is None:
            ends = _ends(array)
        array = array.flatten()
    if array.type != pa.from_numpy_dtype(dtype):
        raise Damage(f"its column {name} is of {array.type} and must be of {dtype.name}")
    if array.null_count:
        raise Damage(f"its column {name} has empty cells")
    values = array.to_numpy(zero_copy_only=False)
    values = values.reshape((rows, *shape) if ends is None else (ends[-1], *shape[1:]))
    if dtype.kind == "f" and not _finite(values):
        raise Damage(f"its column {name} has values that are not finite")
    return values if ends is None else np.split(values, ends[:-1])


def _ends(array):
    """Where the items of each list end among the items of all lists, int64 (lists,)."""
    if pa.types.is_fixed_size_list(array.type):
        return np.arange(1, len(array) + 1) * array.type.list_size
    offsets = array.offsets.to_numpy().astype(np.int64)
    return offsets[1:] - offsets[0]


def _all_of_length(array, side):
    """Whether each list of an array has `side` items."""
    if pa.types.is_fixed_size_list(array.type):
        return array.type.list_size == side
    offsets = array.offsets.to_numpy()
    return bool((offsets[1:] - offsets[:-1] == side).all())


def _finite(values):
    if values.dtype == np.float16:
        # By the bits of the exponent: numpy would turn each number into float32 first.
        return not bool(((values.view(np.uint16) & 0x7C00) == 0x7C00).any())
    return bool(np.isfinite(values).all())
