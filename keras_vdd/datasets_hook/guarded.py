"""Methods of `datasets` that need to know of videos which are made when they are read.

Some read the library's tables past every decoding, so that a frame of pandas or a file would hold raw bytes, or name a
feature type that nobody else has: these say what to do instead. `filter` makes every value of a row before it looks at
one: here it makes what is asked for. `map` writes out each video that its function has looked at: here the memories
stay what they are, unless the function returns another video. `save_to_disk` writes stored cells in types that every
reader knows, and `load_from_disk` shows them as videos again; `load_dataset_builder` says what is
wrong with a folder. On sets without videos all are as they were.
"""

import functools
import inspect
import sys

import numpy as np

from keras_vdd.datasets_hook.opening import opening
from keras_vdd.datasets_hook.videos import as_stored, present, video_columns
from keras_vdd.errors import UsageError

WRITERS = (
    "to_csv", "to_dict", "to_json", "to_list", "to_pandas", "to_parquet", "to_polars", "to_sql", "push_to_hub",
)  # fmt: skip
TEXTS = ("to_csv", "to_json", "to_sql")
FORMATS = ("with_format", "set_format", "formatted_as")
CASTS = ("cast", "cast_column")
RAW = ("arrow", "pyarrow", "pa", "polars", "pl")
GUARDED = "_keras_vdd_guarded"


def guard(datasets):
    """Change those methods of the library's classes."""
    for name in ("Dataset", "IterableDataset", "DatasetDict", "IterableDatasetDict"):
        kind = getattr(datasets, name)
        for method in WRITERS:
            _replace(kind, method, _refusing)
        for method in FORMATS:
            _replace(kind, method, _choosing)
        for method in CASTS:
            _replace(kind, method, _casting)
    # A list of what is decoded is compared with itself in a way that arrays do not bear.
    _replace(datasets.Dataset, "batch", _refusing)
    _replace(datasets.Dataset, "filter", _row_by_row)
    _replace(datasets.Dataset, "map", _keeping_memories)
    _replace(datasets.Dataset, "save_to_disk", _as_stored)
    _replace(datasets.Dataset, "load_from_disk", _as_videos)
    _replace(datasets.IterableDataset, "batch", _unformatted)
    _replace(datasets.Dataset, "add_item", _declining)
    for kind in (datasets.Dataset, datasets.DatasetDict):
        _replace(kind, "unique", _declining)
    for module in (datasets.load, datasets, datasets.inspect, datasets.hub):
        _replace(module, "load_dataset_builder", opening)


def _replace(kind, name, change):
    method = getattr(kind, name, None)
    if method is not None and not hasattr(method, GUARDED):
        changed = functools.wraps(method)(change(method, name))
        setattr(changed, GUARDED, True)
        static = isinstance(inspect.getattr_static(kind, name), staticmethod)
        setattr(kind, name, staticmethod(changed) if static else changed)


def _refusing(method, name):
    def refusing(self, *args, **kwargs):
        if video_columns(self):
            raise UsageError(_instead(name))
        return method(self, *args, **kwargs)

    return refusing


def _choosing(method, name):
    def choosing(self, *args, **kwargs):
        asked = inspect.signature(method).bind_partial(self, *args, **kwargs).arguments
        columns = asked.get("columns")
        shown = video_columns(self) if columns is None else video_columns(self) & set(columns)
        # The library itself asks for tables all the time, and knows what to do with them.
        its_own = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] == "datasets"
        if asked.get("type") in RAW and shown and not its_own:
            raise UsageError(_instead(f"{name}({asked['type']!r})"))
        if asked.get("type") is not None and not its_own and (lists := _in_lists(self) & shown):
            raise UsageError(
                f"{name}({asked['type']!r}) cannot work on the lists of videos in {sorted(lists)[0]}: format the set "
                "before that and read it by iter(batch_size=...), or call keras_vdd.materialise(ds) first."
            )
        return method(self, *args, **kwargs)

    return choosing


def _in_lists(ds):
    """Return the names of columns of which a row holds several videos, as `batch` makes them."""
    sets = ds.values() if isinstance(ds, dict) else [ds]
    return {name for one in sets for name in video_columns(one) if hasattr(one.features[name], "feature")}


def _instead(name):
    instead = "call it on keras_vdd.materialise(ds), whose videos are plain numbers"
    if name == "push_to_hub":
        instead += ", or publish the exported folder"
    elif name in TEXTS:  # those of `datasets` garble arrays of four axes as well
        instead = "remove the column of the videos first, or write keras_vdd.materialise(ds) with to_parquet"
    return f"{name} does not make the videos of memories, and would hand out raw bytes: {instead}."


