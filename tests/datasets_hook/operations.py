"""What people do with a set of `datasets`; test_hub_operations runs it with keras_vdd imported in various ways.

An operation is a function of `Case` that returns rows; what they must be is told by the places of the rows in the set.
With keras_vdd a row is a pair and has its video. Without it a row is a slot and has its memories, of which the videos
are made here, by the integrator in plain NumPy.
"""

import copy
import importlib.util
import json
import os
import pickle
import shutil
import sys
import traceback

import numpy as np

OPERATIONS = {}
ALL, NONE = "all, in any order", "nothing to compare"
TOLERANCE = 1e-5


def operation(expected, needs="", only=None):
    """Register an operation.

    Args:
        expected: function from the places 0 .. n - 1 to those of the rows it returns; or `ALL`, or `NONE` for one that
            looks itself.
        needs: a library that it cannot do without.
        only: "videos" or "plain", where it makes sense with, or without, keras_vdd alone.
    """

    def register(function):
        OPERATIONS[function.__name__] = (function, expected, needs, only)
        return function

    return register


def integrate(static, dynamic, kernel, bias):
    """Video (T, H, W, 3) of a still (H, W, 3) and motion (T, H, W): one convolution of 3 x 3 x 3, zeros around."""
    frames = len(dynamic)
    joined = np.concatenate([np.repeat(static[None], frames, 0), dynamic[..., None]], axis=-1).astype(
        np.float64
    )
    padded = np.pad(joined, ((1, 1), (1, 1), (1, 1), (0, 0)))
    video = np.zeros((*dynamic.shape, kernel.shape[-1])) + bias
    for time, row, column in np.ndindex(3, 3, 3):
        height, width = static.shape[:2]
        part = padded[time : time + frames, row : row + height, column : column + width]
        video += part @ kernel[time, row, column].astype(np.float64)
    return video.astype(np.float32)


class Case:
    """A set, how it must come out, and what operations share."""

    def __init__(self, folder, truth, videos):
        import datasets

        self.folder, self.datasets, self.videos = folder, datasets, videos
        self.truth = dict(np.load(truth))
        self.pairs = 4  # of a slot
        self.ds = self.load()
        self.stream = self.load(streaming=True)
        self.count = len(self.truth["videos"]) if videos else len(self.truth["videos"]) // self.pairs
        self.labels = self.truth["labels"] if videos else self.truth["labels"][:: self.pairs]

    def load(self, path=None, **settings):
        return self.datasets.load_dataset(str(path or self.folder), **{"split": "train", **settings})

    @property
    def shown(self):
        """The column, or columns, that a video is in or is made of."""
        return ["video"] if self.videos else ["statics", "dynamics", "integrator"]

    def check(self, rows, expected):
        places = list(range(self.count))
        if expected == ALL:
            found = sorted(self.place(row) for row in rows)
            assert found == places, f"rows {found[:9]}"
            expected = [self.place(row) for row in rows]
        else:
            expected = expected(places)
        assert len(rows) == len(expected), f"{len(rows)} rows of {len(expected)}"
        for row, place in zip(rows, expected):
            if "label" in row:
                assert int(row["label"]) == self.labels[place], "label"
            self.check_video(row, place)

    def check_video(self, row, place):
        if self.videos:
            video = np.asarray(row["video"])
            assert video.dtype == np.float32 and video.shape == (5, 8, 9, 3), (video.dtype, video.shape)
            made, wanted = video[None], self.truth["videos"][place][None]
        else:
            made = videos_of_slot(row)
            wanted = self.truth["videos"][place * self.pairs : (place + 1) * self.pairs]
        assert np.abs(made - wanted).max() < TOLERANCE, "another video"

    def place(self, row):
        if self.videos:
            pair = [int(row[name]) for name in ("label", "static", "dynamic")]
            return int(np.flatnonzero((self.truth["pairs"] == pair).all(axis=1))[0])
        return int(row["label"]) * 2 + int(row["slot"])

    def refuses(self, function):
        """With videos a sentence must name `materialise`; without there is nothing to refuse."""
        from keras_vdd.errors import VddError

        try:
            function()
        except VddError as error:
            assert "materialise" in str(error) and "\n" not in str(error), error
        else:
            raise AssertionError("it gave something")


def videos_of_slot(row):
    """The videos of all pairs of a plain row, in their order."""
    import safetensors.numpy

    numbers = {name: np.asarray(unboxed(row[name]), np.float32) for name in ("statics", "dynamics")}
    blob = row["integrator"]["weights"]
    weights = safetensors.numpy.load(blob if isinstance(blob, bytes) else bytes(np.asarray(blob).item()))
    return np.stack(
        [
            integrate(static, dynamic, weights["kernel"], weights["bias"])
            for static in numbers["statics"]
            for dynamic in numbers["dynamics"]
        ]
    )


def unboxed(value):
    return value.to_numpy() if hasattr(value, "to_numpy") else value


def split(batch):
    """Rows of a batch of columns."""
    names = list(batch)
    return [dict(zip(names, values)) for values in zip(*(batch[name] for name in names))]


def same(places):
    return places


