"""Where `datasets` would hand out or write a video's memories in place of the video, a sentence says what to do.

These methods of `datasets` read its tables past every decoding, so that a frame of pandas or a file would hold raw
bytes, or name a feature type that nobody else has. On sets without videos they are as they were.
"""

import functools
import sys

from keras_vdd.errors import UsageError

WRITERS = (
    "to_csv", "to_dict", "to_json", "to_list", "to_pandas", "to_parquet", "to_polars", "to_sql", "push_to_hub",
)  # fmt: skip
FORMATS = ("with_format", "set_format")
RAW = ("arrow", "pyarrow", "pa", "polars", "pl")
GUARDED = "_keras_vdd_guarded"


def guard(datasets):
    """Make those methods of the library's classes refuse sets with videos."""
    for name in ("Dataset", "IterableDataset", "DatasetDict", "IterableDatasetDict"):
        kind = getattr(datasets, name)
        for method in (*WRITERS, *FORMATS):
            inherited = getattr(kind, method, None)
            if inherited is not None and not hasattr(inherited, GUARDED):
                setattr(kind, method, _guarded(inherited, method))


def _guarded(method, name):
    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        if name in FORMATS:
            kind = args[0] if args else kwargs.get("type")
            columns = kwargs.get("columns", args[1] if len(args) > 1 else None)
            # The library itself asks for tables all the time, and knows what to do with them.
            its_own = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] == "datasets"
            if (
                kind not in RAW
                or its_own
                or (columns is not None and not _video_columns(self) & set(columns))
            ):
                return method(self, *args, **kwargs)
            what = f'{name}("{kind}")'
        else:
            what = name
        if _video_columns(self):
            raise UsageError(
                f"{what} would give the memories of the videos as raw bytes: call it on keras_vdd.materialise(ds), "
                f"whose videos are plain numbers{', or publish the exported folder' if name == 'push_to_hub' else ''}."
            )
        return method(self, *args, **kwargs)

    setattr(guarded, GUARDED, True)
    return guarded


def _video_columns(ds):
    """Return the names of columns that hold videos as memories, alone or in lists."""
    sets = ds.values() if isinstance(ds, dict) else [ds]
    return {name for one in sets for name, feature in (one.features or {}).items() if _holds_clip(feature)}


def _holds_clip(feature):
    from keras_vdd.hub.clip import Clip

    inner = feature.values() if isinstance(feature, dict) else [getattr(feature, "feature", None)]
    return isinstance(feature, Clip) or any(_holds_clip(each) for each in inner if each is not None)
