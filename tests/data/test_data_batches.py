import threading
import types

import numpy as np
import pytest

from keras_vdd.data.batches import IterationBatches
from keras_vdd.data.clips import choose_videos, read_clips, read_stills
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare
from keras_vdd.seeds import stream


@pytest.fixture(scope="module", params=["raw", "jpeg"])
def store(request, tmp_path_factory, write_video):
    folder = tmp_path_factory.mktemp("set")
    for split in ("train", "test"):
        for name in ("hop", "run"):
            for i in range(4):
                write_video(folder / "videos" / split / name / f"{i}.mp4", 3 + 5 * i)
    data = types.SimpleNamespace(
        set="folder",
        root=str(folder / "videos"),
        store=str(folder / "s"),
        classes="all",
        size=16,
        codec=request.param,
    )
    return prepare(find_videos(data), data)["train"]


def make_batch(store):
    """What the stages do: per class some videos, a clip of each, and a still of each."""

    def make(iteration):
        rng = stream(7, "dynamic", iteration)
        rows = np.concatenate([choose_videos(videos, 3, rng) for videos in store.by_class()])
        return rows, read_clips(store, rows, 4, 2, rng, flip=True), read_stills(store, rows, rng, flip=True)

    return make


def visit(batches, order=None):
    return [batches[k] for k in (range(len(batches)) if order is None else order)]


def same(first, second):
    return all(
        np.array_equal(a, b) for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=True)
    )


def test_the_number_of_workers_changes_nothing(store):
    expected = visit(IterationBatches(0, 12, make_batch(store), workers=0))
    for workers in (1, 2, 5):
        assert same(visit(IterationBatches(0, 12, make_batch(store), workers)), expected)
    # A run that goes on later draws what this one drew.
    assert same(visit(IterationBatches(5, 12, make_batch(store), workers=3)), expected[5:])
    order = [0, 0, 3, 1, 1, 2, 11, 4]
    assert same(
        visit(IterationBatches(0, 12, make_batch(store), workers=2), order), [expected[k] for k in order]
    )
    for rows, *_ in expected:
        assert np.bincount(store.labels[rows]).tolist() == [3, 3]
    assert len({clips.tobytes() for _, clips, _ in expected}) == 12


def test_the_next_batch_is_made_while_one_is_used():
    made, main = threading.Event(), threading.get_ident()

    def make(iteration):
        if iteration == 1:
            assert threading.get_ident() != main
            made.set()
        return iteration

    batches = IterationBatches(0, 3, make)
    assert batches[0] == 0
    # Nobody has asked for it yet.
    assert made.wait(30)
    assert batches[1] == 1 and batches[2] == 2


def test_no_more_is_made_ahead_than_asked():
    begun, lock = [], threading.Lock()

    def make(iteration):
        with lock:
            begun.append(iteration)
        return iteration

    batches = IterationBatches(10, 40, make, workers=2)
    for k in range(30):
        assert batches[k] == 10 + k
        with lock:
            assert max(begun) <= 10 + k + 2
    assert sorted(begun) == list(range(10, 40))


def test_without_workers_batches_are_made_when_asked():
    begun = []
    batches = IterationBatches(0, 5, begun.append, workers=0)
    batches[0], batches[1]
    assert begun == [0, 1]


def test_an_error_comes_out_where_its_batch_is_asked_for():
    def make(iteration):
        if iteration == 2:
            raise KeyError("no such video")
        return iteration

    batches = IterationBatches(0, 4, make, workers=2)
    assert batches[0] == 0 and batches[1] == 1
    with pytest.raises(KeyError, match="no such video"):
        batches[2]
    assert batches[3] == 3


def test_fit_sees_every_batch_in_order():
    import keras

    class Sum(keras.Model):
        """Remembers, digit by digit, what it was given."""

        def __init__(self):
            super().__init__()
            self.seen = self.add_weight(shape=(), initializer="zeros")

        def call(self, x):
            return x * self.seen

    class Watch(keras.callbacks.Callback):
        seen = []

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(round(float(logs["loss"]), 3))

    model, watch = Sum(), Watch()
    model.compile(keras.optimizers.SGD(0.0), loss=lambda y, p: keras.ops.mean(y + 0 * p))

    def make(iteration):
        return np.ones((2, 1), "float32"), np.full((2, 1), float(iteration), "float32")

    batches = IterationBatches(3, 9, make, workers=2)
    model.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[watch])
    # Keras shows the mean of the losses so far.
    assert watch.seen == [round(np.mean(range(3, 4 + k)), 3) for k in range(6)]
