"""Pictures of a distilled set: what the Hub's viewer shows for a row, and what the card shows."""

import numpy as np
from PIL import Image

from keras_vdd.pictures.animation import animation, encoded
from keras_vdd.pictures.pixels import to_pixels
from keras_vdd.pictures.tiles import enlarged, one_below_the_other, side_by_side, spread

STILLS = 8
"""Stills of a slot that its picture shows."""
VIDEOS = 2
FRAMES = 8
"""Videos of a slot that its picture shows, and frames that it goes through."""
LEAST_HEIGHT = 64
QUALITY = 40
ROW_QUALITY = 10
"""Pictures of rows are there to tell rows apart, in a few kilobytes each."""
GRID_CLASSES = 12
GRID_FRAMES = 6
CARD_CLASSES = 24
STILL = ("height", "width", 3)


def slot_picture(distilled, label, slot):
    """Return the picture of one video slot, a WebP file: small, and the same bytes for the same slot.

    A line for each of its first videos: the video as it moves, and beside it a frame of its middle and its last,
    since the Hub's viewer shows the first moment alone. Unmoving videos are shown as their stills.

    Returns:
        bytes.
    """
    stills = next((items for items in distilled.memory.items if items.axes == STILL), None)
    if stills is not None and not stills.single and not distilled.dynamics_per_class:
        memories = distilled.arrays[stills.array]
        owned = memories.shape[1] // distilled.videos_per_class
        shown = memories[label, slot * owned : (slot + 1) * owned][:STILLS]
        return _webp([side_by_side(_pixels(distilled, shown))])
    videos = [
        _pixels(distilled, video) for video in distilled.reconstruct(_first_pairs(distilled, label, slot))
    ]
    middle, last = distilled.frames // 2, distilled.frames - 1
    pages = [
        one_below_the_other([side_by_side([video[t], video[middle], video[last]]) for video in videos])
        for t in spread(distilled.frames, FRAMES)
    ]
    return _webp(pages)


def set_picture(distilled):
    """Return the picture of the set, an animated WebP file: the first video of each class under its name.

    At most 24 classes, spread evenly over the set, are shown in their order.

    Returns:
        bytes.
    """
    labels = spread(distilled.classes, CARD_CLASSES)
    videos = distilled.reconstruct(_first_of(distilled, labels))[:, spread(distilled.frames, 2 * FRAMES)]
    names = [distilled.class_names[label] for label in labels]
    side = max(distilled.size)
    # Sharp pixels where whole ones fit.
    tile = side * max(1, round(96 / side)) if side <= 128 else 128
    columns = 4 if len(labels) <= 8 else 6
    return animation(videos, names, distilled.mean, distilled.std, "webp", tile, columns, quality=QUALITY)


def set_grid(distilled):
    """Return the picture of the set that stands still: a line a class, frames of its first video.

    At most 12 classes, spread evenly over the set, are shown.

    Returns:
        uint8 (height, width, 3).
    """
    labels = spread(distilled.classes, GRID_CLASSES)
    videos = distilled.reconstruct(_first_of(distilled, labels))[:, spread(distilled.frames, GRID_FRAMES)]
    return one_below_the_other([side_by_side(_pixels(distilled, video)) for video in videos])


def _first_of(distilled, labels):
    pairs = distilled.pairs()
    return pairs[np.searchsorted(pairs[:, 0], labels)]


def _first_pairs(distilled, label, slot):
    """The first memories of a slot with each other, then the second: so that few videos show many memories."""
    pairs = distilled.pairs()
    own = pairs[(pairs[:, 0] == label) & (distilled.slots_of(pairs) == slot)]
    statics, dynamics = (np.unique(own[:, column]) for column in (1, 2))
    count = min(VIDEOS, max(len(statics), len(dynamics)))
    chosen = [(label, statics[n % len(statics)], dynamics[n % len(dynamics)]) for n in range(count)]
    return np.array(chosen, np.int32)


def _pixels(distilled, frames):
    return to_pixels(frames, distilled.mean, distilled.std)


def _webp(pages):
    return encoded(
        [Image.fromarray(enlarged(page, LEAST_HEIGHT)) for page in pages], "webp", quality=ROW_QUALITY
    )
