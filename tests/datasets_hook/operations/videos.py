"""From plain memories to videos, and to plain videos."""

import os

import numpy as np
from datasets_hook.operations.case import NONE, TOLERANCE, operation, same, split


def plain(case, **settings):
    files = sorted(
        os.path.join(case.folder, "data", name) for name in os.listdir(os.path.join(case.folder, "data"))
    )
    return case.datasets.load_dataset("parquet", data_files=files, split="train", **settings)


@operation(same, "keras_vdd", "videos")
def as_videos(case):
    import keras_vdd

    return list(keras_vdd.as_videos(plain(case)))


@operation(same, "keras_vdd", "videos")
def as_videos_of_a_stream(case):
    import keras_vdd

    return list(keras_vdd.as_videos(plain(case, streaming=True)))


@operation(lambda places: places[20:24], "keras_vdd", "videos")
def as_videos_of_a_selection(case):
    import keras_vdd

    return list(keras_vdd.as_videos(plain(case).select([5])))


@operation(lambda places: places[:8], "keras_vdd", "videos")
def as_videos_of_a_dictionary(case):
    import keras_vdd

    made = keras_vdd.as_videos(case.datasets.DatasetDict(train=plain(case).remove_columns("preview")))
    return list(made["train"].take(8))


@operation(lambda places: places[:8], "keras_vdd", "videos")
def as_videos_of_from_parquet(case):
    import keras_vdd

    return list(
        keras_vdd.as_videos(case.datasets.Dataset.from_parquet(case.folder + "/data/*.parquet")).take(8)
    )


@operation(lambda places: places[:8], "keras_vdd", "videos")
def as_videos_twice(case):
    import keras_vdd

    return list(keras_vdd.as_videos(keras_vdd.as_videos(case.ds)).take(8))


@operation(NONE, "keras_vdd")
def as_videos_after_a_late_import(case):
    """Of a set that came before keras_vdd was there, and of one that was saved."""
    import keras_vdd

    rows = list(keras_vdd.as_videos(case.ds))
    assert len(rows) == len(case.truth["videos"])
    assert (
        max(np.abs(row["video"] - video).max() for row, video in zip(rows, case.truth["videos"])) < TOLERANCE
    )


@operation(NONE, "keras_vdd", "videos")
def as_videos_of_changed_rows(case):
    """A digest finds rows that are not as they were published, where no file's name can."""
    import keras_vdd
    from keras_vdd.errors import VddError

    changed = plain(case).map(lambda row: {"slot": 1 - row["slot"]})
    try:
        keras_vdd.as_videos(changed)
    except VddError as error:
        assert "not as it was exported" in str(error)
    else:
        raise AssertionError


def materialised(name, use):
    def run(case):
        import keras_vdd

        return use(case, keras_vdd.materialise(case.ds.select(range(9))))

    run.__name__ = f"materialised_{name}"
    operation(lambda places: places[:9], "keras_vdd", "videos")(run)


def numbers(rows):
    return [{**row, "video": np.array(row["video"], np.float32)} for row in rows]


def parquet_of(case, ds):
    ds.to_parquet("videos.parquet")
    rows = case.datasets.Dataset.from_parquet("videos.parquet")
    assert "VddClip" not in repr(rows.features)
    return list(rows.with_format("numpy"))


def frames_of(case, ds):
    frame = ds.to_pandas()
    return [
        {"video": frame["video"].iloc[row], "label": frame["label"].iloc[row]} for row in range(len(frame))
    ]


def batches_of(case, ds):
    return numbers([row for batch in ds.batch(4) for row in split(batch)])


materialised("rows", lambda case, ds: list(ds.with_format("numpy")))
materialised("parquet", parquet_of)
materialised("pandas", frames_of)
materialised("batch", batches_of)
materialised("arrow", lambda case, ds: numbers(split(ds.with_format("arrow")[:].to_pydict())))
materialised("dict", lambda case, ds: numbers(split(ds.to_dict())))
materialised("list", lambda case, ds: numbers(ds.to_list()))


@operation(lambda places: places[:5], "keras_vdd", "videos")
def materialised_stream(case):
    import keras_vdd

    return numbers(keras_vdd.materialise(case.stream).take(5))
