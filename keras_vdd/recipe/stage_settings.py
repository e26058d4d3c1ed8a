"""Settings of what the stages read or choose: experts and coresets."""

from typing import Annotated, Literal

from pydantic import Field

from keras_vdd.settings import Name, Positive, Real, Settings


class ExpertSettings(Settings):
    """Networks trained on the real set, whose trajectories matching reads."""

    count: Positive = 30
    """Experts."""
    epochs: Positive | None = None
    """Epochs trained and kept; null for as many as the loss reads (mtt: max_start_epoch - 1 +
    expert_epochs)."""
    learning_rate: Annotated[Real, Field(gt=0)] = 0.01
    """SGD step, without momentum or decay."""
    batch_size: Positive = 256
    """Real clips of a step."""
    source: Name | None = None
    """Published experts to take in place of training them: a folder, or hf://owner/name@revision on the Hub."""
    folder: str = "experts"
    """Where experts are kept; recipes that need the same ones share them."""
    processes: Positive | None = None
    """Experts trained side by side; null for one for every four processor cores."""


class CoresetSettings(Settings):
    """Real clips in place of learned ones."""

    method: Literal["random", "herding", "k-center", "full"] = "random"
    """random; herding (running mean near the mean of the class) or k-center (farthest first) on the
    features of a network trained on the real set; or full, the whole real set, which exports nothing."""
    feature_epochs: Positive = 25
    """Epochs of that network (herding and k-center)."""
