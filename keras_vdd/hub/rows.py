"""A distilled set as Arrow rows: one row a video slot, in feature types that every reader knows."""

import io

import numpy as np

from keras_vdd.errors import VddError
from keras_vdd.hub import format as vdd
from keras_vdd.hub import preview


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
    for column in vdd.MEMORY_COLUMNS[distilled.kind]:
        columns[column] = _array_feature(config.shape_of(column), dtype)
    if distilled.labels is not None:
        columns["soft_label"] = List(Value("float32"))
    columns["integrator"] = {
        "format_version": Value("int32"),
        "config": Value("string"),
        "weights": Value("binary"),
    }
    # Undecoded: a row must come without Pillow too, and the Hub's viewer draws the bytes all the same.
    columns["preview"] = Image(decode=False)
    return Features(columns)


def table_of(distilled, dtype, slots, features):
    """Return the rows of some slots as a `pyarrow.Table` with the schema of `features`.

    Args:
        distilled: `DistilledSet`.
        dtype: "float32" or "float16".
        slots: list of (class, slot).
        features: as `features_of` returns.
    """
    import pyarrow as pa

    labels = [label for label, _ in slots]
    config = vdd.config_of(distilled, dtype)
    columns = {
        "label": pa.array(labels, pa.int64()),
        "class_name": pa.array([distilled.class_names[label] for label in labels], pa.string()),
        "slot": pa.array([slot for _, slot in slots], pa.int32()),
        "integrator": pa.array([_integrator(distilled, dtype, label) for label in labels], _struct(features)),
        "preview": pa.array([{"bytes": _png(distilled, *where), "path": None} for where in slots]),
    }
    for column in vdd.MEMORY_COLUMNS[distilled.kind]:
        shape = config.shape_of(column)
        cells = np.stack([memory_of(distilled, column, *where).reshape(shape) for where in slots])
        columns[column] = _nested(cells.astype(dtype))
    if distilled.labels is not None:
        columns["soft_label"] = _nested(np.stack([distilled.labels[where] for where in slots]))
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
    if column == "video":
        return distilled.video[label, slot]
    memories = distilled.static if column == "statics" else distilled.dynamic
    owned = memories.shape[1] // distilled.videos_per_class
    return memories[label, slot * owned : (slot + 1) * owned]


def write_table(table, path):
    """Write one parquet file of one row group, the same bytes for the same rows.

    With several row groups, leaving a streaming reader early can hang Python at its exit
    (apache/arrow issue 45214).
    """
    import pyarrow.parquet as pq

    few = [name for name in table.column_names if name in ("label", "class_name", "slot")]
    pq.write_table(
        table,
        path,
        row_group_size=len(table),
        compression="zstd",
        use_dictionary=[*few, "integrator.format_version", "integrator.config", "integrator.weights"],
        write_statistics=few,
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


def _array_feature(shape, dtype):
    from datasets import Array3D, Array4D

    return (Array3D if len(shape) == 3 else Array4D)(shape=shape, dtype=dtype)


def _struct(features):
    return features.arrow_schema.field("integrator").type


def _integrator(distilled, dtype, label):
    which = distilled.integrator_of(label) if distilled.integrators else 0
    weights = b""
    if distilled.integrators:
        weights = vdd.pack_weights(distilled.kernels[which], distilled.biases[which])
    return {
        "format_version": vdd.FORMAT_VERSION,
        "config": vdd.config_of(distilled, dtype, which).to_json(),
        "weights": weights,
    }


def _png(distilled, label, slot):
    buffer = io.BytesIO()
    preview.save_png(preview.slot_strip(distilled, label, slot), buffer)
    return buffer.getvalue()


def _nested(array):
    """Return an array (n, ...) as an Arrow array of n nested lists."""
    import pyarrow as pa

    flat = pa.array(array.reshape(-1))
    for side in array.shape[:0:-1]:
        offsets = np.arange(0, len(flat) + 1, side, dtype=np.int32)
        flat = pa.ListArray.from_arrays(pa.array(offsets), flat)
    return flat
