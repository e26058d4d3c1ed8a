"""Settings of the data: which videos, cut how, kept where."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from keras_vdd.data.sources import SOURCES
from keras_vdd.published.largest import LARGEST_MEAN
from keras_vdd.settings import (
    Name,
    Place,
    Positive,
    Real,
    Settings,
    Whole,
    class_names,
    listed,
    one_of,
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_Mean = Annotated[Real, Field(ge=-LARGEST_MEAN, le=LARGEST_MEAN)]
_Std = Annotated[Real, Field(ge=1 / LARGEST_MEAN, le=LARGEST_MEAN)]


class ShapesSettings(Settings):
    """The made set `shapes`: eight classes in four pairs that differ in motion only."""

    seed: Annotated[Whole, Field(ge=0)] = 0
    """Seed of the videos themselves; another seed makes another set."""
    train_per_class: Annotated[Positive, Field(le=10_000)] = 24
    """Training videos of each class."""
    test_per_class: Annotated[Positive, Field(le=10_000)] = 12
    """Test videos of each class."""


class DataSettings(Settings):
    """Which videos, cut how, kept where."""

    set: Annotated[str, one_of(SOURCES.names)] = "folder"
    """Layout of the source: class folders, a public set as distributed (`miniucf` is 50 classes of UCF101),
    or shapes made here."""
    root: Place | None = None
    """Folder of the source videos. `shapes` makes its own where none is given."""
    annotations: Place | None = None
    """Folder (Kinetics: or one file) of a public set's lists, where they do not lie under `root`."""
    store: Place = "stores"
    """Folder where decoded frames are kept; several recipes may share it."""
    codec: Literal["raw", "jpeg"] = "raw"
    """How frames are kept: `raw`, fastest to read, or `jpeg`, with a seventh of the bytes and some 20 times
    slower to read."""
    part: Literal["whole", "middle"] = "whole"
    """What is kept of a video: all of it, or the one clip in its middle (as of Kinetics and SSv2 in the paper)."""
    failed_share: Annotated[Real, Field(ge=0, le=1)] = 0.5
    """Share of the videos that may be unreadable, which are listed and left out; above it the work stops."""
    split: Annotated[Whole, Field(ge=1, le=3)] = 1
    """Official split (UCF101, MiniUCF and HMDB51)."""
    unused: Literal["drop", "train"] = "drop"
    """Videos that a split of HMDB51 leaves out: dropped, or trained on as in the paper's released code."""
    classes: Annotated[Literal["all", "present"] | tuple[Name, ...], BeforeValidator(class_names)] = "all"
    """`all` of the set, those `present` under the root, or a list of class names."""
    frames: Annotated[Whole, Field(ge=1, le=1024)] = 16
    """Frames of a clip."""
    size: Annotated[Whole, Field(ge=8, le=1024)] = 112
    """Height and width of a frame in pixels."""
    interval: Annotated[Whole, Field(ge=1, le=1024)] = 4
    """Source frames from one clip frame to the next; shortened where a video is too short."""
    flip: bool = True
    """Flip half of the training clips left to right. Turn off where direction is what a class means."""
    mean: Annotated[tuple[_Mean, _Mean, _Mean], BeforeValidator(listed)] = IMAGENET_MEAN
    """Subtracted from pixels scaled to 0..1, per channel (red, green, blue)."""
    std: Annotated[tuple[_Std, _Std, _Std], BeforeValidator(listed)] = IMAGENET_STD
    """Divides them after that, per channel."""
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
        source = SOURCES.get(self.set)
        if self.split > source.splits:
            with_splits = ", ".join(other.name for other in SOURCES if other.splits > 1)
            has = "one" if source.splits == 1 else source.splits
            raise ValueError(f"data.split={self.split} is for {with_splits}; {self.set} has {has}")
        if self.unused != "drop" and not source.unused:
            with_unused = ", ".join(other.name for other in SOURCES if other.unused)
            raise ValueError(
                f"data.unused={self.unused} is for {with_unused}; {self.set} uses all its videos"
            )
        if self.annotations and not source.lists:
            raise ValueError(f"data.annotations is for the lists of a public set; {self.set} has none")
        if isinstance(self.classes, tuple):
            if len(self.classes) < 2:
                raise ValueError("data.classes must name at least two classes")
            if len(set(self.classes)) != len(self.classes):
                raise ValueError("data.classes names a class twice")
        return self
