"""The one gate that published rows pass, whether `datasets` or `keras_vdd.load` reads them.

Nothing is allocated before a file's footer, its page headers and the config of its rows agree on how large it is, and
no number reaches a user before its type, length, range and checksum have been looked at.
"""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keras_vdd.distilled.labels import check_labels
from keras_vdd.published import schema as vdd
from keras_vdd.published import storage
from keras_vdd.published.columns import column_of, numbers_in, typed
from keras_vdd.published.damage import Damage
from keras_vdd.published.digest import row_digest
from keras_vdd.published.pages import FOOTER_END, check_footer, check_pages
from keras_vdd.published.row_weights import unpack_weights
from keras_vdd.temporal.key_frames import why_no_moments
from keras_vdd.text import counted

MOST_ROWS = 1000
LARGEST_TEXTS = 2**28
"""Bytes that the names, configs and weights of a file may take once unpacked."""
LARGEST_NUMBERS, MOST_TIMES = 2**28, 100
"""Bytes of a file's numbers, above which they may be so many times what the file has of them and no more."""
SLACK = 2**20
"""Bytes that a column may take beyond its numbers, for their levels and dictionary."""
INTEGRATOR = pa.struct({"format_version": pa.int32(), "config": pa.string(), "weights": pa.binary()})
HEADS = {"label": pa.int64(), "class_name": pa.string(), "slot": pa.int32(), "integrator": INTEGRATOR}
DIGEST, SOFT_LABEL = "digest", "soft_label"


@dataclass(frozen=True, eq=False)
class Rows:
    """Checked rows.

    Attributes:
        heads: `pyarrow.Table` of label, class_name, slot and integrator.
        class_names: tuple of str, of the whole set.
        configs: `RowConfig` of each row; they differ in `integrator` at most.
        numbers: arrays (rows, *cell) as they are stored, by column: the memories, their scales, the soft label. Of
            items that each row has as many of as it needs, and of their moments, lists of an array (n, *item) a row.
        places: list of int, place of each row in the whole set, in order of class and slot.
        rows_a_file: int, as the file's mark says; None in format 1 and where rows come without files.
    """

    heads: pa.Table
    class_names: tuple
    configs: list
    numbers: dict
    places: list
    rows_a_file: int | None = None

    @property
    def config(self):
        """`RowConfig` of the first row."""
        return self.configs[0]


def read_rows(content, shard):
    """Return the `Rows` of a data file.

    Args:
        content: `memoryview` of the file, whose hash has been checked.
        shard: `Shard`, what its name says.

    Raises:
        Damage, or what Arrow raises: it is not as it was exported; `told` makes a sentence of it.
        VddError: it is of a newer format.
    """
    check_footer(bytes(content[-FOOTER_END:]))
    file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(content)))
    mark = check_mark(file.schema_arrow)
    if mark["format_version"] == 1 and shard.file is not None:
        raise Damage("it says that it is of format 1, and its name is of a later one")
    meta = file.metadata
    if meta.num_row_groups != 1 or not 0 < meta.num_rows <= MOST_ROWS:
        raise Damage(f"it has {counted(meta.num_rows, 'row')} in {counted(meta.num_row_groups, 'row group')}")
    check_pages(content, meta)
    names = [*HEADS, *([DIGEST] if mark["format_version"] > 1 else [])]
    _check_texts(meta, names)
    heads = _read(file, names)
    if mark["format_version"] not in {row["format_version"] for row in heads["integrator"].to_pylist()}:
        raise Damage("its rows are of another format than it says of itself")
    config = _configs(heads)[0]
    soft = SOFT_LABEL in file.schema_arrow.names
    numbers = numbers_of(config, soft)
    _check_sizes(meta, numbers, config.frames)
    table = _read(file, [*names, *numbers])
    rows = check_rows(table, class_names_of(file.schema_arrow), numbers)
    return _placed(rows, mark, shard)


