"""The reader behind a bare `datasets.load_dataset`: a row a pair, its video made on access.

The published files have a row a video slot. This reader unfolds a slot into its pairs, in the fixed
order of `memory.pairing`, and gives the column `video` the type `Clip`. What `datasets` keeps in its
cache are plain types; `Clip` is put on top when the set is opened, so that a cache written with
keras_vdd stays readable without it.
"""

import itertools
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets.builder import Key
from datasets.exceptions import DatasetGenerationError
from datasets.packaged_modules.parquet.parquet import Parquet, ParquetConfig

from keras_vdd.datasets_hook.unfold import unfold, unfolded_features
from keras_vdd.datasets_hook.videos import present
from keras_vdd.errors import UsageError, VddError
from keras_vdd.published import schema as vdd
from keras_vdd.published.damage import Damage, DamagedError, told
from keras_vdd.published.pages import FOOTER_END, check_footer
from keras_vdd.published.shards import check_content, check_regular, read_local, read_names, read_stream
from keras_vdd.published.validate import SOFT_LABEL, check_mark, class_names_of, read_rows
from keras_vdd.published.whole_set import WholeSet

CACHE_VERSION = f"{vdd.FORMAT_VERSION}.1.0"
"""Part of the cache's folder names: never that of plain parquet, raised when the unfolding changes."""
AHEAD = 2
"""Files that are read while the rows of one are written: checksums and unpacking take most of the time."""


@dataclass
class VddConfig(ParquetConfig):
    """The settings of plain parquet, kept apart from it in the cache."""

    version: datasets.Version | str | None = CACHE_VERSION


class SetError(DamagedError, DatasetGenerationError):
    """A `VddError` that `datasets` passes on as it is, in place of "An error occurred while generating the dataset"."""


class Vdd(Parquet):
    """Reads published distilled sets as videos."""

    READS_DISTILLED_SETS = True
    BUILDER_CONFIG_CLASS = VddConfig
    DEFAULT_WRITER_BATCH_SIZE = 50

    def _split_generators(self, dl_manager):
        if not self.config.data_files:
            raise UsageError("A distilled set needs data files: name its folder or repository.")
        downloaded = dl_manager.download(self.config.data_files)
        # What a card tells of them may be of another export; the files have checksums.
        self.info.features = self.info.splits = None
        splits = []
        for split, addresses in self.config.data_files.items():
            shards = read_names(
                [str(address) for address in addresses], f"The split {split} of the distilled set"
            )
            files = sorted(zip(shards, downloaded[split], strict=True), key=lambda pair: pair[0].place)
            if not dl_manager.is_streaming:
                check_content([(path, shard) for shard, path in files], f"The split {split}")
            self._tell_features(*files[0])
            first = None if dl_manager.is_streaming else files[0]
            files = {"shards": [shard for shard, _ in files], "files": [file for _, file in files]}
            splits.append(datasets.SplitGenerator(name=split, gen_kwargs={**files, "first": first}))
        return splits

    def _tell_features(self, shard, file):
        """Settle the features of the rows by the first file of a split."""
        with told(shard):
            if "://" not in file:
                check_regular(file)
            with open(file, "rb") as stream:
                stream.seek(-FOOTER_END, os.SEEK_END)
                check_footer(stream.read())
                schema = pq.read_schema(stream)
            check_mark(schema)
            features = unfolded_features(class_names_of(schema), SOFT_LABEL in schema.names)
        features = _chosen(features, self.config.columns)
        if self.info.features not in (None, features):
            raise VddError(f"{shard} is of another set than the split before it: load them one by one.")
        self.info.features = features

    def _generate_tables(self, shards, files, first):
        try:
            yield from self._checked_tables(shards, files, first)
        except DamagedError as error:
            raise SetError(str(error), error.reason) from error.__cause__
        except VddError as error:
            raise SetError(str(error)) from error

    def _checked_tables(self, shards, files, first):
        # Kept: a stream comes here anew for each file.
        whole = vars(self).setdefault("_wholes", {}).setdefault(shards[0].content, WholeSet())
        if first is not None and first[0] != shards[0]:
            # Another process reads the first files: what these are held against.
            with told(first[0]):
                whole.add(self._rows(*first), first[0])
        read = self._read(shards, files, ahead=first is not None)
        for index, shard in enumerate(shards):
            with told(shard):
                rows = next(read)
                whole.add(rows, shard)
                features = unfolded_features(rows.class_names, SOFT_LABEL in rows.numbers)
                if _chosen(features, self.config.columns) != self.info.features:
                    raise Damage("it is of another set than the first file")
            for block, table in enumerate(unfold(rows, features, self._wanted(rows))):
                yield Key(index, block), table.select(list(self.info.features))

    def _read(self, shards, files, ahead):
        """Yield the rows of each file; with `ahead` two more are read and checked meanwhile.

        Not so for streams, which may be left at any row.
        """
        wanted = zip(shards, files, strict=True)
        if not ahead:
            yield from itertools.starmap(self._rows, wanted)
            return
        with ThreadPoolExecutor(AHEAD) as readers:
            coming = deque(readers.submit(self._rows, *each) for each in itertools.islice(wanted, AHEAD))
            while coming:
                rows = coming.popleft().result()
                coming.extend(readers.submit(self._rows, *each) for each in itertools.islice(wanted, 1))
                yield rows

    def _rows(self, shard, file):
        if "://" not in file:
            return read_rows(read_local(file, shard), shard)
        with open(file, "rb") as stream:
            return read_rows(read_stream(stream, shard), shard)

    def _wanted(self, rows):
        """Return which rows the `filters` of the settings keep."""
        filters = self.config.filters
        if filters is None:
            return np.arange(len(rows.heads))
        expression = pq.filters_to_expression(filters) if isinstance(filters, list) else filters
        numbered = rows.heads.append_column("row", pa.array(np.arange(len(rows.heads))))
        return numbered.filter(expression)["row"].to_numpy()

    def _generate_shards(self, shards, files, first):
        yield from files

    def _generate_more_gen_kwargs(self, shards, files, first):
        # A file has one row group: there is nothing smaller.
        for shard, file in zip(shards, files, strict=True):
            yield {"shards": [shard], "files": [file], "first": first}

    def as_dataset(self, *args, **kwargs):
        return present(super().as_dataset(*args, **kwargs))

    def as_streaming_dataset(self, *args, **kwargs):
        return present(super().as_streaming_dataset(*args, **kwargs))


def _chosen(features, columns):
    unknown = set(columns or ()) - set(features)
    if unknown:
        raise UsageError(f"Columns {sorted(unknown)} are not in the set, which has {list(features)}.")
    return datasets.Features({name: features[name] for name in columns}) if columns else features
