"""`map` and `filter`."""

import numpy as np
from datasets_hook.operations.case import NONE, TOLERANCE, has_label_5, of_label_5, operation, same, split


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
