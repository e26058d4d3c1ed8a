"""From published rows, one a video slot, to rows of pairs: the memories of one video each, still as they are stored."""

import datasets
import numpy as np
import pyarrow as pa

from keras_vdd.datasets_hook.clip import STORAGE
from keras_vdd.errors import VddError
from keras_vdd.memory.pairing import enumerate_pairs
from keras_vdd.published import storage
from keras_vdd.published.decoding import PARTS, part_of
from keras_vdd.text import counted

BLOCK_BYTES = 2**25
"""What a table of pairs may take: memories that many pairs share are there many times."""
PLAIN_CLIP = {field.name: datasets.Value(str(field.type)) for field in STORAGE}
"""A stored cell in types that every reader knows."""


def unfolded_features(class_names, soft):
    """Return the `datasets.Features` of the rows that `unfold` makes.

    Args:
        class_names: sequence of str.
        soft: whether labels were learned.
    """
    features = {
        "video": dict(PLAIN_CLIP),
        "label": datasets.ClassLabel(names=list(class_names)),
        "class_name": datasets.Value("string"),
        "slot": datasets.Value("int32"),
        "static": datasets.Value("int32"),
        "dynamic": datasets.Value("int32"),
    }
    if soft:
        features["soft_label"] = datasets.List(datasets.Value("float32"))
    return datasets.Features(features)


def unfold(rows, features, wanted, most=None):
    """Yield the pairs of published rows as tables of rows.

    Args:
        rows: `Rows`.
        features: as `unfolded_features` returns.
        wanted: int array, which of the rows.
        most: int, bytes that all of them may take, for callers who need them at once; None for any number.

    Raises:
        VddError: they would take more; nothing is made of them.

    Yields:
        `pyarrow.Table`; `static` and `dynamic` count the class's memories, -1 where there is none.
    """
    blobs, owned = {}, {"static": 1, "dynamic": 0, "array": 1}
    for part in PARTS:
        columns = [items.column for items in rows.config.memory.items if part_of(items) == part]
        if columns and rows.config.items_of(columns[0]) is None:
            blobs[part] = _several(rows, columns[0])
        elif columns:
            found = [_items(rows, column) for column in columns]
            blobs[part] = found[0] if len(found) == 1 else np.concatenate(found, axis=1)
            owned[part] = rows.config.items_of(columns[0])
    pairs = enumerate_pairs(1, 1, owned["static"], owned["dynamic"])
    row = np.repeat(wanted, len(pairs))
    static, dynamic = (np.tile(pairs[:, axis], len(wanted)) for axis in (1, 2))
    heads = rows.heads["integrator"].to_pylist()
    texts = max((len(row["config"]) + len(row["weights"]) for row in heads), default=1)
    size = (
        sum(max(map(len, blob[:1] if isinstance(blob, np.ndarray) else blob)) for blob in blobs.values())
        + texts
    )
    if most is not None and len(row) * size > most:
        raise VddError(
            f"as_videos would make {counted(len(row), 'video')} of {size:,} bytes each at once, of "
            f"{counted(len(wanted), 'row')}: load the set by its name while keras_vdd is imported, "
            "which makes them in parts."
        )
    step = max(1, BLOCK_BYTES // size)
    for start in range(0, len(row), step):
        block = slice(start, start + step)
        item = {
            "static": row[block] * owned["static"] + static[block],
            "dynamic": row[block] * owned["dynamic"] + dynamic[block],
            "array": row[block],
        }
        cells = {
            part: _binary(blobs[part], item[part])
            if part in blobs
            else pa.nulls(len(row[block]), pa.large_binary())
            for part in PARTS
        }
        yield _table(rows, features, row[block], static[block], dynamic[block], owned, cells)


def _table(rows, features, row, static, dynamic, owned, cells):
    heads = rows.heads.take(row)
    slot = heads["slot"].to_numpy()
    integrator = heads["integrator"].combine_chunks()
    cells |= {name: integrator.field(name) for name in ("format_version", "config", "weights")}
    columns = {
        "video": pa.StructArray.from_arrays([cells[field.name] for field in STORAGE], fields=list(STORAGE)),
        "static": pa.array(slot * owned["static"] + static, pa.int32()),
        "dynamic": pa.array(slot * owned["dynamic"] + dynamic if owned["dynamic"] else dynamic, pa.int32()),
        **{name: heads[name] for name in ("label", "class_name", "slot")},
    }
    schema = features.arrow_schema
    if "soft_label" in features:
        soft = np.ascontiguousarray(rows.numbers["soft_label"][row])
        offsets = np.arange(0, soft.size + 1, soft.shape[1], dtype=np.int32)
        columns["soft_label"] = pa.ListArray.from_arrays(
            pa.array(offsets), pa.array(soft.reshape(-1)), type=schema.field("soft_label").type
        )
    return pa.table([columns[field.name] for field in schema], schema=schema)


def _items(rows, column):
    """Return the stored items of a column as bytes, uint8 (items of all rows, bytes of one)."""
    values, scales = rows.numbers[column], rows.numbers.get(storage.scale_column(column))
    count = len(values) * rows.config.items_of(column)
    return storage.many_to_bytes(
        values.reshape(count, -1), None if scales is None else scales.reshape(count, -1)
    )


def _several(rows, column):
    """Return the items that each row has in a column, with their moments, as bytes: a list of one a row."""
    name = rows.config.memory.column(column).moments
    scales = rows.numbers.get(storage.scale_column(column), [None] * len(rows.heads))
    parts = zip(rows.numbers[name], rows.numbers[column], scales, strict=True)
    return [storage.several_to_bytes(*each) for each in parts]


def _binary(blob, wanted):
    """Return rows of bytes as an Arrow array; without a copy where all are wanted in order."""
    if isinstance(blob, list):
        return pa.array([blob[row] for row in wanted], pa.large_binary())
    if not np.array_equal(wanted, np.arange(len(blob))):
        blob = blob[wanted]
    blob = np.ascontiguousarray(blob)
    offsets = np.arange(0, blob.size + 1, blob.shape[1], dtype=np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(blob)]
    return pa.Array.from_buffers(pa.large_binary(), len(blob), buffers)
