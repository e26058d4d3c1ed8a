"""Which row is trained on what, by which protocol, and against how many bytes; nothing is trained here."""

import dataclasses
import types

import numpy as np
import pytest
from small_run import small

from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import VddError
from keras_vdd.evaluation import scoring
from keras_vdd.evaluation.scores import NetworkScore, Score
from keras_vdd.evaluation.scoring import Scoring
from keras_vdd.progress import Silent
from keras_vdd.report import results_table

pytestmark = pytest.mark.once

CLASSES, VIDEOS, LENGTH, FRAMES, SIZE = 3, 5, 24, 8, 32
STILL, CLIP = SIZE * SIZE * 3, FRAMES * SIZE * SIZE * 3
SCORE = Score((NetworkScore(0, 50.0, 100.0, None, 0.1, 3),))


class Store:
    """Five videos in each of three classes."""

    class_names = ["one", "two", "three"]
    size = SIZE
    labels = np.repeat(np.arange(CLASSES), VIDEOS).astype(np.int32)
    lengths = np.full(CLASSES * VIDEOS, LENGTH, np.int32)

    def __len__(self):
        return len(self.labels)

    def by_class(self):
        return [np.flatnonzero(self.labels == label) for label in range(CLASSES)]

    def frames(self, row):
        return np.full((LENGTH, SIZE, SIZE, 3), row, np.uint8)


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A `Scoring` by some settings, and what it asked to be trained."""
    asked = []

    def evaluate(training, test, protocol, *others, epochs=None, **options):
        training = training(0) if callable(training) else training
        asked.append(types.SimpleNamespace(training=training, protocol=protocol, epochs=epochs))
        return SCORE

    monkeypatch.setattr(scoring, "evaluate", evaluate)

    def make(*settings):
        recipe = small(tmp_path, *settings)
        return Scoring(recipe, {"train": Store(), "test": Store()}, Silent()), asked

    return make


def stills(**others):
    static = np.random.default_rng(0).normal(size=(CLASSES, 2, SIZE, SIZE, 3))
    return DistilledSet(
        "still", Store.class_names, FRAMES, (0.5,) * 3, (0.25,) * 3, 2, static=static, **others
    )


@pytest.mark.parametrize(("step", "text"), [(0.01234567, "0.01235"), (1, "1")])
def test_a_set_learned_by_mtt_is_trained_at_its_step_size_and_its_baselines_are_not(step, text, table):
    score, asked = table("evaluation.evaluator=paper")
    made = stills(provenance={"step_size": step})
    row = score.distilled_row("MTT", made, "float32")
    assert row.note == f"learning rate {text} learned"
    assert asked[0].protocol.rate == step and f"SGD {step:g} (learned)" in score.protocol_for(made).describe()
    score.baseline_row("random-clips", row.bytes)
    score.baseline_row("static-only", row.bytes, made.static)
    assert [each.protocol.rate for each in asked[1:]] == [0.01, 0.01]
    assert "SGD 0.01," in score.protocol.describe()


@pytest.mark.parametrize("evaluator", ["stable", "frepo"])
def test_other_evaluators_keep_their_rate(evaluator, table):
    score, asked = table(f"evaluation.evaluator={evaluator}")
    row = score.distilled_row("MTT", stills(provenance={"step_size": 0.5}), "float32")
    assert row.note == "" and asked[0].protocol == score.protocol


@pytest.mark.parametrize("step", [0, -0.01, float("nan"), float("inf"), "fast", True, [0.01]])
def test_what_is_no_learning_rate_is_refused(step, table):
    score, _ = table("evaluation.evaluator=paper")
    with pytest.raises(VddError, match="no learning rate"):
        score.distilled_row("MTT", stills(provenance={"step_size": step}), "float32")


@pytest.mark.parametrize(
    ("kind", "loss", "note"),
    [
        ("probabilities", "cross-entropy", "learned labels"),
        ("regression", "squared error", "learned labels, squared error"),
    ],
)
def test_learned_labels_come_with_their_loss(kind, loss, note, table):
    score, asked = table()
    labels = np.full((CLASSES, 2, CLASSES), 1 / CLASSES, np.float32)
    row = score.distilled_row("set", stills(labels=labels, label_kind=kind), "float32")
    training = asked[0].training
    assert (training.loss, row.note) == (loss, note)
    np.testing.assert_array_equal(training.labels, labels.reshape(-1, CLASSES))
    assert score.distilled_row("set", stills(), "float32").note == ""
    assert asked[1].training.loss == "sparse cross-entropy"
    assert asked[1].training.labels.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("dtype", "nbytes", "fit"),
    # 4 bytes more a still in int8, its scale: no real still is gained by them.
    [
        ("float32", 24 * STILL, (24, 3)),
        ("float16", 12 * STILL, (12, 1)),
        ("int8", 6 * STILL + 24, (6, 0)),
        ("uint8", 6 * STILL, (6, 0)),
    ],
)
def test_baselines_fit_into_the_bytes_of_the_set_as_stored(dtype, nbytes, fit, table):
    score, asked = table()
    row = score.distilled_row("set", stills(), dtype)
    assert row.bytes == nbytes and row.videos_per_class == 2
    for kind, item, count in zip(("stills", "clips"), (STILL, CLIP), fit):
        baseline = score.baseline_row(f"random-{kind}-equal-bytes", row.bytes)
        assert (baseline.clips, baseline.bytes) == (count, count * item)
        assert nbytes - item < baseline.bytes <= nbytes
        if count:
            assert len(asked[-1].training) == count


def test_a_row_that_nothing_fits_into_trains_nothing_and_says_so(table):
    score, asked = table()
    row = score.baseline_row("random-clips-equal-bytes", CLIP - 1)
    assert not asked and row.score == Score(())
    assert row.note == f"none fits: one takes {CLIP:,} bytes"
    cells = results_table([row, dataclasses.replace(row, score=SCORE)], "title")
    assert dict(zip(cells.header, cells.rows[0]))["top-1 %"] == "-"


def test_the_row_of_the_full_set_needs_no_set(table):
    score, asked = table("evaluation.full_epochs=7")
    row = score.baseline_row("full")
    assert row.method == "full set"
    assert (row.clips, row.bytes) == (CLASSES * VIDEOS, CLASSES * VIDEOS * LENGTH * STILL)
    assert row.note == "7 epochs" and asked[0].epochs == 7 and asked[0].protocol == score.protocol
    assert len(asked[0].training) == CLASSES * VIDEOS
