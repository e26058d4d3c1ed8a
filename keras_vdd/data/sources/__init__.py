"""Find the videos of a set: the one door to every source.

A module of this folder that has `SOURCES` adds them; one from outside is registered.
"""

from keras_vdd.data.sources.listing import Listing, Video, choose_classes, set_root
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import UsageError, VddError
from keras_vdd.registry import Registry, modules_of

__all__ = [
    "SOURCES",
    "Listing",
    "SetSize",
    "Source",
    "Video",
    "choose_classes",
    "find_videos",
    "register_source",
    "set_root",
]


def _own():
    for _, module in modules_of(__name__):
        for source in getattr(module(), "SOURCES", ()):
            yield source.name, source


SOURCES = Registry("set", _own)


def register_source(name, find, **facts):
    """Add a set of videos, so that recipes can name it as `data.set`.

    Args:
        name: str.
        find: function (data settings, progress) -> `Listing`, see `Source`.
        **facts: any of the other attributes of `Source`.

    Raises:
        UsageError: the name is taken.

    Example:
        >>> keras_vdd.register_source("gestures", list_gestures)    # and then: vdd distill ... data.set=gestures
    """
    if not callable(find):
        raise UsageError(f"What lists the set '{name}' must be a function, not {find!r}.")
    SOURCES.add(name, Source(name, find, **facts))


def find_videos(data, progress=None):
    """List the videos of the set that the settings name.

    Args:
        data: the `data` settings of a recipe; read are `set`, `root` and `classes`, and as the set needs
            them `split`, `unused`, `annotations`, `test_fraction`, `store` and `shapes`.
        progress: how to report; None is silent.

    Returns:
        `Listing`.

    Raises:
        UsageError: an unknown set, class or split.
        VddError: the folder, a class, a listed video or every test video is missing.
    """
    listing = SOURCES.get(data.set).find(data, progress)
    if not listing.train:
        raise VddError(f"The set '{data.set}' has no training videos: look at data.root and data.split.")
    if not listing.test:
        raise VddError(
            f"Not enough test videos: the set '{data.set}' has none, and at least one is needed to evaluate."
        )
    return listing
