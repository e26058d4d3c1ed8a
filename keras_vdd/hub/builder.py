"""The reader behind a bare `datasets.load_dataset`: a row a pair, its video made on access.

The published files have a row a video slot. This reader unfolds a slot into its pairs, in the fixed
order of `memory.pairing`, and gives the column `video` the type `Clip`. What `datasets` keeps in its
cache are plain types; `Clip` is put on top when the set is opened, so that a cache written with
keras_vdd stays readable without it.
"""

from dataclasses import dataclass

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from datasets.builder import Key
from datasets.packaged_modules.parquet.parquet import Parquet, ParquetConfig

from keras_vdd.errors import UsageError, VddError
from keras_vdd.hub import schema as vdd
from keras_vdd.hub.clip import PARTS, STORAGE, Clip, part_of
from keras_vdd.hub.load import check_mark
from keras_vdd.hub.rows import cells
from keras_vdd.hub.storage import cells_of, to_bytes
from keras_vdd.memory.pairing import enumerate_pairs

CACHE_VERSION = f"{vdd.FORMAT_VERSION}.1.0"
"""Part of the cache's folder names: never that of plain parquet, raised when the unfolding changes."""

PLAIN_CLIP = {
    "static": datasets.Value("large_binary"),
    "dynamic": datasets.Value("large_binary"),
    "array": datasets.Value("large_binary"),
    "format_version": datasets.Value("int32"),
    "config": datasets.Value("string"),
    "weights": datasets.Value("binary"),
}


@dataclass
class VddConfig(ParquetConfig):
    """The settings of plain parquet, kept apart from it in the cache."""

    version: datasets.Version | str | None = CACHE_VERSION


class Vdd(Parquet):
    """Reads published distilled sets as videos."""

    BUILDER_CONFIG_CLASS = VddConfig
    DEFAULT_WRITER_BATCH_SIZE = 50

    def _split_generators(self, dl_manager):
        # Features that the cache remembers are of unfolded rows; the files tell those of the published.
        self.info.features = None
        columns, self.config.columns = self.config.columns, None
        try:
            splits = super()._split_generators(dl_manager)
        finally:
            self.config.columns = columns
        self._unfolded = unfolded_features(self.info.features)
        self.info.features = _chosen(self._unfolded, columns)
        return splits

    def _generate_tables(self, files, row_groups_list):
        for file_index, file in enumerate(files):
            with open(file, "rb") as stream:
                check_mark(pq.read_schema(stream))
                stream.seek(0)
                table = pq.read_table(stream, filters=self.config.filters)
            for row in range(len(table)):
                pairs = unfold(table.slice(row, 1), self._unfolded)
                yield Key(file_index, row), pairs.select(list(self.info.features))

    def as_dataset(self, *args, **kwargs):
        return present(super().as_dataset(*args, **kwargs))

    def as_streaming_dataset(self, *args, **kwargs):
        return present(super().as_streaming_dataset(*args, **kwargs))


def unfolded_features(published):
    """Return the features of the rows that `unfold` makes of published ones."""
    if "integrator" not in published:
        raise VddError("The data files are no distilled set: they have no integrator column.")
    features = {
        "video": dict(PLAIN_CLIP),
        "label": published["label"],
        "class_name": published["class_name"],
        "slot": published["slot"],
        "static": datasets.Value("int32"),
        "dynamic": datasets.Value("int32"),
    }
    if "soft_label" in published:
        features["soft_label"] = published["soft_label"]
    return datasets.Features(features)


def _chosen(features, columns):
    unknown = set(columns or ()) - set(features)
    if unknown:
        raise UsageError(f"Columns {sorted(unknown)} are not in the set, which has {list(features)}.")
    return datasets.Features({name: features[name] for name in columns}) if columns else features


def unfold(row, features):
    """Return the pairs of one published row as rows.

    Args:
        row: `pyarrow.Table` of one row.
        features: as `unfolded_features` returns.

    Returns:
        `pyarrow.Table`; `static` and `dynamic` count the class's memories, -1 where there is none.
    """
    integrator = row["integrator"][0].as_py()
    config = vdd.parse_config(integrator["config"], integrator["format_version"])
    statics, dynamics, single = (_stored_parts(row, part, config) for part in PARTS)
    owned = (1 if statics is None else len(statics)), (0 if dynamics is None else len(dynamics))
    slot = row["slot"][0].as_py()
    parts = {name: [] for name in (*PLAIN_CLIP, "static_index", "dynamic_index")}
    for _, static, dynamic in enumerate_pairs(1, 1, *owned).tolist():
        parts["static"].append(None if statics is None else statics[static])
        parts["dynamic"].append(None if dynamics is None else dynamics[dynamic])
        parts["array"].append(None if single is None else single[0])
        parts["static_index"].append(slot * owned[0] + static)
        parts["dynamic_index"].append(slot * owned[1] + dynamic if owned[1] else -1)
        for name in ("format_version", "config", "weights"):
            parts[name].append(integrator[name])
    count = len(parts["static"])
    struct = [pa.array(parts[field.name], field.type) for field in STORAGE]
    columns = {
        "video": pa.StructArray.from_arrays(struct, fields=list(STORAGE)),
        "static": pa.array(parts["static_index"], pa.int32()),
        "dynamic": pa.array(parts["dynamic_index"], pa.int32()),
    }
    schema = features.arrow_schema
    for field in schema:
        if field.name not in columns:
            columns[field.name] = pa.array([row[field.name][0].as_py()] * count, field.type)
    return pa.Table.from_arrays([columns[field.name] for field in schema], schema=schema)


def _stored_parts(row, part, config):
    """Return what `Clip` stores as `part`, bytes for each item of it; None where the memory has no such items."""
    columns = [
        _stored_items(row, items.column, config) for items in config.memory.items if part_of(items) == part
    ]
    return [b"".join(each) for each in zip(*columns, strict=True)] if columns else None


def _stored_items(row, column, config):
    """Return each memory item of a published row's cell, as stored bytes."""
    count = config.items_of(column)
    stored = [cells(row[name]).reshape(count, -1) for name in cells_of(column, config)]
    values, scales = stored if len(stored) > 1 else (stored[0], [None] * count)
    return [to_bytes(*item) for item in zip(values, scales, strict=True)]


def present(loaded):
    """Show the stored cells of `video` as videos, in numpy arrays; what holds none is left as it is.

    Args:
        loaded: `Dataset`, `IterableDataset` or a dictionary of either.
    """
    if isinstance(loaded, dict):
        return type(loaded)({split: present(one) for split, one in loaded.items()})
    features = loaded.features
    if (
        not features
        or not isinstance(features.get("video"), dict)
        or set(features["video"]) != set(PLAIN_CLIP)
    ):
        return loaded
    return loaded.cast_column("video", Clip()).with_format("numpy")
