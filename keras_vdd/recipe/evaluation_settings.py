"""Settings of scoring a set and of writing it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from keras_vdd.evaluation.baselines import BASELINES
from keras_vdd.models.registry import ClipNetwork
from keras_vdd.settings import Positive, Settings, Whole, listed, one_of
from keras_vdd.storage.storage_types import DTYPES


class EvaluationSettings(Settings):
    """How a distilled set and its baselines are scored: fresh networks, no choice made on test data."""

    evaluator: Literal["paper", "stable", "frepo"] = "paper"
    """paper: SGD 0.01 (for a set learned by mtt its own step size), momentum 0.9, decay 5e-4, x0.1 at half.
    stable: AdamW 3e-4, decay 5e-4, cosine to 0. frepo: AdamW 5e-4. Learned labels of frepo are always
    trained on by mean squared error."""
    architecture: ClipNetwork = "mini_c3d"
    """Classifier trained on the set: a network of clips."""
    width: Positive = 128
    """Filters of its widest layers."""
    stem: Positive = 64
    """Filters of MiniC3D's first layer, 64 in the paper; the ConvNets' is as wide as the others."""
    seeds: Annotated[Whole, Field(ge=1, le=100)] = 3
    """Classifiers trained; mean and standard deviation are over them."""
    epochs: Positive = 500
    """Passes over the set (evaluators paper, and frepo where the paper has 1000)."""
    steps: Positive = 300
    """Least optimizer steps (evaluator stable)."""
    batch_size: Positive = 256
    """Clips of a step."""
    test_clips: Annotated[Positive, Field(le=1000)] = 3
    """Random clips of a test video whose answers are averaged."""
    compare: Annotated[tuple[Annotated[str, one_of(BASELINES.names)], ...], BeforeValidator(listed)] = (
        "random-stills",
        "random-clips",
        "random-stills-equal-bytes",
        "random-clips-equal-bytes",
        "static-only",
    )
    """Rows of the table besides the set itself."""
    full_epochs: Positive = 25
    """Passes over the training set for the row `full`."""

    @model_validator(mode="after")
    def _no_row_twice(self) -> "EvaluationSettings":
        if len(set(self.compare)) != len(self.compare):
            raise ValueError("evaluation.compare names a row twice")
        return self


class ExportSettings(Settings):
    """How the distilled set is written."""

    dtype: Annotated[str, one_of(lambda: DTYPES)] = "float32"
    """Storage of stills, motion and videos: float16 halves the bytes, int8 quarters them with a scale for each
    still, motion clip or video, int4 keeps an eighth and a scale for each 64 values, uint8 keeps pixels (stills and
    videos that are real)."""
