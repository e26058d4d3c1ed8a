"""Rows and columns of a set: which, in which order, under which names."""

import json
import os

import numpy as np
from datasets_hook.operations.case import ALL, NONE, TOLERANCE, operation, same, split


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
