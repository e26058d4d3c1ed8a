"""Training of an expert: by hand, its dropout, and where it diverges."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops
from small_experts import Linear, recipe_of

from keras_vdd import models
from keras_vdd.backend import value_and_grad
from keras_vdd.data.clips import read_clips
from keras_vdd.errors import VddError
from keras_vdd.experts import engine
from keras_vdd.experts.training import ExpertTrainer, sgd_step
from keras_vdd.matching.augmentation_draws import COLUMNS, draw
from keras_vdd.seeds import stream


def by_hand(stores, training, number):
    """(snapshots, losses, top1) of an expert of `Linear`, in float64 and numpy alone."""
    store, names = stores["train"], (training.seed, "experts", number)
    network = models.create("mini_c3d", 8, training.frames, store.size, training.width, training.stem)
    weights = [w.astype("float64") for w in models.fresh_weights(network, stream(*names))]
    start = training.frames, training.interval
    snapshots, losses, step = [weights], [], 0

    def logits(videos, kernel, bias):
        features = videos[:, :, ::8, ::8].reshape(len(videos), -1)
        return features, features @ kernel.reshape(features.shape[1], -1) + bias

    def seen(clips):
        return (clips / 255 - training.mean) / training.std

    for epoch in range(training.epochs):
        order, total = stream(*names, "order", epoch).permutation(len(store)), 0
        for first in range(0, len(store), training.batch_size):
            rows = order[first : first + training.batch_size]
            rng = stream(*names, "visit", step)
            videos = seen(read_clips(store, rows, *start, rng, training.flip))
            rng.integers(2**32, size=2, dtype="uint32")  # the dropout's seed, which nothing here uses
            if training.augment == ("flip",) and draw(rng, 1, ("flip",))[0, COLUMNS.index("mirror")] < 0:
                videos = videos[:, :, :, ::-1]
            features, raw = logits(videos, *weights)
            chances = np.exp(raw - raw.max(1, keepdims=True))
            chances /= chances.sum(1, keepdims=True)
            right = np.eye(8)[store.labels[rows]]
            total -= (np.log(chances) * right).sum()
            error = (chances - right) / len(rows)
            gradients = (features.T @ error).reshape(weights[0].shape), error.sum(0)
            weights = [w - training.learning_rate * g for w, g in zip(weights, gradients)]
            step += 1
        snapshots.append(weights)
        losses.append(total / len(store))
    test = stores["test"]
    guesses = logits(seen(read_clips(test, np.arange(len(test)), *start)), *weights)[1].argmax(1)
    return snapshots, losses, 100 * np.mean(guesses == test.labels)


@pytest.mark.parametrize("augment", [(), ("flip",)])
def test_training_is_plain_sgd_on_clips_cut_anew(linear, stores, tmp_path, augment):
    training = engine.training_of(recipe_of(tmp_path, "data.flip=true", "experts.learning_rate=0.02"))
    training = dataclasses.replace(training, augment=augment, epochs=3)
    told, ends = [], []
    found = ExpertTrainer(stores["train"], stores["test"], training).train(
        3, lambda done, loss, epoch=None: (told if epoch is None else ends).append((done, loss))
    )
    snapshots, losses, top1 = by_hand(stores, training, 3)
    assert len(found.snapshots) == training.epochs + 1
    for one, other in zip(found.snapshots, snapshots, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.dtype == np.float32 and a.shape == b.shape and np.abs(a - b).max() < 2e-5
    # Before training an expert has the fresh weights, to the bit; it does not stay there.
    assert all((a == b).all() for a, b in zip(found.snapshots[0], snapshots[0]))
    assert np.abs(found.snapshots[3][0] - found.snapshots[0][0]).max() > 1e-3
    assert found.losses == pytest.approx(losses, rel=1e-4)
    assert found.top1 == pytest.approx(top1) and 0 <= found.top1 <= 100
    assert [done for done, _ in told] == list(range(1, 10))
    assert ends == list(zip((3, 6, 9), found.losses, strict=True))
    assert np.dot([loss for _, loss in told[:3]], (10, 10, 4)) / 24 == pytest.approx(found.losses[0])


class Dropping(Linear):
    """`Linear` after dropout."""

    def __init__(self, *args):
        super().__init__(*args)
        self.dropout = keras.layers.Dropout(0.5, seed=0)

    def call(self, x, training=False):
        return super().call(self.dropout(x, training=training))


def test_a_step_has_the_dropout_of_its_seed():
    network = Dropping(3, 4, 16, 8, 8)
    rng, mean, std, rate = np.random.default_rng(0), (0.4, 0.5, 0.6), (0.2, 0.3, 0.25), 0.5
    weights = models.as_weights(network, models.fresh_weights(network, rng))
    frames, labels = rng.integers(0, 256, (4, 4, 16, 16, 3), dtype="uint8"), np.array([2, 0, 1, 2], "int32")
    videos = ops.convert_to_tensor(((frames / 255 - mean) / std).astype("float32"))
    step = sgd_step(network, rate, mean, std)

    def run(seed):
        batch = {"frames": frames, "labels": labels, "dropout": np.array(seed, "uint32")}
        return step(weights, {name: ops.convert_to_tensor(array) for name, array in batch.items()})

    def loss(weights, training=True):
        seed = ops.convert_to_tensor(np.array([5, 7], "uint32"))
        logits = models.apply(network, weights, videos, training=training, seed=seed)
        return -ops.mean(ops.sum(ops.log_softmax(logits) * ops.one_hot(labels, 3), axis=-1))

    value, after = run([5, 7])
    expected, gradients = value_and_grad(loss)(weights)
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    assert float(value) != pytest.approx(float(loss(weights, training=False)), rel=1e-3)
    for a, w, g in zip(after, weights, gradients, strict=True):
        numbers = [ops.convert_to_numpy(x) for x in (a, w, g)]
        np.testing.assert_allclose(numbers[0], numbers[1] - rate * numbers[2], rtol=1e-4, atol=1e-5)
    assert float(run([5, 7])[0]) == float(value) != float(run([1234567, 89])[0])


@pytest.mark.parametrize("batch_size, what", [(10, "loss"), (24, "its weights are no longer finite")])
def test_divergence_names_the_rate_and_leaves_nothing(linear, stores, tmp_path, batch_size, what):
    recipe = recipe_of(
        tmp_path, "experts.learning_rate=2e38", "data.std=1e-4,1e-4,1e-4", f"experts.batch_size={batch_size}"
    )
    with pytest.raises(VddError, match=f"Expert 0 diverged in epoch 1 .{what}.*lower experts.learning_rate"):
        engine.learn_experts(recipe, stores)
    assert not list((tmp_path / "experts").rglob("expert-*"))