def _casting(method, name):
    def casting(self, *args, **kwargs):
        asked = inspect.signature(method).bind(self, *args, **kwargs).arguments
        features = asked.get("features") or {asked.get("column"): asked.get("feature")}
        for column in video_columns(self) & set(features):
            if not _of_cells(features[column]):
                raise UsageError(
                    f"{name} cannot turn the videos of {column} into {str(features[column])[:60]}, since they are held "
                    "as memories: keras_vdd.materialise(ds) makes an Array4D of plain numbers of them."
                )
        return method(self, *args, **kwargs)

    return casting


def _of_cells(feature):
    """Return whether a feature is of stored cells: as videos, in lists of such, or as the plain types they are."""
    from keras_vdd.datasets_hook.clip import Clip
    from keras_vdd.datasets_hook.unfold import PLAIN_CLIP

    while (inner := getattr(feature, "feature", None)) is not None:
        feature = inner
    return isinstance(feature, Clip) or (isinstance(feature, dict) and set(feature) == set(PLAIN_CLIP))


def _declining(method, name):
    def declining(self, *args, **kwargs):
        columns = video_columns(self)
        if name == "unique":
            columns &= {inspect.signature(method).bind(self, *args, **kwargs).arguments.get("column")}
        if columns:
            raise UsageError(
                f"{name} cannot work on the videos in {sorted(columns)[0]}, which are made when they are read: call it "
                "on keras_vdd.materialise(ds), whose videos are plain numbers."
            )
        return method(self, *args, **kwargs)

    return declining


def _unformatted(method, name):
    def batching(self, *args, **kwargs):
        kind = self._formatting.format_type if self._formatting and video_columns(self) else None
        if kind is None:
            return method(self, *args, **kwargs)
        return method(self.with_format(None), *args, **kwargs).with_format(kind)

    return batching


def _as_stored(method, name):
    return lambda self, *args, **kwargs: method(as_stored(self), *args, **kwargs)


def _as_videos(method, name):
    return lambda *args, **kwargs: present(method(*args, **kwargs))


def _keeping_memories(method, name):
    def mapping(self, *args, **kwargs):
        asked = inspect.signature(method).bind(self, *args, **kwargs).arguments
        function, columns = asked.get("function"), video_columns(self)
        if function is None or inspect.iscoroutinefunction(function) or not columns or asked.get("features"):
            return method(self, *args, **kwargs)
        batched = bool(asked.get("batched"))
        return present(method(**asked | {"function": _OnACopy(function, sorted(columns), batched)}))

    return mapping


class _OnACopy:
    """A function of a row or a batch that looks at a copy, and whose changed videos are stored as such."""

    def __init__(self, function, columns, batched):
        self.function, self.columns, self.batched = function, columns, batched

    def __call__(self, row, *args, **kwargs):
        from datasets.formatting.formatting import LazyDict

        result = self.function(row.copy() if isinstance(row, LazyDict) else row, *args, **kwargs)
        if isinstance(result, LazyDict):
            unread, result = result.keys_to_format, result.data
            result = {name: value for name, value in result.items() if name not in unread}
        if not isinstance(result, dict):
            return self._of_frame(result)
        return {**result, **{name: self._stored(result[name]) for name in self.columns if name in result}}

    def _of_frame(self, result):
        shown = [name for name in self.columns if name in getattr(result, "columns", ())]
        if shown and hasattr(result, "assign"):  # a frame of pandas
            return result.assign(**{name: [_cell(each) for each in result[name]] for name in shown})
        return result

    def _stored(self, value):
        if self.batched:
            return [_cell(each) for each in value]
        return _cell(value)


def _cell(value):
    from keras_vdd.datasets_hook.clip import encode_array

    return encode_array(value) if isinstance(value, np.ndarray) and value.ndim else value


def _row_by_row(method, name):
    def filtering(self, *args, **kwargs):
        asked = inspect.signature(method).bind(self, *args, **kwargs).arguments
        function = asked.get("function")
        plain = self._format_type is None and not asked.get("batched") and asked.get("input_columns") is None
        if function is None or inspect.iscoroutinefunction(function) or not plain or not video_columns(self):
            return method(self, *args, **kwargs)
        row_by_row = _RowByRow(function, bool(asked.get("with_indices")), bool(asked.get("with_rank")))
        asked |= {"function": row_by_row, "batched": True}
        return method(**asked)

    return filtering


class _RowByRow:
    """A function of one row as one of a batch, whose rows make what is asked of them, one at a time."""

    def __init__(self, function, with_indices, with_rank):
        self.function, self.with_indices, self.with_rank = function, with_indices, with_rank

    def __call__(self, batch, *args, **kwargs):
        from datasets.formatting.formatting import LazyRow

        keep, rank = [], args[-1:] if self.with_rank else ()
        for place in range(batch.pa_table.num_rows):
            row = LazyRow(batch.pa_table.slice(place, 1), batch.formatter)
            index = (args[0][place],) if self.with_indices else ()
            keep.append(self.function(row, *index, *rank, **kwargs))
        return keep