def has_label_5(row):
    return row["label"] == 5


def of_label_5(case):
    return lambda places: [place for place in places if case.labels[place] == 5]


# One row, several rows, columns.
@operation(lambda places: [places[0]])
def first_row(case):
    return [case.ds[0]]


@operation(lambda places: [places[-1]])
def last_row(case):
    return [case.ds[-1]]


@operation(lambda places: [places[7]])
def numpy_index(case):
    return [case.ds[np.int64(7)]]


@operation(lambda places: places[3:9])
def a_slice(case):
    return split(case.ds[3:9])


@operation(lambda places: places[1:20:4])
def slice_with_a_step(case):
    return split(case.ds[1:20:4])


@operation(lambda places: places[-3:])
def negative_slice(case):
    return split(case.ds[-3:])


@operation(same)
def whole_slice(case):
    return split(case.ds[:])


@operation(lambda places: places[:0])
def empty_slice(case):
    return split(case.ds[5:5])


@operation(lambda places: [places[7], places[2], places[7]])
def list_of_indices(case):
    return split(case.ds[[7, 2, 7]])


@operation(lambda places: [places[4], places[1]])
def array_of_indices(case):
    return split(case.ds[np.array([4, 1])])


@operation(lambda places: places[2:12:5])
def range_of_indices(case):
    return split(case.ds[range(2, 12, 5)])


@operation(lambda places: [places[5]])
def column_then_row(case):
    return [{name: case.ds[name][5] for name in case.shown}]


@operation(lambda places: places[5:8])
def column_then_slice(case):
    return [dict(zip(case.shown, values)) for values in zip(*(case.ds[name][5:8] for name in case.shown))]


@operation(same)
def whole_column(case):
    return [dict(zip(case.shown, values)) for values in zip(*(case.ds[name][:] for name in case.shown))]


@operation(same)
def iteration(case):
    return list(case.ds)


@operation(same)
def iteration_in_batches(case):
    return [row for batch in case.ds.iter(batch_size=7) for row in split(batch)]


@operation(lambda places: places[:14])
def batches_without_the_last(case):
    batches = list(case.ds.select(range(17)).iter(batch_size=7, drop_last_batch=True))
    return [row for batch in batches for row in split(batch)]


@operation(lambda places: [places[3]])
def get_item_many_times(case):
    return [[case.ds[3] for _ in range(5)][-1]]


# Which rows, in which order.
@operation(lambda places: [places[9], places[3]])
def select(case):
    return list(case.ds.select([9, 3]))


@operation(lambda places: places[4:8])
def select_a_range(case):
    return list(case.ds.select(range(4, 8)))


@operation(lambda places: [places[6]])
def select_twice(case):
    return list(case.ds.select(range(4, 12)).select([2]))


@operation(lambda places: places[:5])
def take(case):
    return list(case.ds.take(5))


@operation(lambda places: places[20:])
def skip(case):
    return list(case.ds.skip(20))


@operation(lambda places: places + places)
def repeat(case):
    return list(case.ds.repeat(2))


@operation(ALL)
def shuffle(case):
    return list(case.ds.shuffle(seed=3))


@operation(ALL)
def shuffle_twice_and_flatten(case):
    return list(case.ds.shuffle(seed=3).shuffle(seed=4).flatten_indices())


@operation(ALL)
def sort(case):
    return list(case.ds.sort("label", reverse=True))


@operation(ALL)
def sort_by_two(case):
    return list(case.ds.sort(["label", "slot"], reverse=[True, False]))


@operation(ALL)
def train_test_split(case):
    parts = case.ds.train_test_split(test_size=0.25, seed=0)
    return [*parts["train"], *parts["test"]]


@operation(ALL)
def stratified_split(case):
    parts = case.ds.train_test_split(test_size=12, stratify_by_column="label", seed=0)
    assert set(parts["test"]["label"]) == set(range(12))
    return [*parts["train"], *parts["test"]]


@operation(ALL)
def shards(case):
    return [row for index in range(3) for row in case.ds.shard(3, index, contiguous=False)]


@operation(same)
def contiguous_shards(case):
    return [row for index in range(3) for row in case.ds.shard(3, index)]


@operation(lambda places: places + places)
def concatenate(case):
    return list(case.datasets.concatenate_datasets([case.ds, case.ds]))


@operation(lambda places: [place for place in places for _ in range(2)])
def interleave(case):
    return list(case.datasets.interleave_datasets([case.ds, case.ds]))


@operation(NONE)
def interleave_by_chance(case):
    mixed = case.datasets.interleave_datasets(
        [case.ds, case.ds.shuffle(seed=1)], probabilities=[0.5, 0.5], seed=0
    )
    for row in mixed.take(20):
        case.check_video(row, case.place(row))


@operation(same)
def concatenate_columns(case):
    more = case.datasets.Dataset.from_dict({"place": list(range(case.count))})
    rows = list(case.datasets.concatenate_datasets([case.ds, more], axis=1))
    assert [row["place"] for row in rows] == list(range(case.count))
    return rows


