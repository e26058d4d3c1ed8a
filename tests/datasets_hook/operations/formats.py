"""Formats, what they refuse, and what else reads rows."""

import copy

import numpy as np
from datasets_hook.operations.case import ALL, NONE, TOLERANCE, operation, same, split


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
