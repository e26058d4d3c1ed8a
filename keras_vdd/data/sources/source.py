"""What is said of a set of videos: how it is listed, and the facts that plans, recipes and tables ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras_vdd.data.sources.listing import Listing


@dataclass(frozen=True)
class SetSize:
    """How large a set is.

    Attributes:
        classes: int.
        train, test: int, videos of the training and the test split.
        frames: int, frames of a video, on average.
    """

    classes: int
    train: int
    test: int
    frames: int

    def of_classes(self, classes: int) -> "SetSize":
        """Return the size of that many classes of the set, as if all had equally many videos."""
        share = classes / self.classes
        train, test = (max(classes, round(videos * share)) for videos in (self.train, self.test))
        return SetSize(classes, train, test, self.frames)


@dataclass(frozen=True)
class Source:
    """A set of videos, as `data.set` names it.

    Attributes:
        name: str.
        find: function (data settings, progress) -> `Listing`. Of the settings, `root` is the folder of the videos
            (`keras_vdd.data.sources.set_root` gives it, or says that it is missing) and `classes` those wanted.
        size: `SetSize` as published, for plans that are made without the files: videos of split 1 where a set has
            splits, else of train and validation as first published, of which some have vanished since. None where
            nothing is known.
        made: function (data settings) -> `SetSize` of a set that is made here, exact; None where it is found.
        pairs: pairs of classes that differ in motion only, by name; tables then score them apart.
        splits: int, official splits, of which `data.split` chooses one.
        lists: bool, whether it comes with lists that `data.annotations` may say the place of.
        unused: bool, whether a split leaves videos out, which `data.unused` may train on.
        citation: the work that published it, in one line.
    """

    name: str
    find: Callable[[Any, Any], Listing]
    size: SetSize | None = None
    made: Callable[[Any], SetSize] | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    splits: int = 1
    lists: bool = False
    unused: bool = False
    citation: str = ""
