"""Streams, and the data loaders of other libraries."""

import pickle

import numpy as np
from datasets_hook.operations.case import (
    ALL,
    NONE,
    TOLERANCE,
    has_label_5,
    of_label_5,
    operation,
    same,
    split,
)


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