@operation(lambda places: places + places)
def concatenate_other_storage(case):
    """Two sets with different weights side by side."""
    other = case.load(os.path.join(os.path.dirname(case.folder), "other"))
    rows = list(case.datasets.concatenate_datasets([case.ds, other]))
    back = rows[case.count :]
    assert len(back) == case.count
    if case.videos:
        made = np.stack([row["video"] for row in back])
        assert np.abs(made - case.truth["others"]).max() < TOLERANCE
    return [*rows[: case.count], *case.ds]


# Columns.
@operation(lambda places: places[:6])
def select_columns(case):
    return list(case.ds.select_columns(case.shown).take(6))


@operation(lambda places: places[:6])
def remove_columns(case):
    return list(case.ds.remove_columns(["class_name"]).take(6))


@operation(lambda places: places[:6])
def rename_column(case):
    renamed = case.ds.rename_column("class_name", "action").rename_columns({"slot": "place"})
    return [{**row, "slot": row["place"]} for row in renamed.take(6)]


@operation(lambda places: places[:6])
def rename_the_video(case):
    renamed = case.ds.rename_columns({name: f"my_{name}" for name in case.shown}).take(6)
    return [{name: row[f"my_{name}"] for name in case.shown} for row in renamed]


@operation(lambda places: places[:6])
def add_column(case):
    added = case.ds.add_column("place", list(range(case.count)))
    assert added[5]["place"] == 5
    return list(added.take(6))


@operation(lambda places: places[:6])
def cast_column(case):
    return list(case.ds.cast_column("slot", case.datasets.Value("int64")).take(6))


@operation(lambda places: places[:6])
def class_encode_column(case):
    encoded = case.ds.class_encode_column("class_name")
    assert encoded.features["class_name"].int2str(encoded[5]["class_name"]) == case.ds[5]["class_name"]
    return list(encoded.take(6))


@operation(NONE)
def align_labels_with_mapping(case):
    mapping = {f"class {label}": 11 - label for label in range(12)}
    aligned = case.ds.align_labels_with_mapping(mapping, "label")
    assert [row["label"] for row in aligned] == [11 - label for label in case.labels]
    case.check_video(aligned[7], 7)


@operation(lambda places: places[:6])
def labels_are_plain_numbers(case):
    for row in case.ds.take(6):
        assert case.ds.features["label"].int2str(row["label"]) == row["class_name"]
        json.dumps({name: value for name, value in row.items() if isinstance(value, int | str | float)})
        assert type(row["label"]) is int and type(row["slot"]) is int
    return list(case.ds.take(6))


@operation(lambda places: places[:6])
def str2int(case):
    feature = case.ds.features["label"]
    return [{**row, "label": feature.str2int(row["class_name"])} for row in case.ds.take(6)]


@operation(NONE)
def unique(case):
    assert case.ds.unique("label") == list(range(12)) and len(case.ds.unique("class_name")) == 12


@operation(lambda places: places[:6])
def flatten(case):
    flat = case.ds.flatten().take(6)
    if case.videos:
        return list(flat)
    return [{**row, "integrator": {"weights": row["integrator.weights"]}} for row in flat]


# map and filter.
@operation(same)
def map_another_column(case):
    mapped = case.ds.map(lambda row: {"twice": 2 * row["label"]})
    assert mapped["twice"][:] == [2 * label for label in case.labels]
    return list(mapped)


@operation(lambda places: places[:9])
def map_batched(case):
    mapped = case.ds.map(lambda batch: {"twice": [2 * label for label in batch["label"]]}, batched=True)
    assert mapped[8]["twice"] == 2 * case.labels[8]
    return split(mapped[:9])


@operation(same)
def map_in_processes(case):
    return list(case.ds.map(lambda row: {"twice": 2 * row["label"]}, num_proc=2))


@operation(lambda places: places[:9])
def map_with_indices(case):
    mapped = case.ds.map(lambda row, place: {"place": place}, with_indices=True)
    assert mapped["place"][:] == list(range(case.count))
    return list(mapped.take(9))


@operation(lambda places: places[:9])
def map_of_one_column(case):
    return list(case.ds.map(lambda label: {"twice": 2 * label}, input_columns="label").take(9))


@operation(lambda places: places[:9])
def map_removes_columns(case):
    return list(case.ds.map(lambda row: {"twice": row["slot"]}, remove_columns=["class_name"]).take(9))


@operation(same)
def map_that_does_nothing(case):
    return list(case.ds.map(lambda row: row))


@operation(lambda places: places[:9])
def map_that_returns_the_row(case):
    def change(row):
        row["more"] = 1
        return row

    return list(case.ds.map(change).take(9))


@operation(lambda places: places[:9])
def map_twice(case):
    once = case.ds.map(lambda row: {"one": 1})
    return list(once.map(lambda row: {"two": row["one"] + 1}).take(9))


@operation(NONE, only="videos")
def map_over_videos(case):
    means = case.ds.map(lambda row: {"mean": float(row["video"].mean())})
    wanted = case.truth["videos"].mean(axis=(1, 2, 3, 4))
    assert np.abs(np.array(means["mean"][:]) - wanted).max() < TOLERANCE
    case.check(list(means), same)


