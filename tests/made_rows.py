"""Rows of tables as no run made them."""

import dataclasses

from keras_vdd.evaluation.records import ResultRow, Results
from keras_vdd.evaluation.scores import NetworkScore, Score


def score_of(*top1, top5=90.0, pairs=None):
    """A `Score` of a network for each top-1 accuracy in percent; None is one that diverged."""
    return Score(
        tuple(
            NetworkScore(
                number, value, None if value is None else top5, None if value is None else pairs, 0.5, 300
            )
            for number, value in enumerate(top1)
        )
    )


ROW = ResultRow(
    method="DM + static-dynamic",
    set="shapes",
    architecture="mini_c3d",
    protocol="evaluator stable",
    recipe="0123456789abcdef",
    backend="torch",
    device="cpu",
    clips=8,
    videos_per_class=1,
    bytes=95_335_708,
    score=score_of(49.0, 51.0),
)


def row(*top1, top5=90.0, pairs=None, **values):
    """`ROW` with other accuracies or other values."""
    score = score_of(*top1, top5=top5, pairs=pairs) if top1 else ROW.score
    return dataclasses.replace(ROW, score=score, **values)


def results(*rows):
    """`Results` of a run with these rows."""
    losses = {"static": {"iterations": 3, "loss": 0.25}}
    return Results(
        "quickstart", "shapes", 8, "torch", "mini_c3d", "evaluator stable", rows or (ROW,), losses=losses
    )
