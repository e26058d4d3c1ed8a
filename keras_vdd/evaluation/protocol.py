"""The named evaluators and everything that a score depends on besides the videos."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from keras_vdd.errors import UsageError, VddError
from keras_vdd.text import counted

if TYPE_CHECKING:
    import keras

EVALUATORS = ("paper", "stable", "frepo")
WEIGHT_DECAY = 5e-4
RATES = {"paper": 0.01, "stable": 3e-4, "frepo": 5e-4}


@dataclass(frozen=True)
class Protocol:
    """How fresh networks are trained and tested; equal protocols make scores comparable.

    Attributes:
        evaluator: `"paper"`: SGD 0.01, momentum 0.9, L2 weight decay 5e-4, a tenth of the rate in the
            second half. `"stable"`: AdamW 3e-4, weight decay 5e-4, cosine to 0. `"frepo"`: AdamW 5e-4, weight
            decay 5e-4, the rate constant.
        epochs: passes over the training videos (paper and frepo).
        steps: optimizer steps (stable).
        batch_size: clips of a step, fewer where the set has fewer.
        test_clips: random clips of every test video; accuracy is the mean over all of them.
        seeds: networks trained.
        learning_rate: None for the evaluator's own.
        learned_rate: bool, whether `learning_rate` was learned with the set, for the description only.
        architecture: the network's name, for the description only.
    """

    evaluator: str = "paper"
    epochs: int = 500
    steps: int = 300
    batch_size: int = 256
    test_clips: int = 3
    seeds: int = 3
    learning_rate: float | None = None
    learned_rate: bool = False
    architecture: str = "mini_c3d"

    def __post_init__(self) -> None:
        if self.evaluator not in EVALUATORS:
            known = ", ".join(EVALUATORS)
            raise UsageError(f"Evaluator {self.evaluator!r} is unknown: choose one of {known}.")

    @property
    def rate(self) -> float:
        """The learning rate at the first step."""
        return RATES[self.evaluator] if self.learning_rate is None else self.learning_rate

    def total_steps(self, videos: int, epochs: int | None = None) -> int:
        """Return the optimizer steps on `videos` videos; `epochs` overrules the evaluator's length."""
        if epochs is None:
            if self.evaluator == "stable":
                return self.steps
            epochs = self.epochs
        return epochs * math.ceil(videos / self.batch_size)

    def with_step_size(self, rate: Any) -> Protocol:
        """Return the protocol of a set whose step size was learned: evaluator `paper` takes it, others their own.

        Args:
            rate: what the set's provenance has as `step_size`; None where none was learned.

        Raises:
            VddError: it is no positive finite number.
        """
        if rate is None or self.evaluator != "paper":
            return self
        if type(rate) not in (int, float) or not 0 < rate < math.inf:
            raise VddError(
                f"The set says that its step size is {rate!r}, which is no learning rate: score it with "
                "evaluation.evaluator=stable."
            )
        return dataclasses.replace(self, learning_rate=float(rate), learned_rate=True)

    def optimizer(self, steps: int) -> keras.optimizers.Optimizer:
        """Return a new Keras optimizer for a training of `steps` steps."""
        import keras

        from keras_vdd.evaluation.optimizers import CosineToZero, CoupledSGD, TenthAtHalf

        if self.evaluator == "paper":
            return CoupledSGD(TenthAtHalf(self.rate, steps), momentum=0.9, coupled_decay=WEIGHT_DECAY)
        rate = self.rate if self.evaluator == "frepo" else CosineToZero(self.rate, steps)
        # PyTorch's epsilon, not Keras' 1e-7, since the reference points were measured with it.
        return keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, epsilon=1e-8)

    def describe(self) -> str:
        """Return the one line that stands over a table of scores."""
        rate, decay = f"{self.rate:g}" + " (learned)" * self.learned_rate, f"{WEIGHT_DECAY:g}"
        training = {
            "paper": f"SGD {rate}, momentum 0.9, L2 {decay}, x0.1 at half, {counted(self.epochs, 'epoch', form='d')}",
            "stable": f"AdamW {rate}, weight decay {decay}, cosine to 0, {counted(self.steps, 'step', form='d')}",
            "frepo": f"AdamW {rate}, weight decay {decay}, {counted(self.epochs, 'epoch', form='d')}",
        }[self.evaluator]
        return (
            f"evaluator {self.evaluator}: {self.architecture}, {training}, batch {self.batch_size}, "
            "each batch standardised, no augmentation; last step, nothing chosen on test data; "
            f"mean over {counted(self.test_clips, 'random clip', form='d')} a test video; "
            f"mean and population std over {counted(self.seeds, 'fresh network', form='d')}"
        )


def protocol_of(recipe: Any) -> Protocol:
    """Return the `Protocol` that the rows of a recipe's table share."""
    settings = recipe.evaluation
    return Protocol(
        evaluator=settings.evaluator, epochs=settings.epochs, steps=settings.steps,
        batch_size=settings.batch_size, test_clips=settings.test_clips, seeds=settings.seeds,
        architecture=PurePath(settings.architecture).name,  # of a file its name: results may be published
    )  # fmt: skip
