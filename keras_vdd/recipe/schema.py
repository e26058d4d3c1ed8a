"""What a recipe may say: one typed schema, every field documented, unknown fields refused.

The settings are those of "Dancing with Still Images" (CVPR 2024), sections 4 and 5.1, and of its
released code. Ranges are checked here; what depends on the data (class counts, a missing root) is
checked where the data is read.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Baseline = Literal[
    "random-stills",
    "random-clips",
    "random-stills-equal-bytes",
    "random-clips-equal-bytes",
    "static-only",
    "full",
]


def _whole(value: Any) -> Any:
    """Let a whole number be written as 1e4; refuse booleans, which Python counts as integers."""
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _real(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _class_names(value: Any) -> Any:
    if value in ("all", "present"):
        return value
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise ValueError("must be all, present or a list of class names (quote names that look like numbers)")


Whole = Annotated[int, BeforeValidator(_whole)]
Real = Annotated[float, BeforeValidator(_real), Field(allow_inf_nan=False)]
Positive = Annotated[Whole, Field(ge=1)]
Rate = Annotated[Real, Field(ge=0)]
Fraction = Annotated[Real, Field(ge=0, lt=1)]
Colours = Annotated[tuple[Real, Real, Real], BeforeValidator(_listed)]
Name = Annotated[str, Field(min_length=1)]
FolderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class Settings(BaseModel):
    """A section of a recipe: immutable, strict about types, closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class ShapesSettings(Settings):
    """The made set `shapes`: eight classes in four pairs that differ in motion only."""

    seed: Annotated[Whole, Field(ge=0)] = 0
    """Seed of the videos themselves; another seed makes another set."""
    train_per_class: Positive = 24
    """Training videos of each class."""
    test_per_class: Positive = 12
    """Test videos of each class."""


