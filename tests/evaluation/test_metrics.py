import numpy as np
import pytest

from keras_vdd.evaluation import metrics
from keras_vdd.evaluation.scores import NetworkScore, Score

pytestmark = pytest.mark.once

LOGITS = np.array([[3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0], [1.0, 4.0, 2.0, 3.0]])


@pytest.mark.parametrize(("k", "expected"), [(1, 1 / 3), (2, 2 / 3), (3, 2 / 3), (4, 1.0), (5, 1.0)])
def test_top_k(k, expected):
    assert metrics.top_k_accuracy(LOGITS, [0, 2, 0], k) == pytest.approx(expected)


def test_top_k_of_a_constant_network_is_its_first_classes():
    logits, labels = np.zeros((10, 10)), np.arange(10)
    assert metrics.top_k_accuracy(logits, labels, 1) == pytest.approx(0.1)
    assert metrics.top_k_accuracy(logits, labels, 5) == pytest.approx(0.5)


def test_pair_accuracy_looks_at_the_pair_alone():
    # Row 0: class 0 over 1. Row 1: class 2 under 3. Row 2: class 3 over 2, though class 1 wins.
    assert metrics.pair_accuracy(LOGITS, [0, 2, 3], [(0, 1), (2, 3)]) == pytest.approx(2 / 3)
    assert metrics.pair_accuracy(LOGITS, [0, 2, 3], [(0, 1)]) == 1.0
    assert metrics.pair_accuracy(LOGITS, [0, 2, 3], []) is None


def test_mean_and_population_std():
    assert metrics.mean_and_std([1, 3]) == {"mean": 2.0, "std": 1.0, "values": [1.0, 3.0]}
    assert metrics.mean_and_std([7])["std"] == 0.0
    assert metrics.mean_and_std([]) == {"mean": None, "std": None, "values": []}


def test_diverged_networks_are_named_and_left_out():
    good = NetworkScore(0, 40.0, 90.0, None, 0.1, 300)
    bad = NetworkScore(1, None, None, None, None, 12)
    score = Score((good, bad))
    values = score.to_json()
    assert values["top1"] == {"mean": 40.0, "std": 0.0, "values": [40.0]}
    assert values["diverged"] == 1 and values["diverged_seeds"] == [1] and values["seeds"] == [0, 1]
    assert values["pairs"] is None
    assert Score((bad,)).to_json()["top1"]["mean"] is None


def test_the_five_best_of_fewer_than_six_classes_are_not_counted():
    logits, labels = np.zeros((3, 5)), [0, 1, 4]
    assert metrics.top_5_accuracy(logits, labels) is None
    assert metrics.top_5_accuracy(np.zeros((3, 6)), [0, 1, 5]) == pytest.approx(2 / 3)