@operation(NONE, only="videos")
def map_over_batches_of_videos(case):
    means = case.ds.map(
        lambda batch: {"mean": np.stack(batch["video"]).mean(axis=(1, 2, 3, 4)).tolist()},
        batched=True, batch_size=10, num_proc=2,
    )  # fmt: skip
    wanted = case.truth["videos"].mean(axis=(1, 2, 3, 4))
    assert np.abs(np.array(means["mean"][:]) - wanted).max() < TOLERANCE


@operation(NONE, only="videos")
def map_that_changes_videos(case):
    halved = case.ds.map(lambda row: {"video": row["video"][::2, ::-1] * 2})
    for place in (0, 50):
        assert np.abs(halved[place]["video"] - 2 * case.truth["videos"][place][::2, ::-1]).max() < TOLERANCE


@operation(NONE, only="videos")
def map_makes_no_video(case):
    """What does not ask for videos must not wait for them."""
    from keras_vdd.distilled.distilled_set import DistilledSet

    made, reconstruct = [], DistilledSet.reconstruct

    def counted(self, *args, **more):
        videos = reconstruct(self, *args, **more)
        made.extend([1] * len(videos))
        return videos

    DistilledSet.reconstruct = counted
    try:
        fresh = {"load_from_cache_file": False}
        case.ds.map(lambda row: {"a": row["label"]}, **fresh)
        case.ds.map(lambda batch: {"a": batch["slot"]}, batched=True, **fresh)
        case.ds.map(lambda label: {"a": label}, input_columns=["label"], **fresh)
        case.ds.filter(lambda row: row["label"] == 3, **fresh)
        case.ds.filter(lambda row, place, rank: place < 3, with_indices=True, with_rank=True, **fresh)
        case.ds.filter(lambda batch: [label == 3 for label in batch["label"]], batched=True, **fresh)
        case.ds.sort("label").shuffle(seed=0).select(range(5)).class_encode_column("class_name")
        case.ds.train_test_split(0.5, stratify_by_column="label")
        assert not made, f"{len(made)} videos were made"
        assert len(case.ds.filter(lambda row: row["label"] == 3 and row["video"].ndim == 4, **fresh)) == 8
        assert len(made) == 8, f"{len(made)} videos were made for 8 rows"
    finally:
        DistilledSet.reconstruct = reconstruct


@operation(NONE)
def filter_rows(case):
    case.check(list(case.ds.filter(has_label_5)), of_label_5(case))


@operation(NONE)
def filter_batched(case):
    kept = case.ds.filter(lambda batch: [label == 5 for label in batch["label"]], batched=True)
    case.check(list(kept), of_label_5(case))


@operation(NONE)
def filter_of_one_column(case):
    case.check(list(case.ds.filter(lambda label: label == 5, input_columns="label")), of_label_5(case))


@operation(lambda places: places[:3])
def filter_with_indices(case):
    return list(case.ds.filter(lambda row, place: place < 3, with_indices=True))


@operation(NONE)
def filter_in_processes(case):
    case.check(list(case.ds.filter(has_label_5, num_proc=2)), of_label_5(case))


@operation(NONE)
def filter_of_shuffled(case):
    kept = list(case.ds.shuffle(seed=5).filter(has_label_5))
    assert len(kept) == sum(label == 5 for label in case.labels)
    for row in kept:
        case.check_video(row, case.place(row))


@operation(NONE, only="videos")
def filter_by_the_video(case):
    wanted = [place for place, video in enumerate(case.truth["videos"]) if video.mean() > 0]
    kept = case.ds.filter(lambda row: row["video"].mean() > 0)
    assert abs(len(kept) - len(wanted)) == 0
    case.check(list(kept), lambda places: wanted)


# Formats.
def formatted(kind, needs="", **how):
    for name, get in {
        "row": lambda ds: [ds[4]],
        "slice": lambda ds: split(ds[4:6]),
        "iteration": lambda ds: list(ds.take(9)),
    }.items():
        expected = {"row": [4], "slice": [4, 5], "iteration": list(range(9))}[name]

        def run(case, get=get):
            return get(case.ds.with_format(kind, **how))

        run.__name__ = f"{kind}_{name}"
        only = "videos" if kind in ("torch", "tensorflow", "jax", "pandas", "numpy") else None
        operation(lambda places, expected=expected: expected, needs, only)(run)


formatted(None)
formatted("numpy")
formatted("torch", "torch")
formatted("tensorflow", "tensorflow")
formatted("jax", "jax")


@operation(lambda places: [4, 5], only="videos")
def pandas_slice(case):
    frame = case.ds.with_format("pandas")[4:6]
    return [{"video": frame["video"].iloc[row], "label": frame["label"].iloc[row]} for row in range(2)]


@operation(lambda places: [4, 5], only="plain")
def numpy_slice_of_memories(case):
    return split(
        case.ds.with_format("numpy", columns=["statics", "dynamics", "label"], output_all_columns=True)[4:6]
    )


@operation(lambda places: [4])
def format_of_some_columns(case):
    row = case.ds.with_format("numpy", columns=["label", "slot"])[4]
    assert set(row) == {"label", "slot"}
    return [{**case.ds[4], "label": row["label"]}]