class DataSettings(Settings):
    """Which videos, cut how, kept where."""

    set: Literal["folder", "miniucf", "shapes", "ucf101"] = "folder"
    """Layout of the source: class folders, UCF101, its 50-class subset MiniUCF, or shapes made here."""
    root: Name | None = None
    """Folder of the source videos. `shapes` makes its own where none is given."""
    store: Name = "stores"
    """Folder where decoded frames are kept; several recipes may share it."""
    split: Annotated[Whole, Field(ge=1, le=3)] = 1
    """Official split (UCF101 and MiniUCF)."""
    classes: Annotated[Literal["all", "present"] | tuple[Name, ...], BeforeValidator(_class_names)] = "all"
    """`all` of the set, those `present` under the root, or a list of class names."""
    frames: Annotated[Whole, Field(ge=1, le=1024)] = 16
    """Frames of a clip."""
    size: Annotated[Whole, Field(ge=8, le=1024)] = 112
    """Height and width of a frame in pixels."""
    interval: Annotated[Whole, Field(ge=1, le=1024)] = 4
    """Source frames from one clip frame to the next; shortened where a video is too short."""
    flip: bool = True
    """Flip half of the training clips left to right. Turn off where direction is what a class means."""
    mean: Colours = IMAGENET_MEAN
    """Subtracted from pixels scaled to 0..1, per channel (red, green, blue)."""
    std: Annotated[tuple[Rate, Rate, Rate], BeforeValidator(_listed)] = IMAGENET_STD
    """Divides them after that, per channel; above 0."""
    test_fraction: Annotated[Real, Field(gt=0, lt=1)] = 0.2
    """Share of each class held out for test where a `folder` has no train and test folders."""
    shapes: ShapesSettings | None = None
    """How many videos to make; for the set `shapes` only."""

    @model_validator(mode="before")
    @classmethod
    def _shapes_only_where_made(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        made = values.get("set") == "shapes"
        shapes = values.get("shapes")
        return {**values, "shapes": (shapes if shapes is not None else {}) if made else None}

    @model_validator(mode="after")
    def _consistent(self) -> "DataSettings":
        if min(self.std) <= 0:
            raise ValueError("data.std must be above 0 in every channel")
        if isinstance(self.classes, tuple):
            if len(self.classes) < 2:
                raise ValueError("data.classes must name at least two classes")
            if len(set(self.classes)) != len(self.classes):
                raise ValueError("data.classes names a class twice")
        return self


class RunSettings(Settings):
    """Where a run lives and how it is made repeatable."""

    dir: Name = "runs"
    """Folder of run folders."""
    name: FolderName | None = None
    """Name of the run folder; the recipe's name where none is given."""
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 0
    """Gives every random draw of the run, through named streams."""
    checkpoint_every: Positive = 100
    """Iterations from one checkpoint to the next."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What the networks compute in; memories and losses stay float32."""


class MemorySettings(Settings):
    """What is learned (section 4.1)."""

    kind: Literal["static-dynamic", "still", "full-video"] = "static-dynamic"
    """Stills and one-channel motion joined by an integrator, stills alone, or whole videos."""
    videos_per_class: Positive = 1
    """Video slots of a class (VPC)."""
    statics_per_class: Annotated[Whole, Field(ge=0)] = 2
    """Stills of a class (SPC), a multiple of VPC; 0 for full-video."""
    dynamics_per_class: Annotated[Whole, Field(ge=0)] = 2
    """Motion clips of a class (DPC), a multiple of VPC; 0 for still and full-video."""
    integrators: Positive = 1
    """Integrators shared by the classes, 1 to the number of classes."""

    @model_validator(mode="before")
    @classmethod
    def _drop_what_the_kind_lacks(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        lacking = {
            "still": {"dynamics_per_class": 0, "integrators": 1},
            "full-video": {"statics_per_class": 0, "dynamics_per_class": 0, "integrators": 1},
        }
        kind = values.get("kind")
        return {**values, **lacking.get(kind, {})} if isinstance(kind, str) else values

    @model_validator(mode="after")
    def _slots(self) -> "MemorySettings":
        counts = {"statics_per_class": self.statics_per_class, "dynamics_per_class": self.dynamics_per_class}
        needed = {"static-dynamic": list(counts), "still": ["statics_per_class"], "full-video": []}[self.kind]
        wrong = [
            f"memory.{name}={counts[name]} must be a multiple of memory.videos_per_class="
            f"{self.videos_per_class} and above 0"
            for name in needed
            if counts[name] < 1 or counts[name] % self.videos_per_class
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


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
    patience: Annotated[Whole, Field(ge=0)] = 0
    """Window of the early stop in iterations; 0 runs them all."""
    tolerance: Annotated[Real, Field(ge=0, lt=1)] = 0.01
    """Stop when the mean loss of a window is not lower than the one before by this share of it."""


class LearningRates(Settings):
    """SGD steps of what stage 2 updates; each is needed where the memory has that part."""

    dynamic: Rate | None = None
    """Motion clips of a static-dynamic memory."""
    integrator: Rate | None = None
    """Integrators of a static-dynamic memory."""
    static: Rate | None = None
    """Stills of a still memory."""
    video: Rate | None = None
    """Videos of a full-video memory."""


class DynamicSettings(Settings):
    """Stage 2: motion learned by a matching loss on videos, a fresh video network at every iteration."""

    loss: Literal["dm"] = "dm"
    """Matching loss: dm, the distance of mean features of each class."""
    iterations: Positive = 5000
    """Iterations."""
    learning_rates: LearningRates = LearningRates()
    """SGD steps."""
    momentum: Fraction = 0.95
    """SGD momentum."""
    network: Literal["mini_c3d"] = "mini_c3d"
    """Video network whose features are matched."""
    width: Positive = 128
    """Filters of its widest layers."""
    stem: Positive = 64
    """Filters of its first layer, 64 in the paper."""
    real_per_class: Positive = 64
    """Real clips of each class at an iteration."""
    chunk: Positive = 64
    """Real clips in one forward pass; smaller takes less memory and gives the same result."""


class EvaluationSettings(Settings):
    """How a distilled set and its baselines are scored: fresh networks, no choice made on test data."""

    evaluator: Literal["paper", "stable"] = "paper"
    """paper: SGD 0.01, momentum 0.9, decay 5e-4, x0.1 at half. stable: AdamW 3e-4, 5e-4, cosine to 0."""
    architecture: Literal["mini_c3d"] = "mini_c3d"
    """Classifier trained on the set."""
    width: Positive = 128
    """Filters of its widest layers."""
    stem: Positive = 64
    """Filters of its first layer, 64 in the paper."""
    seeds: Annotated[Whole, Field(ge=1, le=100)] = 3
    """Classifiers trained; mean and standard deviation are over them."""
    epochs: Positive = 500
    """Passes over the set (evaluator paper)."""
    steps: Positive = 300
    """Least optimizer steps (evaluator stable)."""
    batch_size: Positive = 256
    """Clips of a step."""
    test_clips: Positive = 3
    """Random clips of a test video whose answers are averaged."""
    compare: Annotated[tuple[Baseline, ...], BeforeValidator(_listed)] = (
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

    dtype: Literal["float32", "float16"] = "float32"
    """Storage of stills, motion and videos; float16 halves the bytes."""


class Recipe(Settings):
    """All that a run depends on. `vdd distill` takes one to the end."""

    name: FolderName
    """Name of the recipe: that of its file where the file does not say."""
    summary: str = ""
    """One line for `vdd recipes list`."""
    data: DataSettings = DataSettings()
    run: RunSettings = RunSettings()
    memory: MemorySettings = MemorySettings()
    static: StaticSettings | None = None
    """Stage 1; null leaves the stills as the real frames they start from."""
    dynamic: DynamicSettings | None = None
    """Stage 2; null where stills alone are wanted."""
    evaluation: EvaluationSettings = EvaluationSettings()
    export: ExportSettings = ExportSettings()

    @property
    def method(self) -> str:
        """`static-dynamic`, `static-dc` (stills by gradient matching alone) or `naive` (learned directly)."""
        if self.memory.kind == "static-dynamic":
            return "static-dynamic"
        return "static-dc" if self.dynamic is None else "naive"

    @property
    def run_name(self) -> str:
        """Name of the run folder under `run.dir`."""
        return self.run.name or self.name

    @model_validator(mode="after")
    def _stages_fit_the_memory(self) -> "Recipe":
        kind, wrong = self.memory.kind, []
        every = {"static-dynamic": ["dynamic", "integrator"], "still": ["static"], "full-video": ["video"]}
        if self.dynamic is not None:
            rates = self.dynamic.learning_rates
            wrong += [
                f"memory.kind={kind} needs dynamic.learning_rates.{part}"
                for part in every[kind]
                if getattr(rates, part) is None
            ]
        elif kind == "static-dynamic":
            wrong.append("memory.kind=static-dynamic needs a dynamic stage; for stills set memory.kind=still")
        elif self.static is None or kind == "full-video":
            wrong.append(f"memory.kind={kind} has no stage that learns it; add a dynamic stage")
        if kind == "full-video" and self.static is not None:
            wrong.append("a static stage learns stills, and memory.kind=full-video has none; set static=null")
        if kind != "static-dynamic" and "static-only" in self.evaluation.compare:
            wrong.append(f"evaluation.compare has static-only, which is no row for memory.kind={kind}")
        classes = self.data.classes
        if isinstance(classes, tuple) and self.memory.integrators > len(classes):
            wrong.append(f"memory.integrators={self.memory.integrators} is above the {len(classes)} classes")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self
