"""Pictures of a distilled set: what the Hub's viewer shows for a row, and the grid of the card."""

import io

import numpy as np

from keras_vdd.data.normalise import denormalise

STRIP_PICTURES = 8
GRID_CLASSES = 12
GRID_FRAMES = 6
GAP = 2
STILL = ("height", "width", 3)


def slot_strip(distilled, label, slot):
    """Return the picture of one slot: its stills side by side, or frames of its first video.

    Returns:
        uint8 (H, width, 3).
    """
    stills = next((items for items in distilled.memory.items if items.axes == STILL), None)
    if stills is None or stills.single:
        pairs = distilled.pairs()
        first = pairs[(pairs[:, 0] == label) & (distilled.slots_of(pairs) == slot)][:1]
        pictures = distilled.reconstruct(first)[0, _spread(distilled.frames, 3)]
    else:
        memories = distilled.arrays[stills.array]
        owned = memories.shape[1] // distilled.videos_per_class
        pictures = memories[label, slot * owned : (slot + 1) * owned][:STRIP_PICTURES]
    return _row(denormalise(pictures, distilled.mean, distilled.std))


def set_grid(distilled):
    """Return the picture of the set: a line a class, frames of its first video from left to right.

    At most 12 classes, spread evenly over the set, are shown.

    Returns:
        uint8 (height, width, 3).
    """
    labels = _spread(distilled.classes, GRID_CLASSES)
    pairs = distilled.pairs()
    first = np.searchsorted(pairs[:, 0], labels)
    moments = _spread(distilled.frames, GRID_FRAMES)
    videos = distilled.reconstruct(pairs[first])[:, moments]
    lines = [_row(denormalise(video, distilled.mean, distilled.std)) for video in videos]
    return _row([line.transpose(1, 0, 2) for line in lines]).transpose(1, 0, 2)


def png_bytes(picture):
    """Return a uint8 picture (height, width, 3) as a PNG file, the same bytes for the same picture."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(content, format="PNG", compress_level=9)
    return content.getvalue()


def _spread(count, most):
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _row(pictures):
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=1)