@operation(lambda places: [4])
def format_of_some_columns_with_all(case):
    return [case.ds.with_format("numpy", columns=["label"], output_all_columns=True)[4]]


@operation(lambda places: [4])
def formatted_for_a_while(case):
    with case.ds.formatted_as("numpy", columns=["label"]):
        assert set(case.ds[4]) == {"label"}
    return [case.ds[4]]


@operation(lambda places: [4])
def format_and_back(case):
    ds = copy.deepcopy(case.ds)
    ds.set_format("numpy")
    ds.reset_format()
    return [ds[4]]


@operation(lambda places: places[:3])
def a_transform(case):
    ds = case.ds.with_transform(lambda batch: {**batch, "label": [int(label) for label in batch["label"]]})
    return list(ds.take(3))


@operation(NONE, only="videos")
def a_transform_of_videos(case):
    ds = case.ds.with_transform(lambda batch: {"half": [video[::2] for video in batch["video"]]})
    assert np.abs(ds[3]["half"] - case.truth["videos"][3][::2]).max() < TOLERANCE


@operation(NONE, only="videos")
def raw_formats_are_refused(case):
    for kind in ("arrow", "polars"):
        case.refuses(lambda kind=kind: case.ds.with_format(kind))
        case.refuses(lambda kind=kind: case.stream.with_format(kind))
        case.refuses(lambda kind=kind: case.load(split=None).with_format(kind))
    assert case.ds.with_format("arrow", columns=["label"])[:3]["label"].to_pylist() == [0, 0, 0]


@operation(NONE, only="videos")
def casts_of_videos_are_refused(case):
    numbers = case.datasets.Array4D(shape=(5, 8, 9, 3), dtype="float32")
    for ds in (case.ds, case.stream, case.load(split=None)):
        case.refuses(lambda ds=ds: ds.cast_column("video", numbers))
    features = case.datasets.Features({**case.ds.features, "video": numbers})
    case.refuses(lambda: case.ds.cast(features))
    case.check(list(case.ds.cast(case.ds.features).take(3)), lambda places: places[:3])


@operation(NONE, only="videos")
def what_compares_or_adds_videos_is_refused(case):
    case.refuses(lambda: case.ds.unique("video"))
    case.refuses(lambda: case.load(split=None).unique("video"))
    case.refuses(lambda: case.ds.add_item(case.ds[0]))


@operation(NONE, only="videos")
def raw_for_a_while_is_refused(case):
    case.refuses(lambda: case.ds.formatted_as("arrow").__enter__())
    with case.ds.formatted_as("arrow", columns=["label"]):
        assert case.ds[:2]["label"].to_pylist() == [0, 0]


@operation(NONE, only="videos")
def formatted_batches_of_a_stream_are_refused(case):
    case.refuses(lambda: case.stream.with_format("numpy").batch(4))
    case.refuses(lambda: case.stream.batch(4).with_format("numpy"))
    case.check(split(next(case.stream.with_format("numpy").iter(4))), lambda places: places[:4])


@operation(lambda places: places[:6], "pandas", only="videos")
def map_of_frames(case):
    def double(frame):
        frame["twice"] = 2 * frame["label"]
        return frame

    mapped = case.ds.with_format("pandas").map(double, batched=True).with_format(None)
    assert mapped[50]["twice"] == 2 * case.labels[50]
    return list(mapped.take(6))


@operation(lambda places: places[:5], only="videos")
def map_that_adds_videos_of_numpy(case):
    doubled = case.ds.with_format("numpy").map(lambda row: {"twice": 2 * row["video"]}).with_format(None)
    assert np.abs(np.asarray(doubled[4]["twice"]) - 2 * case.truth["videos"][4]).max() < TOLERANCE
    return list(doubled.take(5))


@operation(lambda places: places[:4], only="videos")
def from_rows_and_their_features(case):
    rows = [case.ds[place] for place in range(4)]
    return list(case.datasets.Dataset.from_list(rows, features=case.ds.features))


@operation(lambda places: places[:4], only="videos")
def features_there_and_back(case):
    features = case.ds.features
    return split(features.decode_batch(features.encode_batch(case.ds[:4])))


@operation(ALL)
def nodes_of_a_cluster(case):
    from datasets.distributed import split_dataset_by_node

    return [row for rank in range(2) for row in split_dataset_by_node(case.stream, rank=rank, world_size=2)]


@operation(same, only="videos")
def threads(case):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as readers:
        return list(readers.map(case.ds.__getitem__, range(case.count)))


@operation(lambda places: places[:6], only="videos")
def a_forked_pool(case):
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(case.ds.__getitem__, range(6))


@operation(lambda places: places[:3])
def rows_changed_by_their_reader(case):
    """What a caller does to a row is not to be seen by the next."""
    if case.videos:
        case.ds[1]["video"][:] = 0
        case.ds[:4]["video"][1][:] = 0
    return [case.ds[place] for place in range(3)]


