"""How many classes and videos a recipe is about: told by its files, by what is published, or assumed."""

from dataclasses import dataclass

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.sources import find_videos, shapes
from keras_vdd.data.store import expected_bytes
from keras_vdd.planning.public_sets import SIZES, SetSize

# Of a folder that was not named yet.
ASSUMED = SetSize(10, 500, 125, 150)
# As `data.shapes.make_shapes` makes them.
SHAPES_FRAMES = 24


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
    named = len(data.classes) if isinstance(data.classes, tuple) else None
    if data.set == "shapes":
        wanted, classes = data.shapes, named or len(shapes.CLASSES)
        train, test = classes * wanted.train_per_class, classes * wanted.test_per_class
        return _extent(SetSize(classes, train, test, SHAPES_FRAMES), data, "the recipe, for they are made")
    if data.root is not None:
        listing, cut = find_videos(data), Cut.of(data)
        train, test = listing.train, listing.test
        nbytes = sum(expected_bytes(videos, data.size, cut) for videos in (train, test))
        return Extent(len(listing.class_names), len(train), len(test), nbytes, "the files")
    known = SIZES.get(data.set)
    if known is not None:
        size = known.of_classes(named or known.classes)
        return _extent(size, data, "what is published; data.root tells more")
    source = f"an assumption of {ASSUMED.train // ASSUMED.classes} training videos a class; data.root tells"
    return _extent(ASSUMED.of_classes(named or ASSUMED.classes), data, source)


def _extent(size, data, source):
    cut = Cut.of(data)
    frames = size.frames if cut.middle is None else min(size.frames, data.frames)
    nbytes = (size.train + size.test) * frames * cut.frame_bytes()
    return Extent(size.classes, size.train, size.test, nbytes, source)
