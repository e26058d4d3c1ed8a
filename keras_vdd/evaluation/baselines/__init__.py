"""The rows of a table that a distilled set is compared with: one file a row.

A module of this folder that has `BASELINE` adds that row; one from outside is registered. Nothing here imports
Keras: recipes name rows.
"""

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
    """Add a row that `evaluation.compare` can name.

    Args:
        baseline: an instance of a class made from `Baseline`.

    Raises:
        UsageError: the name is taken, or it is no `Baseline`.
    """
    if not isinstance(baseline, Baseline):
        raise UsageError(f"{baseline!r} cannot be registered: it must be a keras_vdd.evaluation.Baseline.")
    BASELINES.add(baseline.name, baseline)