# Written, kept, opened again.
def written(name, *args):
    def run(case):
        case.refuses(lambda: getattr(case.ds, name)(*args))
        if hasattr(case.stream, name):
            case.refuses(lambda: getattr(case.stream, name)(*args))
        assert not os.path.exists("written.file")

    run.__name__ = f"{name}_is_refused"
    operation(NONE, only="videos")(run)


for writer in ("to_csv", "to_json", "to_parquet"):
    written(writer, "written.file")
for writer in ("to_dict", "to_list", "to_pandas", "to_polars"):
    written(writer)
written("to_sql", "videos", "sqlite:///written.file")
written("push_to_hub", "someone/videos")


@operation(NONE, only="videos")
def texts_without_videos(case):
    case.ds.remove_columns("video").to_json("labels.json")
    rows = [json.loads(line) for line in open("labels.json")]
    assert [row["label"] for row in rows] == case.labels.tolist()
    assert len(case.ds.remove_columns("video").to_pandas()) == case.count


@operation(NONE, only="videos")
def batch_is_refused(case):
    case.refuses(lambda: case.ds.batch(4))


@operation(lambda places: [3, 4], only="plain")
def memories_to_pandas(case):
    frame = case.ds.to_pandas()
    return [{**case.ds[place], "label": frame["label"][place]} for place in (3, 4)]


@operation(lambda places: places[:5], only="plain")
def memories_to_parquet_and_back(case):
    case.ds.to_parquet("memories.parquet")
    return list(case.datasets.Dataset.from_parquet("memories.parquet").take(5))


@operation(same)
def pickled(case):
    return list(pickle.loads(pickle.dumps(case.ds)))


@operation(lambda places: places[:5])
def deep_copied(case):
    return list(copy.deepcopy(case.ds).take(5))


@operation(same)
def saved_to_disk(case):
    case.ds.save_to_disk("saved")
    assert "VddClip" not in open("saved/dataset_info.json").read(), "others could not open it"
    return list(case.datasets.load_from_disk("saved"))


@operation(lambda places: places[2:5])
def saved_to_disk_of_some(case):
    case.ds.select(range(2, 5)).save_to_disk("saved-some", num_shards=2)
    return list(case.datasets.Dataset.load_from_disk("saved-some"))


@operation(lambda places: places[:5])
def dictionary_saved_to_disk(case):
    case.load(split=None).save_to_disk("saved-dictionary")
    return list(case.datasets.load_from_disk("saved-dictionary")["train"].take(5))


@operation(same)
def cache_opened_again(case):
    return list(case.load())


@operation(lambda places: places[:5])
def kept_in_memory(case):
    return list(case.load(keep_in_memory=True).take(5))


@operation(lambda places: places[:5])
def another_cache(case):
    return list(case.load(cache_dir="another-cache").take(5))


@operation(lambda places: places[:5])
def prepared_anew(case):
    return list(case.load(download_mode="force_redownload", cache_dir="another-cache").take(5))


@operation(lambda places: places[:5])
def a_moved_folder(case):
    shutil.copytree(case.folder, "moved")
    return list(case.load("moved").take(5))


@operation(lambda places: places[:5])
def without_a_card(case):
    shutil.copytree(case.folder, "bare")
    os.remove("bare/README.md")
    return list(case.load("bare").take(5))


@operation(lambda places: places[:5])
def a_path_with_a_slash(case):
    return list(case.load(case.folder + "/").take(5))


# Ways to load.
@operation(same)
def all_splits(case):
    loaded = case.load(split=None)
    assert list(loaded) == ["train"]
    return list(loaded["train"])


@operation(lambda places: places[:5])
def dictionary_map_and_filter(case):
    loaded = case.load(split=None).map(lambda row: {"one": 1}).filter(lambda row: row["one"] == 1)
    return list(loaded["train"].take(5))


@operation(lambda places: places[3:9])
def split_by_rows(case):
    return list(case.load(split="train[3:9]"))


@operation(lambda places: places[-5:])
def split_from_the_end(case):
    return list(case.load(split="train[-5:]"))


@operation(same)
def split_by_percent(case):
    return [*case.load(split="train[:50%]"), *case.load(split="train[50%:]")]


@operation(lambda places: places[:2] + places[4:6])
def split_of_two_parts(case):
    return list(case.load(split="train[:2]+train[4:6]"))


@operation(lambda places: places[:4])
def several_splits_at_once(case):
    return [row for part in case.load(split=["train[:2]", "train[2:4]"]) for row in part]


@operation(lambda places: places[4:8])
def split_by_an_instruction(case):
    instruction = case.datasets.ReadInstruction("train", from_=4, to=8, unit="abs")
    return list(case.load(split=instruction))


@operation(lambda places: places[:5])
def a_folder_with_signs_in_its_name(case):
    for name in ("a set", "a?b", "ünïcode", "a#b%20", "a:b;c", "train/test"):
        shutil.copytree(case.folder, os.path.join("signs", name))
        case.check(list(case.load(os.path.join("signs", name)).take(2)), lambda places: places[:2])
    return list(case.load("signs/a set", streaming=True).take(5))


