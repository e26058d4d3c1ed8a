"""Find the videos of a set: the one door to every source."""

import difflib

from keras_vdd.data.sources import folder, hmdb51, kinetics, shapes, ssv2, ucf101
from keras_vdd.data.sources.listing import Listing, Video, set_root
from keras_vdd.errors import UsageError, VddError

__all__ = ["SOURCES", "Listing", "Video", "find_videos"]



def _ucf101(data, progress):
    return ucf101.list_ucf101(set_root(data), data.split, data.classes, data.annotations)


def _miniucf(data, progress):
    return ucf101.list_miniucf(set_root(data), data.split, data.classes, data.annotations)


def _hmdb51(data, progress):
    return hmdb51.list_hmdb51(set_root(data), data.split, data.unused, data.classes, data.annotations)


def _kinetics(classes):
    def listed(data, progress):
        return kinetics.list_kinetics(set_root(data), classes, data.classes, data.annotations)

    return listed


def _ssv2(data, progress):
    return ssv2.list_ssv2(set_root(data), data.classes, data.annotations)


# A source is a function of (data settings, progress) that gives a Listing.
SOURCES = {
    "folder": folder.list_folder,
    "hmdb51": _hmdb51,
    "kinetics400": _kinetics(400),
    "kinetics600": _kinetics(600),
    "kinetics700": _kinetics(700),
    "miniucf": _miniucf,
    "shapes": shapes.list_shapes,
    "ssv2": _ssv2,
    "ucf101": _ucf101,
}


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
    if data.set not in SOURCES:
        near = difflib.get_close_matches(str(data.set), SOURCES, n=1, cutoff=0.0)
        raise UsageError(
            f"data.set '{data.set}' is unknown, did you mean '{near[0]}': "
            f"the sets are {', '.join(sorted(SOURCES))}."
        )
    listing = SOURCES[data.set](data, progress)
    if not listing.train:
        raise VddError(f"The set '{data.set}' has no training videos: look at data.root and data.split.")
    if not listing.test:
        raise VddError(
            f"Not enough test videos: the set '{data.set}' has none, and at least one is needed to evaluate."
        )
    return listing
