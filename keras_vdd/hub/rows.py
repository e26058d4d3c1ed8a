"""A distilled set as Arrow rows: one row a video slot, in feature types that every reader knows."""

import numpy as np

from keras_vdd.cards import preview
from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd
from keras_vdd.published import storage
from keras_vdd.published.digest import row_digest
from keras_vdd.published.row_weights import pack_weights

INTEGRATOR_PARTS = ("format_version", "config", "weights")


def features_of(distilled, dtype):
    """Return the `datasets.Features` of the published rows; standard types only.

    One type that a reader does not know would make all of the repository unreadable to it.
    """
    from datasets import ClassLabel, Features, Image, List, Value

    config = vdd.config_of(distilled, dtype)
    columns = {
        "label": ClassLabel(names=list(distilled.class_names)),
        "class_name": Value("string"),
        "slot": Value("int32"),
    }
    for column in distilled.memory.columns:
        columns |= {name: _feature(*cell) for name, cell in storage.cells_of(column, config).items()}
    if distilled.labels is not None:
        columns["soft_label"] = List(Value("float32"))
    columns["integrator"] = {
        "format_version": Value("int32"),
        "config": Value("string"),
        "weights": Value("binary"),
    }
    columns["digest"] = Value("string")
    # Undecoded: a row must come without Pillow too, and the Hub's viewer draws the bytes all the same.
    columns["preview"] = Image(decode=False)
    return Features(columns)