@operation(NONE, only="videos")
def a_folder_that_reads_as_a_pattern(case):
    """`datasets` takes [x] in a path for a pattern, and would read the set of another folder."""
    from keras_vdd.errors import VddError

    shutil.copytree(case.folder, "pattern[x]")
    os.remove("pattern[x]/README.md")
    shutil.copytree(os.path.join(os.path.dirname(case.folder), "other"), "patternx")
    try:
        case.load("pattern[x]")
    except VddError as error:
        assert "keras_vdd.load" in str(error) and "\n" not in str(error), error
    else:
        raise AssertionError


@operation(lambda places: places[:5])
def chosen_columns(case):
    return list(case.load(columns=[*case.shown, "label"]).take(5))


@operation(NONE)
def chosen_rows(case):
    case.check(list(case.load(filters=[("label", "==", 5)])), of_label_5(case))


@operation(same)
def loaded_in_processes(case):
    return list(case.load(num_proc=2, cache_dir="in-processes"))


@operation(lambda places: places[:5])
def data_files_by_pattern(case):
    return list(case.load(data_files="data/*.parquet").take(5))


@operation(lambda places: places[:5])
def data_files_of_a_split(case):
    return list(case.load(data_files={"mine": "data/*"}, split="mine").take(5))


@operation(lambda places: places[:5])
def data_directory(case):
    return list(case.load(data_dir="data").take(5))


@operation(lambda places: places[:5])
def a_builder(case):
    builder = case.datasets.load_dataset_builder(case.folder)
    assert builder.info.features is None or "label" in builder.info.features
    builder.download_and_prepare()
    return list(builder.as_dataset(split="train").take(5))


@operation(lambda places: places[:5])
def without_checks_of_the_library(case):
    return list(case.load(verification_mode="no_checks").take(5))


@operation(NONE)
def names_of_splits(case):
    assert case.datasets.get_dataset_split_names(case.folder) == ["train"]
    assert case.datasets.get_dataset_config_names(case.folder) == ["default"]


# Streams.
@operation(same)
def stream(case):
    return list(case.stream)


@operation(lambda places: places[:1] + places[:1])
def stream_from_the_start_again(case):
    return [next(iter(case.stream)), next(iter(case.stream))]


@operation(lambda places: places[3:5])
def stream_skip_take(case):
    return list(case.stream.skip(3).take(2))


@operation(ALL)
def stream_shuffle(case):
    return list(case.stream.shuffle(seed=0, buffer_size=20))


@operation(ALL)
def stream_epoch(case):
    shuffled = case.stream.shuffle(seed=0, buffer_size=20)
    shuffled.set_epoch(3)
    return list(shuffled)


@operation(NONE)
def stream_filter(case):
    case.check(list(case.stream.filter(has_label_5)), of_label_5(case))


@operation(NONE)
def stream_filter_of_one_column(case):
    kept = case.stream.filter(lambda label: label == 5, input_columns="label")
    case.check(list(kept), of_label_5(case))


@operation(same)
def stream_map(case):
    return list(case.stream.map(lambda row: {"twice": 2 * row["label"]}))


@operation(same)
def stream_map_batched(case):
    return list(case.stream.map(lambda batch: {"twice": batch["label"]}, batched=True, batch_size=7))


@operation(NONE, only="videos")
def stream_map_over_videos(case):
    means = [row["mean"] for row in case.stream.map(lambda row: {"mean": row["video"].mean()})]
    assert np.abs(np.array(means) - case.truth["videos"].mean(axis=(1, 2, 3, 4))).max() < TOLERANCE


@operation(lambda places: places[:10])
def stream_batches(case):
    return split(next(case.stream.iter(batch_size=10)))


@operation(lambda places: places[:8], only="videos")
def stream_batch(case):
    batches = list(case.stream.batch(4).take(2))
    return [row for batch in batches for row in split(batch)]


@operation(ALL)
def stream_shards(case):
    assert case.stream.num_shards == 3
    return [row for index in range(3) for row in case.stream.shard(3, index)]


@operation(lambda places: places[:5])
def stream_columns(case):
    return list(case.stream.select_columns(case.shown).take(5))


@operation(lambda places: places[:5])
def stream_without_columns(case):
    return list(case.stream.remove_columns(["class_name"]).rename_column("slot", "place").take(5))


@operation(lambda places: places[:5])
def stream_chosen_columns(case):
    return list(case.load(streaming=True, columns=[*case.shown, "label"]).take(5))


@operation(NONE)
def stream_chosen_rows(case):
    case.check(list(case.load(streaming=True, filters=[("label", "==", 5)])), of_label_5(case))


@operation(lambda places: places + places)
def stream_concatenated(case):
    return list(case.datasets.concatenate_datasets([case.stream, case.stream]))


@operation(lambda places: [place for place in places for _ in range(2)][:-1])
def stream_interleaved(case):
    return list(case.datasets.interleave_datasets([case.stream, case.stream]))


@operation(lambda places: places + places)
def stream_repeated(case):
    return list(case.stream.repeat(2))


@operation(lambda places: places[:5])
def stream_of_all_splits(case):
    return list(case.load(split=None, streaming=True)["train"].take(5))


