"""The rows of a table that a distilled set is compared with: one file a row.

A module of this folder that has `BASELINE` adds that row; one from outside is registered. Nothing here imports
Keras: recipes name rows.
"""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

from keras_vdd.errors import UsageError
from keras_vdd.evaluation.baselines.baseline import Amount, Baseline, Beside
from keras_vdd.registry import Registry, modules_of

__all__ = ["BASELINES", "Amount", "Baseline", "Beside", "register_baseline"]


def _own():
    for _, module in modules_of(__name__):
        if (baseline := getattr(module(), "BASELINE", None)) is not None:
            yield baseline.name, baseline


BASELINES = Registry("baseline", _own)


def register_baseline(baseline: Baseline) -> None:
    """Add a row of the table beside the distilled set's own: `evaluation.compare` takes its name, in this process.

    The command line knows it where the file that calls this is named by `--plugin`. docs/extending.md makes one from
    start to end.

    Args:
        baseline: instance of a subclass of `keras_vdd.evaluation.Baseline`, which says on which videos fresh networks
            are trained, and how many bytes these take.

    Raises:
        UsageError: the name is taken, or it is no `Baseline`.

    Example:
        >>> keras_vdd.register_baseline(Shuffled())    # its `name` is "shuffled-clips"
        >>> keras_vdd.distill("quickstart", **{"evaluation.compare": ["random-clips", "shuffled-clips"]})
    """
    if not isinstance(baseline, Baseline):
        raise UsageError(f"{baseline!r} cannot be registered: it must be a keras_vdd.evaluation.Baseline.")
    BASELINES.add(baseline.name, baseline)
