"""A contact sheet of decoded stores: for each class a strip of videos, one frame of each."""

import numpy as np

from keras_vdd.data.clips import read_stills
from keras_vdd.pictures.tiles import spread
from keras_vdd.report.strips import Panel, frame_strip

VIDEOS = 12
# With more classes than this a picture would outgrow what viewers open; the sheet is thinned out.
CLASSES = 120


def contact_sheet(stores, tile=64):
    """Draw a strip for each class and split, the middle frames of at most 12 videos spread over the class.

    Args:
        stores: list of `Store` of one set, such as its train and test splits.
        tile: side of a drawn frame in pixels.

    Returns:
        RGB `PIL.Image.Image`. Of more than 120 classes, 120 spread over them are drawn.
    """
    names = stores[0].class_names
    labels = spread(len(names), CLASSES)
    rows_of = [store.by_class() for store in stores]
    panels = []
    for label in labels:
        rows, counts = [], []
        for store, by_class in zip(stores, rows_of, strict=True):
            videos = by_class[label]
            counts.append(f"{len(videos)} {store.split}")
            if len(videos):
                chosen = np.unique(
                    np.linspace(0, len(videos) - 1, min(len(videos), VIDEOS)).round().astype(int)
                )
                rows.append((store.split, read_stills(store, videos[chosen])))
        panels.append(Panel(f"{names[label]} ({', '.join(counts)})", rows))
    return frame_strip(panels, tile, VIDEOS)
