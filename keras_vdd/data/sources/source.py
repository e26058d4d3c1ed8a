"""`Source`, the record that describes a set of videos: how to list it, and facts for plans, recipes and tables."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras_vdd.data.folders.listing import Listing


@dataclass(frozen=True)
class SetSize:
    """How large a set is.

    Attributes:
        classes: int.
        train, test: int, videos of the training and the test split.
        frames: int, mean frames of a video.
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
            (`keras_vdd.data.sources.set_root` returns it or raises) and `classes` the classes wanted.
        size: `SetSize` as published, for plans that are made without the files: videos of split 1 where a set has
            splits, else of train and validation as first published, of which some have vanished since. None where
            nothing is known.
        made: function (data settings) -> exact `SetSize` of a set that `find` makes; None where the files must exist.
        pairs: pairs of class names that differ in motion only; tables then add the accuracy within these pairs.
        splits: int, number of official splits; `data.split` chooses one.
        lists: bool, whether it has official lists (annotation files), whose folder `data.annotations` may name.
        unused: bool, whether its splits leave videos out; `data.unused=train` adds these to the training videos.
        citation: the work that published it, in one line; of a set that `find` makes, where it comes from.
        listed_in: function (folder) -> bool, whether its official lists lie in a folder as they are distributed; None
            for a set that is not recognised by them.
        file_names: regular expression of the names of its videos without their ending; "" where these tell nothing.
        hub: a dataset repository on the Hugging Face Hub that stands for it, "owner/name"; "" for none.
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
    listed_in: Callable[[str], bool] | None = None
    file_names: str = ""
    hub: str = ""
