"""Find the videos of a set: the one door to every source."""

import difflib

from keras_vdd.data import folder, shapes, ucf101
from keras_vdd.data.listing import Listing, Video
from keras_vdd.errors import UsageError, VddError

__all__ = ["SOURCES", "Listing", "Video", "find_videos"]

# A source is a function of (data settings, progress) that gives a Listing.
SOURCES = {
    "folder": folder.list_folder,
    "miniucf": ucf101.list_miniucf,
    "shapes": shapes.list_shapes,
    "ucf101": ucf101.list_ucf101,
}


def find_videos(data, progress=None):
    """List the videos of the set that the settings name.

    Args:
        data: the `data` settings of a recipe; read are `set`, `root`, `classes`, `split`,
            `test_fraction` and, for the made set, `store` and `shapes`.
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