def table_of(distilled, dtype, slots, features):
    """Return the rows of some slots as a `pyarrow.Table` with the schema of `features`.

    Args:
        distilled: `DistilledSet`.
        dtype: str, type of the stored memories.
        slots: list of (class, slot).
        features: as `features_of` returns.
    """
    import pyarrow as pa

    labels = [label for label, _ in slots]
    names = [distilled.class_names[label] for label in labels]
    integrators = [_integrator(distilled, dtype, label) for label in labels]
    config = vdd.config_of(distilled, dtype)
    numbers = {}
    for column in distilled.memory.columns:
        if distilled.memory.column(column).moments is not None:
            numbers |= _at_moments(distilled, column, slots, config)
            continue
        items = np.concatenate([memory_of(distilled, column, *where) for where in slots])
        values, scales = storage.encode(items.reshape(-1, *config.item_shape(column)), config)
        for (name, cell), stored in zip(
            storage.cells_of(column, config).items(), (values, scales), strict=False
        ):
            numbers[name] = stored.reshape(len(slots), *cell.shape)
    if distilled.labels is not None:
        numbers["soft_label"] = np.stack([distilled.labels[where] for where in slots])
    digests = [
        row_digest(
            *where, names[row], integrators[row], {name: array[row] for name, array in numbers.items()}
        )
        for row, where in enumerate(slots)
    ]
    columns = {
        "label": pa.array(labels, pa.int64()),
        "class_name": pa.array(names, pa.string()),
        "slot": pa.array([slot for _, slot in slots], pa.int32()),
        "integrator": pa.array(integrators, _struct(features)),
        "digest": pa.array(digests, pa.string()),
        "preview": pa.array(
            [{"bytes": preview.slot_picture(distilled, *where), "path": None} for where in slots]
        ),
        **{name: _nested(array) for name, array in numbers.items()},
    }
    schema = features.arrow_schema
    arrays = []
    for field in schema:
        array = columns[field.name]
        if isinstance(field.type, pa.ExtensionType):
            array = pa.ExtensionArray.from_storage(field.type, array.cast(field.type.storage_type))
        arrays.append(array if array.type == field.type else array.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def memory_of(distilled, column, label, slot):
    """Return the float32 memories that one slot owns in a column, one after the other."""
    memories = distilled.arrays[distilled.memory.column(column).array]
    owned = memories.shape[1] // distilled.videos_per_class
    return memories[label, slot * owned : (slot + 1) * owned]


def write_table(table, path):
    """Write one parquet file of one row group, the same bytes for the same rows.

    With several row groups, leaving a streaming reader early can hang Python at its exit
    (apache/arrow issue 45214). Pages are cut by content and indexed, which the Hub counts as optimised: what two
    versions of a file have in common is uploaded once.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    few = [name for name in table.column_names if name in ("label", "class_name", "slot")]
    # Parquet has no integers of one byte and takes four; a dictionary of 256 values takes one.
    bytewise = [path for path, kind in map(_leaf, table.schema) if kind in (pa.int8(), pa.uint8())]
    # Opened here: the library takes no name that is not UTF-8.
    with open(path, "wb") as file:
        pq.write_table(
            table,
            file,
            row_group_size=len(table),
            compression="zstd",
            use_dictionary=[*few, *bytewise, *(f"integrator.{part}" for part in INTEGRATOR_PARTS)],
            write_statistics=few,
            use_content_defined_chunking=True,
            write_page_index=True,
        )


def cells(column):
    """Return all numbers of a column of nested lists, flat, in the type they are stored in."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if array.null_count:
        raise VddError("The distilled set's memories have empty cells: the file is damaged.")
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    while pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        array = array.flatten()
    return array.to_numpy(zero_copy_only=False)


def _feature(dtype, shape):
    from datasets import Array2D, Array3D, Array4D, Array5D, List, Value

    if len(shape) == 1:
        return List(Value(dtype))
    return {2: Array2D, 3: Array3D, 4: Array4D, 5: Array5D}[len(shape)](shape=shape, dtype=dtype)


def _leaf(field):
    """Return (path in a parquet file, type) of the numbers in a column of nested lists."""
    import pyarrow as pa

    path = field.name
    kind = field.type.storage_type if isinstance(field.type, pa.ExtensionType) else field.type
    while pa.types.is_list(kind):
        path, kind = f"{path}.list.element", kind.value_type
    return path, kind


def _struct(features):
    return features.arrow_schema.field("integrator").type


def _integrator(distilled, dtype, label):
    which = distilled.integrator_of(label) if distilled.integrators else 0
    return {
        "format_version": vdd.FORMAT_VERSION,
        "config": vdd.config_of(distilled, dtype, which).to_json(),
        "weights": pack_weights(distilled, which),
    }


def _at_moments(distilled, column, slots, config):
    """The numbers by column of items that each slot has as many of as it needs: lists of arrays, one a slot."""
    items = distilled.memory.column(column)
    moments, memories = distilled.arrays[items.moments], distilled.arrays[items.array]
    counts = [int((moments[where] >= 0).sum()) for where in slots]
    cells = storage.cells_of(column, config)
    stored = [
        storage.encode(memories[where][:count], config) for where, count in zip(slots, counts, strict=True)
    ]
    found = {column: [values for values, _ in stored]}
    if storage.scale_column(column) in cells:
        found[storage.scale_column(column)] = [scales for _, scales in stored]
    found[items.moments] = [moments[where][:count] for where, count in zip(slots, counts, strict=True)]
    return {
        name: [
            np.asarray(part, cell.dtype).reshape(count, *cell.shape[1:])
            for part, count in zip(found[name], counts, strict=True)
        ]
        for name, cell in cells.items()
    }


def _nested(array):
    """Return an array (n, ...), or a list of arrays, as an Arrow array of n nested lists."""
    import pyarrow as pa

    if isinstance(array, list):
        ends = np.cumsum([0, *map(len, array)]).astype(np.int32)
        whole = np.concatenate(array)
        inner = _nested(whole) if whole.ndim > 1 else pa.array(whole)
        return pa.ListArray.from_arrays(pa.array(ends), inner)
    flat = pa.array(array.reshape(-1))
    for side in array.shape[:0:-1]:
        offsets = np.arange(0, len(flat) + 1, side, dtype=np.int32)
        flat = pa.ListArray.from_arrays(pa.array(offsets), flat)
    return flat