def check_rows(table, class_names, numbers=None):
    """Return the `Rows` of a table of published rows, in any order; each is held against its digest where it has one.

    Args:
        table: `pyarrow.Table`.
        class_names: sequence of str, of the whole set.
        numbers: as `numbers_of` returns it; None to find it out.

    Raises:
        Damage: a row is not as it was published.
    """
    heads = pa.table({name: typed(column_of(table, name), name, kind) for name, kind in HEADS.items()})
    configs = _configs(heads)
    config = configs[0]
    _check_alike(configs)
    numbers = numbers_of(config, SOFT_LABEL in table.column_names) if numbers is None else numbers
    arrays = {name: numbers_in(column_of(table, name), name, *expected) for name, expected in numbers.items()}
    for items in config.memory.items:
        if items.moments is not None:
            _check_moments(arrays, items, config)
    for column in config.memory.columns:
        values, scales = (_flat(arrays.get(name)) for name in (column, storage.scale_column(column)))
        if not storage.fits(values, scales, config):
            raise Damage(f"its column {column} has numbers that {config.dtype} does not have")
    _check_labels(heads, configs, class_names)
    if SOFT_LABEL in arrays:
        if config.label_kind is not None:
            check_labels(arrays[SOFT_LABEL], config.label_kind)
    elif config.label_kind is not None:
        raise Damage("it has no column soft_label, and its config says that labels were learned")
    integrators = heads["integrator"].to_pylist()
    for weights in {row["weights"] for row in integrators}:
        unpack_weights(weights, config)
    _check_digests(table, heads, integrators, arrays)
    labels, slots = heads["label"].to_pylist(), heads["slot"].to_pylist()
    places = [label * config.videos_per_class + slot for label, slot in zip(labels, slots, strict=True)]
    return Rows(heads, tuple(class_names), configs, arrays, places)


def numbers_of(config, soft):
    """Return (numpy type, shape of a cell) of each column of numbers that rows of a config have.

    Args:
        config: `RowConfig`.
        soft: whether they have learned labels.
    """
    numbers = {}
    for column in config.memory.columns:
        cells = storage.cells_of(column, config)
        numbers |= {name: (np.dtype(cell.dtype), cell.shape) for name, cell in cells.items()}
    if soft:
        numbers[SOFT_LABEL] = np.dtype(np.float32), (config.classes,)
    return numbers


def check_mark(schema):
    """Return what a file says of itself; a newer format is refused before its rows are read, which may differ.

    Raises:
        Damage: it says nothing.
        VddError: it is of a newer format.
    """
    text = (schema.metadata or {}).get(vdd.METADATA_KEY)
    if text is None:
        raise Damage("it does not say that it is of a distilled set")
    mark = json.loads(text)
    if not isinstance(mark, dict) or "format_version" not in mark:
        raise Damage("it does not say its format")
    vdd.check_version(mark["format_version"])
    if mark["format_version"] > 1:
        for name in ("rows", "rows_a_file"):
            if type(mark.get(name)) is not int or mark[name] < 1:
                raise Damage(
                    f"it says {name}={str(mark.get(name))[:60]}, which must be a whole number above 0"
                )
    return mark


def class_names_of(schema):
    """Return the names of all classes, a tuple of str, that a file's schema tells."""
    about = json.loads((schema.metadata or {}).get(b"huggingface") or b"{}")
    names = about["info"]["features"]["label"]["names"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Damage("it has no names of classes")
    return tuple(names)


def _chunks(meta, column):
    group = meta.row_group(0)
    chunks = [group.column(index) for index in range(group.num_columns)]
    found = [chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] == column]
    if not found:
        raise Damage(f"it has no column {column}")
    return found


def _check_texts(meta, names):
    """Texts and bytes that a dictionary holds once are unpacked for each row."""
    size = sum(chunk.total_uncompressed_size for name in names for chunk in _chunks(meta, name))
    if size * meta.num_rows > LARGEST_TEXTS:
        raise Damage(f"its names, configs and weights take {size:,} bytes a row")
    for name in names:
        for chunk in _chunks(meta, name):
            if chunk.num_values != meta.num_rows:
                raise Damage(
                    f"it has {counted(chunk.num_values, 'value')} of {chunk.path_in_schema} in "
                    f"{counted(meta.num_rows, 'row')}"
                )


def _check_sizes(meta, numbers, frames):
    size = packed = 0
    several = _several(meta, numbers)
    if several > meta.num_rows * frames:
        raise Damage(
            f"it has {counted(several, 'key frame')} in {counted(meta.num_rows, 'video')} of {counted(frames, 'frame')}"
        )
    for name, (kind, shape) in numbers.items():
        chunks, items = _chunks(meta, name), meta.num_rows if shape[:1] != (None,) else several
        wanted = items * math.prod(shape[shape[:1] == (None,) :])
        if len(chunks) != 1 or chunks[0].num_values != wanted:
            found = sum(chunk.num_values for chunk in chunks)
            raise Damage(f"it has {found:,} numbers in {name}, and its config says {wanted:,}")
        if chunks[0].total_uncompressed_size > 16 * wanted + SLACK:
            raise Damage(f"its {wanted:,} numbers in {name} take {chunks[0].total_uncompressed_size:,} bytes")
        size, packed = size + wanted * kind.itemsize, packed + chunks[0].total_compressed_size
    if size > LARGEST_NUMBERS and size > MOST_TIMES * packed:
        raise Damage(f"its numbers would take {size:,} bytes, and the file has {packed:,} of them")