@operation(lambda places: places[4:8])
def stream_resumed(case):
    rows = iter(case.stream)
    for _ in range(4):
        next(rows)
    state = case.stream.state_dict()
    again = case.load(streaming=True)
    again.load_state_dict(state)
    rows = iter(again)
    return [next(rows) for _ in range(4)]


@operation(lambda places: places[:5])
def stream_pickled(case):
    return list(pickle.loads(pickle.dumps(case.stream)).take(5))


@operation(lambda places: places[:5])
def stream_of_a_set(case):
    return list(case.ds.to_iterable_dataset(num_shards=3).take(5))


@operation(lambda places: places[:5])
def stream_cast(case):
    return list(case.stream.cast_column("slot", case.datasets.Value("int64")).take(5))


def stream_formatted(kind, needs=""):
    def run(case):
        return list(case.stream.with_format(kind).take(4))

    run.__name__ = f"stream_{kind}"
    operation(lambda places: places[:4], needs, "videos")(run)


stream_formatted("numpy")
stream_formatted("torch", "torch")
stream_formatted("tensorflow", "tensorflow")
stream_formatted("jax", "jax")


# Loaders of other libraries.
def torch_rows(case, rows, **settings):
    from torch.utils.data import DataLoader

    batches = list(DataLoader(rows.select_columns(["video", "label"]), batch_size=10, **settings))
    return [
        {"video": video.numpy(), "label": int(label)}
        for batch in batches
        for video, label in zip(batch["video"], batch["label"])
    ]


@operation(same, "torch", "videos")
def torch_loader(case):
    return torch_rows(case, case.ds)


@operation(same, "torch", "videos")
def torch_loader_of_forked_workers(case):
    return torch_rows(case, case.ds, num_workers=2, multiprocessing_context="fork")


@operation(same, "torch", "videos")
def torch_loader_of_a_spawned_worker(case):
    return torch_rows(case, case.ds, num_workers=1, multiprocessing_context="spawn")


@operation(same, "torch", "videos")
def torch_loader_of_a_stream(case):
    return torch_rows(case, case.stream)


@operation(lambda places: places[:10], "torch", "videos")
def torch_loader_of_tensors(case):
    return torch_rows(case, case.ds.with_format("torch"))[:10]


@operation(lambda places: places[:20], "tensorflow", "videos")
def tensorflow_generator(case):
    import tensorflow as tf

    signature = (tf.TensorSpec((5, 8, 9, 3), tf.float32), tf.TensorSpec((), tf.int64))
    pairs = ((row["video"], row["label"]) for row in case.ds)
    rows = tf.data.Dataset.from_generator(lambda: pairs, output_signature=signature).take(20)
    return [{"video": video.numpy(), "label": int(label)} for video, label in rows]


@operation(same, "tensorflow", "videos")
def to_tf_dataset(case):
    made = case.ds.to_tf_dataset(batch_size=10, columns="video", label_cols="label")
    return [
        {"video": video, "label": int(label)}
        for batch in made
        for video, label in zip(batch[0].numpy(), batch[1].numpy())
    ]


@operation(lambda places: places[:9], only="videos")
def from_generator(case):
    def rows():
        yield from ({"numbers": row["video"].tolist(), "label": row["label"]} for row in case.ds.take(9))

    made = case.datasets.Dataset.from_generator(rows)
    return [{"video": np.array(row["numbers"], np.float32), "label": row["label"]} for row in made]


# From plain memories to videos, and to plain videos.
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


def come(how):
    """Import in an order; return whether rows come as videos."""
    if how == "not installed":
        sys.modules["keras_vdd"] = None
    if how in ("before", "probed first"):
        import keras_vdd
    if how == "probed first":
        assert importlib.util.find_spec("datasets") is not None
    import datasets  # noqa: F401

    if how == "after":
        import keras_vdd  # noqa: F401
    return how in ("before", "after", "probed first")


def main(folder, truth, how):
    videos = come(how)
    case = Case(folder, truth, videos)
    # Those of libraries that are slow to import come last: until then they are not there.
    for libraries in (False, True)[: 1 + videos]:
        print(json.dumps(run(case, videos, how, libraries)))
    if not videos:
        print(json.dumps({"done": [], "wrong": []}))


def run(case, videos, how, libraries):
    """Run what needs a library of networks, or what needs none; return the names of those done and wrong."""
    done, wrong = [], []
    late = [name for name in OPERATIONS if name == "as_videos_after_a_late_import"]
    for name in [name for name in OPERATIONS if name not in late] + late:
        function, expected, needs, only = OPERATIONS[name]
        if only not in (None, "videos" if videos else "plain") or (
            needs == "keras_vdd" and how == "not installed"
        ):
            continue
        if (needs in ("torch", "tensorflow", "jax")) != libraries or (libraries and find(needs) is None):
            continue
        try:
            rows = function(case)
            if expected is not NONE:
                case.check(rows, expected)
        except BaseException:
            wrong.append(name)
            traceback.print_exc(limit=-3, file=sys.stdout)
        done.append(name)
    return {"done": done, "wrong": wrong}


def find(name):
    return importlib.util.find_spec(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
