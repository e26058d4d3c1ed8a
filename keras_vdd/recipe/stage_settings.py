"""Settings of what learns or chooses a set: stills, matching losses, experts and coresets."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from keras_vdd.settings import Fraction, Positive, Rate, Real, Settings, Whole, listed

Strategy = Literal["flip", "colour", "crop", "cutout", "scale", "rotate"]
Strategies = Annotated[tuple[Strategy, ...], BeforeValidator(listed)]


class StaticSettings(Settings):
    """Stage 1: stills learned by gradient matching (DC), a fresh image network at every iteration."""

    iterations: Positive = 3000
    """Most iterations; fewer where the loss converges first."""
    learning_rate: Rate = 0.1
    """SGD step on the stills."""
    momentum: Fraction = 0.5
    """SGD momentum on the stills."""
    network: Literal["convnet_d3", "convnet_d4"] = "convnet_d4"
    """Image network whose gradients are matched."""
    width: Positive = 128
    """Filters of each of its layers."""
    real_per_class: Positive = 64
    """Real frames of each class at an iteration, each of another video where there are enough."""
    chunk: Positive = 64
    """Real frames in one pass; smaller takes less memory and gives the same result."""
    patience: Annotated[Whole, Field(ge=0)] = 0
    """Window of the early stop in iterations; 0 runs them all."""
    tolerance: Annotated[Real, Field(ge=0, lt=1)] = 0.01
    """Stop when the mean loss of a window is not lower than the one before by this share of it."""
    augment: Strategies = ()
    """Differentiable augmentation, one draw a class, equal on real and synthetic frames; [] is off."""


class LearningRates(Settings):
    """Steps of what stage 2 updates; each is needed where the memory or the loss has that part."""

    dynamic: Rate | None = None
    """Motion clips of a static-dynamic memory."""
    integrator: Rate | None = None
    """Integrators of a static-dynamic memory."""
    static: Rate | None = None
    """Stills of a still memory."""
    video: Rate | None = None
    """Videos of a full-video memory."""
    step_size: Rate | None = None
    """Step size of the inner training (mtt); 0 keeps it fixed."""
    labels: Rate | None = None
    """Learned labels (frepo, and mtt with soft_labels)."""


class MatchingSettings(Settings):
    """Stage 2: videos learned by a matching loss; what every loss has."""

    iterations: Positive = 5000
    """Iterations."""
    learning_rates: LearningRates = LearningRates()
    """Steps of the optimizer."""
    network: Literal["mini_c3d"] = "mini_c3d"
    """Video network that the loss looks through."""
    width: Positive = 128
    """Filters of its widest layers."""
    stem: Positive = 64
    """Filters of its first layer, 64 in the paper."""


class _OnClasses(MatchingSettings):
    momentum: Fraction = 0.95
    """SGD momentum."""
    real_per_class: Positive = 64
    """Real clips of each class at an iteration."""
    chunk: Positive = 64
    """Real clips in one pass; smaller takes less memory and gives the same result."""
    networks: Literal["fresh", "experts"] = "fresh"
    """Weights of the network at an iteration: drawn anew, or a random snapshot of the recipe's experts."""
    augment: Strategies = ()
    """Differentiable augmentation, one draw a class, equal on real and synthetic clips; [] is off."""


class DistributionSettings(_OnClasses):
    """DM: match the mean features of each class on a fresh network."""

    loss: Literal["dm"] = "dm"
    """Matching loss: dm, the distance of mean features of each class."""


class GradientSettings(_OnClasses):
    """DC: match the gradients that each class gives a fresh network."""

    loss: Literal["dc"] = "dc"
    """Matching loss: dc, one minus the cosine of the gradients of each class, filter by filter."""


class TrajectorySettings(MatchingSettings):
    """MTT: train on the set from an expert's weights and match where the expert went."""

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
    step_size: Annotated[Real, Field(gt=0)] = 0.01
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


class RidgeSettings(MatchingSettings):
    """FRePo: predict real labels from the set by kernel ridge regression on a pool's features."""

    loss: Literal["frepo"] = "frepo"
    """Matching loss: frepo, the error of a ridge regression from synthetic to real clips."""
    real_clips: Positive = 512
    """Real clips at an iteration."""
    chunk: Positive = 64
    """Real clips in one pass; smaller takes less memory and gives the same result."""
    pool: Positive = 10
    """Networks trained on the set while it is learned; each iteration looks through one of them."""
    max_updates: Positive = 100
    """Training steps after which a network of the pool is drawn anew."""
    network_rate: Rate = 1e-4
    """Adam step of the pool's networks."""
    regulariser: Annotated[Real, Field(gt=0)] = 1e-6
    """Ridge, relative to the mean of the kernel's diagonal."""
    last_rate: Annotated[Real, Field(ge=0, le=1)] = 0.1
    """All learning rates fall along a cosine to this share of them."""


Matching = DistributionSettings | GradientSettings | TrajectorySettings | RidgeSettings


class ExpertSettings(Settings):
    """Networks trained on the real set, whose trajectories or snapshots matching reads."""

    count: Positive = 30
    """Experts."""
    epochs: Positive | None = None
    """Epochs trained and kept; null for those that mtt reads, max_start_epoch - 1 + expert_epochs."""
    learning_rate: Annotated[Real, Field(gt=0)] = 0.01
    """SGD step, without momentum or decay."""
    batch_size: Positive = 256
    """Real clips of a step."""
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