def _several(meta, numbers):
    """How many items all rows have together where each has as many as it needs, as its moments tell; else 0."""
    moments = [name for name, cell in numbers.items() if cell == (np.dtype(storage.MOMENT), (None,))]
    return sum(chunk.num_values for name in moments for chunk in _chunks(meta, name))


def _check_moments(arrays, items, config):
    """Refuse items of a row that are not at moments of its time, or not as many as these."""
    for row, moments in enumerate(arrays[items.moments]):
        if (reason := why_no_moments(moments, config.frames)) is not None:
            raise Damage(f"its row {row} {reason}")
        for name in storage.cells_of(items.column, config):
            if len(arrays[name][row]) != len(moments):
                raise Damage(
                    f"its row {row} has {len(arrays[name][row])} items in {name} and {len(moments)} in {items.moments}"
                )


def _flat(array):
    """Items of all rows in one array, where they come as a list of those of each."""
    return np.concatenate(array) if isinstance(array, list) else array


def _read(file, names):
    missing = set(names) - set(file.schema_arrow.names)
    if missing:
        raise Damage(f"it has no column {sorted(missing)[0]}")
    # Threads of Arrow's own would outlive an interpreter that leaves a stream early.
    return file.read(columns=names, use_threads=False)


def _configs(heads):
    column = heads["integrator"]
    texts = column.to_pylist()
    if any(row is None or None in (row.get("config"), row.get("format_version")) for row in texts):
        raise Damage("its column integrator has empty cells")
    return [vdd.parse_config(row["config"], row["format_version"]) for row in texts]


def _check_alike(configs):
    for config in configs:
        if replace(config, integrator=0) != replace(configs[0], integrator=0):
            raise Damage("its rows have configs of different sets")


def _check_labels(heads, configs, class_names):
    config = configs[0]
    if len(class_names) != config.classes or len(set(class_names)) != config.classes or "" in class_names:
        raise Damage(
            f"it names {counted(len(set(class_names)), 'class', 'classes')}, and its config says {config.classes}"
        )
    told_by = zip(
        heads["label"].to_pylist(), heads["slot"].to_pylist(), heads["class_name"].to_pylist(), strict=True
    )
    seen = set()
    for label, slot, name in told_by:
        if not 0 <= label < config.classes:
            raise Damage(f"it has label {label} of {config.classes} classes")
        if not 0 <= slot < config.videos_per_class:
            raise Damage(f"it has slot {slot} of {config.videos_per_class} in class {label}")
        if class_names[label] != name:
            raise Damage(f"label {label} is {class_names[label]!r}, and a row of it says {name!r}")
        if (label, slot) in seen:
            raise Damage(f"it has slot {slot} of class {label} twice")
        seen.add((label, slot))
    for label, each in zip(heads["label"].to_pylist(), configs, strict=True):
        if each.integrator != label * each.integrators // each.classes:
            raise Damage(f"class {label} has integrator {each.integrator}, which is that of another")


def _check_digests(table, heads, integrators, arrays):
    versions = {row["format_version"] for row in integrators}
    if versions == {1}:
        if DIGEST in table.column_names:
            raise Damage("its rows are of format 1, and have the digests of a later one")
        return
    if len(versions) > 1:
        raise Damage("its rows are of different formats")
    digests = typed(column_of(table, DIGEST), DIGEST, pa.string()).to_pylist()
    labels, slots, names = (heads[name].to_pylist() for name in ("label", "slot", "class_name"))
    for row, digest in enumerate(digests):
        numbers = {name: array[row] for name, array in arrays.items()}
        if row_digest(labels[row], slots[row], names[row], integrators[row], numbers) != digest:
            raise Damage(f"the row of class {labels[row]}, slot {slots[row]} is not as it was exported")


def _placed(rows, mark, shard):
    """Check that a file holds the rows that its place says; format 1 left their order open."""
    total = rows.config.classes * rows.config.videos_per_class
    if mark["format_version"] == 1:
        return rows
    per = mark["rows_a_file"]
    start = shard.place * per
    wanted = list(range(start, min(start + per, total)))
    if mark["rows"] != total or shard.count != -(-total // per) or rows.places != wanted:
        raise Damage(
            f"it has rows {_span(rows.places)} of the set's {total}, and the file of its name has {_span(wanted)}"
        )
    return replace(rows, rows_a_file=per)


def _span(places):
    return f"{places[0]} to {places[-1]}" if places else "none"
