"""How many classes and videos a recipe is about: told by its files, by what is published, or assumed."""

from dataclasses import dataclass

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.sources import SOURCES, SetSize, find_videos
from keras_vdd.data.store import expected_bytes

# Of a folder that was not named yet.
ASSUMED = SetSize(10, 500, 125, 150)


@dataclass(frozen=True)
class Extent:
    """What a run is about.

    Attributes:
        classes: int.
        train, test: int, videos.
        store_bytes: int, an estimate of the bytes of the decoded store.
        source: text, what tells these numbers.
    """

    classes: int
    train: int
    test: int
    store_bytes: int
    source: str


def extent_of(data):
    """Return the `Extent` of the data settings of a recipe.

    Where `data.root` is given its files are listed. Where it is not, nothing is looked at.

    Raises:
        VddError, UsageError: the videos are not as the settings say.
    """
    named, source = len(data.classes) if isinstance(data.classes, tuple) else None, SOURCES.get(data.set)
    if source.made is not None:
        return _extent(source.made(data), data, "the recipe, for they are made")
    if data.root is not None:
        listing, cut = find_videos(data), Cut.of(data)
        train, test = listing.train, listing.test
        nbytes = sum(expected_bytes(videos, data.size, cut) for videos in (train, test))
        return Extent(len(listing.class_names), len(train), len(test), nbytes, "the files")
    if source.size is not None:
        size = source.size.of_classes(named or source.size.classes)
        return _extent(size, data, "what is published; data.root tells more")
    told_by = f"an assumption of {ASSUMED.train // ASSUMED.classes} training videos a class; data.root tells"
    return _extent(ASSUMED.of_classes(named or ASSUMED.classes), data, told_by)


def _extent(size, data, told_by):
    cut = Cut.of(data)
    frames = size.frames if cut.middle is None else min(size.frames, data.frames)
    nbytes = (size.train + size.test) * frames * cut.frame_bytes()
    return Extent(size.classes, size.train, size.test, nbytes, told_by)
