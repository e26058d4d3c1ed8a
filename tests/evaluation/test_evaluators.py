"""Evaluators, standardisation and whole evaluations on small separable sets."""

import keras
import numpy as np
import pytest

from keras_vdd import models
from keras_vdd.errors import UsageError, VddError
from keras_vdd.evaluation import (
    BatchStandardise,
    Classifier,
    Embedding,
    FixedVideos,
    Protocol,
    evaluate,
)
from keras_vdd.evaluation.losses import SquaredError
from keras_vdd.evaluation.optimizers import CosineToZero, CoupledSGD, TenthAtHalf
from keras_vdd.evaluation.protocol import EVALUATORS
from keras_vdd.evaluation.trainer import BatchPlan, Trainer
from keras_vdd.layers import Conv2D

CLASSES, FRAMES, SIZE = 3, 4, 16


class Linear(keras.Model):
    """Dropout and one linear layer on all pixels: quick to compile, random in training."""

    def __init__(self, dropout=0.5):
        super().__init__()
        self.dropout, self.head = keras.layers.Dropout(dropout), Conv2D(CLASSES, (1, 1))
        self.head.build((None, 1, 1, FRAMES * SIZE * SIZE * 3))
        self.built = True

    def call(self, x, training=False):
        x = keras.ops.reshape(x, (-1, 1, 1, FRAMES * SIZE * SIZE * 3))
        return keras.ops.reshape(self.head(self.dropout(x, training=training)), (-1, CLASSES))


