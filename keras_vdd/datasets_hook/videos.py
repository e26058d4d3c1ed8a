"""Sets of `datasets` as videos: from plain memories, and to plain videos that every writer of `datasets` can handle."""

import functools
from typing import Any

from keras_vdd.errors import UsageError

ROWS_AT_ONCE = 10
BYTES_AT_ONCE = 2**30
"""What `as_videos` makes of that many rows may take so much: a set of few memories may say that it has many pairs."""
INTEGRATOR = "integrator"


def as_videos(ds: Any) -> Any:
    """Return a published distilled set as videos: a row for each pair of memories, its `video` made when it is read.

    `datasets.load_dataset` does this by itself where keras_vdd is imported. This is for sets that came as plain
    memories: read by `load_dataset("parquet", ...)` or `Dataset.from_parquet`, or opened in a process before
    keras_vdd was imported. Rows are checked against their digests, so whatever changes them comes after.

    Args:
        ds: `Dataset`, `IterableDataset`, or a dictionary of either, with the columns `label`, `class_name`, `slot`,
            `integrator`, `digest`, the memories and, where labels were learned, `soft_label`. One that has videos
            already is returned as it is.

    Returns:
        The same kind of set, with the columns `video` (float32 (T, H, W, 3), normalised by the set's mean and std),
        `label` (int), `class_name`, `slot`, `static`, `dynamic` (the memories of the class that make it, -1 for none)
        and, where labels were learned, `soft_label`.

    Raises:
        UsageError: the set has no memories of a distilled set.
        VddError: a row is damaged or of a newer format; of an `IterableDataset`, when it is read.

    Example:
        >>> ds = datasets.load_dataset("parquet", data_files="a-set/data/*.parquet", split="train")
        >>> video = keras_vdd.as_videos(ds)[0]["video"]
    """
    if isinstance(ds, dict):
        return type(ds)({split: as_videos(one) for split, one in ds.items()})
    features = _features(ds)
    if INTEGRATOR in features:
        return present(_unfolded(ds, features))
    shown = present(ds)
    if not video_columns(shown):
        raise UsageError(
            f"as_videos needs the columns of a published distilled set, and this one has {', '.join(features)}."
        )
    return shown


def materialise(ds: Any) -> Any:
    """Return a distilled set with its videos as plain numbers, which no longer need keras_vdd.

    Everything that `datasets` writes or converts works on the result: `to_parquet`, `push_to_hub`, `to_pandas`,
    `with_format("arrow")`. It takes the bytes of all its videos on the disk, float32, many times those of the memories.

    Args:
        ds: `Dataset`, `IterableDataset`, or a dictionary of either, with videos or plain memories as `as_videos` takes.

    Returns:
        The same kind of set; `video` is a `datasets.Array4D` of float32 (T, H, W, 3).

    Raises:
        UsageError: there are no videos in it, no rows, or videos of several shapes.

    Example:
        >>> keras_vdd.materialise(ds).to_parquet("videos.parquet")
    """
    if isinstance(ds, dict):
        return type(ds)({split: materialise(one) for split, one in ds.items()})
    from datasets import Array4D, Features

    videos = as_videos(ds)
    columns = sorted(video_columns(videos))
    first = next(iter(videos.with_format(None).select_columns(columns)), None)
    if first is None:
        raise UsageError("materialise needs at least one row, and the set has none.")
    shapes = {name: tuple(first[name].shape) for name in columns}
    if wrong := [shape for shape in shapes.values() if len(shape) != 4]:
        raise UsageError(f"materialise writes videos of 4 axes, and the first has the shape {wrong[0]}.")
    arrays = {name: Array4D(shape=shape, dtype="float32") for name, shape in shapes.items()}
    return videos.with_format(None).map(
        functools.partial(_numbers, shapes),
        batched=True,
        batch_size=ROWS_AT_ONCE,
        features=Features({**videos.features, **arrays}),
    )


def video_columns(ds: Any) -> set[str]:
    """Return the names of columns that hold videos as memories, alone or in lists; of a dictionary, of all in it."""
    from keras_vdd.datasets_hook.clip import Clip

    def holds(feature: Any) -> bool:
        inner = feature.values() if isinstance(feature, dict) else [getattr(feature, "feature", None)]
        return isinstance(feature, Clip) or any(holds(each) for each in inner if each is not None)

    sets = ds.values() if isinstance(ds, dict) else [ds]
    return {name for one in sets for name, feature in (one.features or {}).items() if holds(feature)}


def present(ds: Any) -> Any:
    """Show stored cells as videos; a set that has none is left as it is."""
    from keras_vdd.datasets_hook.clip import STORAGE, Clip
    from keras_vdd.datasets_hook.video_features import decode_in_batches

    if isinstance(ds, dict):
        return type(ds)({split: present(one) for split, one in ds.items()})
    if isinstance(ds, list):  # of several splits
        return [present(one) for one in ds]
    parts = {field.name for field in STORAGE}
    columns = [
        name for name, kind in (ds.features or {}).items() if isinstance(kind, dict) and set(kind) == parts
    ]
    for name in columns:
        ds = ds.cast_column(name, Clip())
    return decode_in_batches(ds) if columns else ds


def as_stored(ds: Any) -> Any:
    """Show videos as the stored cells they are, in types that every reader knows: what `present` does, undone."""
    from keras_vdd.datasets_hook.clip import Clip
    from keras_vdd.datasets_hook.unfold import PLAIN_CLIP

    for name, feature in ds.features.items():
        if isinstance(feature, Clip):
            ds = ds.cast_column(name, dict(PLAIN_CLIP))
    return ds


def _features(ds: Any) -> Any:
    if getattr(ds, "features", None) is None:
        raise UsageError(
            f"as_videos needs a set of `datasets` that knows its columns, and got {type(ds).__name__}."
        )
    return ds.features


def _unfolded(ds: Any, features: Any) -> Any:
    from datasets import ClassLabel

    from keras_vdd.datasets_hook.unfold import unfolded_features

    label = features.get("label")
    if not isinstance(label, ClassLabel):
        raise UsageError(
            f"as_videos needs the column label as it was published, with names of classes, not {label}."
        )
    wanted = unfolded_features(label.names, "soft_label" in features)
    pairs = ds.with_format("arrow").map(
        functools.partial(_pairs, tuple(label.names)),
        batched=True,
        batch_size=ROWS_AT_ONCE,
        remove_columns=[name for name in features if name not in wanted],
        features=wanted,
    )
    return pairs.with_format(None)


def _pairs(class_names: tuple[str, ...], table: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    from keras_vdd.datasets_hook.unfold import unfold, unfolded_features
    from keras_vdd.published.damage import told
    from keras_vdd.published.validate import check_rows

    with told("A row of the distilled set", "load it anew, and change it after as_videos"):
        rows = check_rows(table, class_names)
        features = unfolded_features(class_names, "soft_label" in rows.numbers)
        return pa.concat_tables(unfold(rows, features, np.arange(len(rows.heads)), most=BYTES_AT_ONCE))


def _numbers(shapes: dict[str, tuple[int, ...]], batch: Any) -> dict[str, Any]:
    numbers = {}
    for name, shape in shapes.items():
        videos = batch[name]
        if other := [video.shape for video in videos if video.shape != shape]:
            raise UsageError(
                f"materialise needs videos of one shape, and this set has {shape} and {other[0]}: "
                "cut them alike with map, or materialise them apart."
            )
        numbers[name] = list(videos)
    return numbers
