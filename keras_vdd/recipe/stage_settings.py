"""Settings of what the stages read or choose: experts, an interpolator and coresets."""

from typing import Annotated, Any, Literal

from pydantic import Field

from keras_vdd.settings import Above0, Place, Positive, Settings


class ExpertSettings(Settings):
    """Networks trained on the real set, whose trajectories matching reads."""

    count: Annotated[Positive, Field(le=10_000)] = 30
    """Experts."""
    epochs: Positive | None = None
    """Epochs trained and kept; null for as many as the loss reads (mtt: max_start_epoch - 1 +
    expert_epochs)."""
    learning_rate: Above0 = 0.01
    """SGD step, without momentum or decay."""
    batch_size: Positive = 256
    """Real clips of a step."""
    source: Place | None = None
    """Published experts to take in place of training them: a folder, or hf://owner/name@revision on the Hub."""
    folder: Place = "experts"
    """Where experts are kept; recipes that need the same ones share them."""
    processes: Positive | None = None
    """Experts trained side by side; null for one for every four processor cores."""


class InterpolatorSettings(Settings):
    """A video transformer trained on the real set, which makes all frames of a few stored ones."""

    iterations: Positive = 2000
    """Steps of training."""
    batch_size: Positive = 16
    """Real clips of a step."""
    learning_rate: Above0 = 1e-3
    """Of Adam at the start; it falls to zero along a cosine."""
    patch: Positive = 8
    """Side of a patch in pixels, each a token; it divides data.size."""
    width: Positive = 32
    """Numbers of a token."""
    depth: Annotated[Positive, Field(le=100)] = 2
    """Blocks, each of attention over time, attention over space and an MLP."""
    heads: Positive = 4
    """Heads of attention; they divide the width."""
    mlp_ratio: Positive = 4
    """Hidden numbers of an MLP for each of a token."""
    folder: Place = "interpolators"
    """Where interpolators are kept; recipes that need the same one share it."""

    def architecture(self, memory: Any, data: Any) -> Any:
        """Return the `keras_vdd.temporal.Architecture` for the `memory` and `data` settings of a recipe."""
        from keras_vdd.temporal.timesformer import Architecture  # needs NumPy

        sizes = self.patch, self.width, self.depth, self.heads, self.mlp_ratio
        return Architecture(memory.frames_of(data.frames), data.frames, data.size, *sizes)


class CoresetSettings(Settings):
    """Real clips in place of learned ones."""

    method: Literal["random", "herding", "k-center", "full"] = "random"
    """random; herding (running mean near the mean of the class) or k-center (farthest first) on the
    features of a network trained on the real set; or full, the whole real set, which exports nothing."""
    feature_epochs: Positive = 25
    """Epochs of that network (herding and k-center)."""
