import numpy as np
import pytest
from reference import GOLDEN, golden_input

from keras_vdd import coreset
from keras_vdd.errors import UsageError, VddError


@pytest.mark.parametrize(("name", "choose"), [("herding", coreset.herding), ("k_center", coreset.k_center)])
def test_selection_equals_the_reference(name, choose):
    expected = [int(i) for i in GOLDEN["outputs"][f"coreset/{name}"]["values"]]
    assert choose(golden_input("coreset/features"), len(expected)).tolist() == expected


@pytest.mark.parametrize("choose", [coreset.herding, coreset.k_center])
def test_a_full_selection_takes_every_row_once(choose):
    rows = np.repeat(np.random.default_rng(0).normal(size=(4, 3)), 3, axis=0)
    assert sorted(choose(rows, 12).tolist()) == list(range(12))


def test_herding_by_hand():
    # Mean 3: nearest row is 2; then (2 + 4) / 2 = 3 exactly.
    assert coreset.herding(np.array([[0.0], [2.0], [4.0], [6.0]]), 2).tolist() == [1, 2]


def test_k_center_by_hand():
    # Mean 3.75: from 4 the farthest is 9, then 0 (4 away) before 2.
    assert coreset.k_center(np.array([[0.0], [2.0], [4.0], [9.0]]), 3).tolist() == [2, 3, 0]


def test_random_draws_different_rows():
    chosen = coreset.random(np.zeros((9, 2)), 6, np.random.default_rng(1))
    assert len(set(chosen.tolist())) == 6 and set(chosen) <= set(range(9))


@pytest.mark.parametrize("method", coreset.METHODS)
def test_select_per_class(method):
    features, labels = np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) % 3
    chosen = coreset.select_per_class(method, features, labels, [2, 0, 3], np.random.default_rng(2))
    assert labels[chosen].tolist() == [0, 0, 2, 2, 2]
    assert len(set(chosen.tolist())) == 5


def test_select_per_class_refuses_what_it_cannot_do():
    with pytest.raises(VddError, match="Class 0 has 2 videos"):
        coreset.select_per_class("herding", np.zeros((2, 1)), np.zeros(2, int), [3])
    with pytest.raises(UsageError, match="needs rng"):
        coreset.select_per_class("random", np.zeros((2, 1)), np.zeros(2, int), [1])
    with pytest.raises(UsageError, match="choose one of"):
        coreset.select_per_class("best", np.zeros((2, 1)), np.zeros(2, int), [1])