def separable(per_class, seed):
    """Each class lights up another third of the picture."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(CLASSES), per_class)
    videos = 0.2 * rng.normal(size=(len(labels), FRAMES, SIZE, SIZE, 3))
    for i, c in enumerate(labels):
        videos[i, :, :, 5 * c : 5 * c + 5] += 2.0
    return videos.astype("float32"), labels


STABLE = Protocol("stable", steps=40, seeds=1, learning_rate=5e-3)


class Clips:
    """Test videos in batches of 50, their order shuffled, as `RealClips` gives those of a store."""

    def __init__(self, videos, labels):
        order = np.random.default_rng(0).permutation(len(videos))
        self._batches = np.array_split(order, -(-len(order) // 50))
        self._videos, self.labels = videos, labels[order]

    def __len__(self):
        return len(self._batches)

    def batch(self, index):
        return self._videos[self._batches[index]]


def score(training=None, protocol=STABLE, seed=3, **options):
    training = training or FixedVideos(*separable(4, 0))
    return evaluate(training, Clips(*separable(30, 1)), protocol, Linear, seed, **options)


def test_standardise_takes_two_numbers_a_batch():
    x = np.random.default_rng(0).normal(3, 7, size=(2, 3, 4, 4, 3)).astype("float32")
    found = keras.ops.convert_to_numpy(BatchStandardise()(x))
    np.testing.assert_allclose(found, (x - x.mean()) / x.std(), atol=1e-5)
    constant = keras.ops.convert_to_numpy(BatchStandardise()(np.full((2, 3, 4, 4, 3), 5.0, "float32")))
    assert (constant == 0).all()


def test_paper_optimizer_is_sgd_with_l2_in_the_gradient():
    weight = keras.Variable(np.array([2.0, -4.0], "float32"))
    optimizer = Protocol("paper").optimizer(4)
    assert isinstance(optimizer, CoupledSGD)
    w, v = np.array([2.0, -4.0]), np.zeros(2)
    for step, rate in enumerate([0.01, 0.01, 0.001, 0.001]):
        gradient = np.array([0.5, step], "float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        v = 0.9 * v - rate * (gradient + 5e-4 * w)
        w = w + v
        np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), w, rtol=2e-7)


def test_frepo_optimizer_is_adamw_at_a_constant_rate():
    weight = keras.Variable(np.array([2.0, -4.0], "float32"))
    optimizer = Protocol("frepo").optimizer(1000)
    w, m, v = np.array([2.0, -4.0]), np.zeros(2), np.zeros(2)
    for step in range(1, 5):
        gradient = np.array([0.5, step], "float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        w = w - 5e-4 * 5e-4 * w
        w = w - 5e-4 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), w, rtol=1e-6)


def test_squared_error_is_summed_over_classes_and_averaged_over_clips():
    labels = np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]], "float32")
    logits = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]], "float32")
    assert float(SquaredError()(labels, logits)) == pytest.approx((1 + 4 + 4) / 2)


def test_schedules():
    half = [float(TenthAtHalf(0.01, 5)(s)) for s in range(5)]
    np.testing.assert_allclose(half, [0.01, 0.01, 0.01, 0.001, 0.001], rtol=1e-6)
    cosine = [float(CosineToZero(2.0, 4)(s)) for s in range(5)]
    np.testing.assert_allclose(cosine, [2, 1 + 2**-0.5, 1, 1 - 2**-0.5, 0], atol=1e-6)


def test_protocol_lengths_and_description():
    one = Protocol("paper", epochs=1, seeds=1, test_clips=1).describe()
    assert "1 epoch," in one and "1 random clip a test video" in one and one.endswith("over 1 fresh network")
    paper = Protocol("paper", epochs=500, batch_size=256)
    assert paper.total_steps(200) == 500 and paper.total_steps(257) == 1000
    assert Protocol("stable", steps=300).total_steps(10_000) == 300
    assert Protocol("stable").total_steps(827, epochs=25) == 100
    for name in ("evaluator paper", "SGD 0.01,", "500 epochs", "last step", "3 fresh networks", "population"):
        assert name in paper.describe()
    assert Protocol("frepo", epochs=1000, batch_size=256).total_steps(257) == 2000
    assert "AdamW 0.0005, weight decay 0.0005, 1000 epochs" in Protocol("frepo", epochs=1000).describe()
    assert "SGD 0.0123 (learned)," in Protocol(learning_rate=0.0123, learned_rate=True).describe()
    with pytest.raises(UsageError, match="choose one of"):
        Protocol("best")


def test_every_epoch_visits_every_row_once():
    plan = BatchPlan(10, 4, 0, 0)
    epochs = [np.concatenate([plan.rows(3 * e + part) for part in range(3)]) for e in range(2)]
    assert all(sorted(rows) == list(range(10)) for rows in epochs)
    assert (epochs[0] != epochs[1]).any()
    assert [plan.visits(s) for s in range(5)] == [0, 4, 8, 10, 14]


def test_a_separable_set_is_learned_and_repeats():
    first = score(pairs=[(0, 1)])
    assert first.top1["mean"] > 95 and first.top5["mean"] is None and first.pairs["mean"] > 95
    assert first.diverged == [] and first.networks[0].steps == 40
    assert first.networks[0].loss < 0.2
    again = score(pairs=[(0, 1)])
    assert again.top1 == first.top1 and again.networks[0].loss == first.networks[0].loss


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_a_network_does_not_depend_on_those_before_it(evaluator):
    protocol = Protocol(evaluator, steps=5, epochs=2, seeds=2, batch_size=5)
    two, saved = score(protocol=protocol), []
    resumed = score(protocol=protocol, finished=two.networks[:1], on_network=saved.append)
    assert [n.number for n in saved] == [1]
    assert resumed.networks[1].loss == two.networks[1].loss
    assert two.networks[0].loss != two.networks[1].loss


def test_divergence_is_reported_and_stops():
    found = score(protocol=Protocol("paper", epochs=30, seeds=2, learning_rate=float("nan")))
    assert found.diverged == [0, 1] and found.top1 == {"mean": None, "std": None, "values": []}
    assert all(n.steps < 30 for n in found.networks)


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_labels_are_trained_on_as_they_were_learned(evaluator):
    videos, labels = separable(4, 0)
    learned = np.random.default_rng(5).normal(size=(len(labels), CLASSES)).astype("float32")
    soft = np.exp(learned) / np.exp(learned).sum(axis=1, keepdims=True)
    sets = {
        "none": FixedVideos(videos, labels),
        "probabilities": FixedVideos(videos, soft, label_kind="probabilities"),
        "regression": FixedVideos(videos, learned, label_kind="regression"),
    }
    # A rate of 0 leaves the network as it is drawn, so the loss can be told from its logits.
    protocol = Protocol(evaluator, steps=2, epochs=2, learning_rate=0.0)
    found, expected = {}, {}
    for kind, training in sets.items():
        trainer = Trainer(Linear(dropout=0.0), protocol, len(training), training.loss)
        found[kind] = trainer.train(training, seed=1, number=0).loss
        logits = trainer.classifier.predict_on_batch(videos).astype("float64")
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        expected[kind] = {
            "none": -logs[np.arange(len(labels)), labels].mean(),
            "probabilities": -(soft * logs).sum(axis=1).mean(),
            "regression": ((logits - learned) ** 2).sum(axis=1).mean(),
        }[kind]
    assert found == pytest.approx(expected, rel=1e-4)


def test_labels_and_their_kind_must_fit():
    videos, labels = separable(1, 0)
    for wrong, kind in ((labels, "regression"), (np.eye(3), None), (np.eye(3), "soft")):
        with pytest.raises(UsageError, match="do not fit"):
            FixedVideos(videos, wrong, label_kind=kind)


def test_learned_targets_of_a_regression_teach():
    def draw(number):
        videos, labels = separable(4, number)
        return FixedVideos(videos, np.eye(CLASSES)[labels] - 1 / CLASSES, label_kind="regression")

    test, protocol = Clips(*separable(30, 1)), Protocol("frepo", epochs=60, seeds=2)
    found = evaluate(draw, test, protocol, lambda: Linear(dropout=0.0), 3)
    assert found.top1["mean"] > 95 and all(network.loss < 0.1 for network in found.networks)


def test_features_are_those_of_the_standardised_batch():
    videos, _ = separable(2, 0)
    network = models.create("mini_c3d", CLASSES, FRAMES, SIZE, width=4, stem=4)
    found = Embedding(Classifier(network)).predict_on_batch(videos)
    expected = keras.ops.convert_to_numpy(network.embed((videos - videos.mean()) / videos.std()))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_soft_labels_and_a_fresh_draw_for_each_network():
    numbers = []

    def draw(number):
        numbers.append(number)
        videos, labels = separable(4, number)
        return FixedVideos(videos, np.eye(CLASSES)[labels], label_kind="probabilities")

    assert score(draw, Protocol("stable", steps=40, seeds=2, learning_rate=5e-3)).top1["mean"] > 95
    assert numbers == [0, 1]


def test_stills_are_repeated_and_raw_frames_normalised():
    stills = np.random.default_rng(0).integers(0, 256, (3, 1, 8, 8, 3), dtype=np.uint8)
    videos = FixedVideos(stills, [0, 1, 2], (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), frames=5)
    found = videos.read(np.array([2, 0]))
    assert found.shape == (2, 5, 8, 8, 3) and found.dtype == np.float32
    expected = (stills[[2, 0], 0] / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    np.testing.assert_allclose(found[:, 4], expected, atol=1e-5)
    with pytest.raises(VddError, match="as many labels as videos"):
        FixedVideos(stills, [0, 1])


def test_mini_c3d_trains_and_answers():
    def create():
        return models.create("mini_c3d", CLASSES, FRAMES, SIZE, width=4)

    training, test = FixedVideos(*separable(2, 0)), Clips(*separable(2, 1))
    found = evaluate(training, test, Protocol("paper", epochs=2, seeds=1), create, 0)
    # Fresh networks with small weights start near ln(3).
    assert found.networks[0].loss == pytest.approx(np.log(CLASSES), abs=0.2)
    assert 0 <= found.top1["mean"] <= 100


def test_test_logits_cover_every_clip_in_the_order_of_labels():
    videos, labels = separable(50, 2)
    test = Clips(videos, labels)
    assert [len(test.batch(i)) for i in range(len(test))] == [50, 50, 50]
    trainer = Trainer(Linear(), Protocol("stable", steps=1), 12, "sparse cross-entropy")
    assert trainer.logits(test).shape == (150, CLASSES)
    assert np.bincount(test.labels).tolist() == [50, 50, 50]
