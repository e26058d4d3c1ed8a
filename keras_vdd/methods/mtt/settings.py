"""Settings of MTT."""

from typing import Literal

from pydantic import model_validator

from keras_vdd.methods.settings import MatchingSettings, Strategies
from keras_vdd.settings import Above0, Fraction, Positive, Rate


class TrajectorySettings(MatchingSettings):
    """MTT: train on the set from an expert's weights and match where the expert went."""

    without = {
        "segments": "an expert's trajectory is that of whole clips, of which no part belongs to a segment"
    }

    loss: Literal["mtt"] = "mtt"
    """Matching loss: mtt, the distance to an expert's later weights, relative to how far it went."""
    momentum: Fraction = 0.95
    """SGD momentum."""
    inner_steps: Positive = 10
    """Training steps on the set at each iteration (N)."""
    expert_epochs: Positive = 1
    """Epochs of the expert that those steps stand for (M)."""
    max_start_epoch: Positive = 10
    """Matching starts at one of the expert's epochs below this."""
    batch_size: Positive | None = None
    """Synthetic videos of an inner step; null takes one of every slot."""
    step_size: Above0 = 0.01
    """Step size of the inner training at the start; learned at learning_rates.step_size."""
    least_step_size: Rate = 0.001
    """The learned step size never falls below this."""
    gradient: Literal["auto", "unrolled", "adjoint", "tesla"] = "auto"
    """Through the graph of all steps; the same gradient step by step in constant memory; or TESLA's
    approximation of it. auto: unrolled where an estimate of its memory fits, else adjoint."""
    soft_labels: bool = False
    """Learn the labels too, as probabilities, at learning_rates.labels."""
    augment: Strategies = ()
    """Differentiable augmentation of the set at each inner step, one draw a step; [] is off."""
    real_frames: Positive | None = None
    """N_real of the paper's section 3: frames of the clips that experts are trained on, spread over the time of a whole
    one; inner steps then see the stored frames of the memory. null has whole clips and whole videos, made of those."""

    @property
    def epochs_read(self) -> int:
        """Epochs of an expert that are read: the last of them is the latest target."""
        return self.max_start_epoch - 1 + self.expert_epochs

    @model_validator(mode="after")
    def _step_size_starts_above_its_least(self) -> "TrajectorySettings":
        if self.step_size < self.least_step_size:
            raise ValueError(
                f"dynamic.step_size={self.step_size:g} is below dynamic.least_step_size={self.least_step_size:g}, "
                "under which it may not fall; lower that too"
            )
        return self

    def fits(self, memory):
        """Yield a sentence for what these settings cannot do with the settings of a memory."""
        if self.batch_size is not None and self.batch_size < memory.integrators:
            yield (
                f"dynamic.batch_size={self.batch_size} leaves some of memory.integrators={memory.integrators} "
                "without a video; it must be at least that"
            )
