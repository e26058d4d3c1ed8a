"""Frame strips: for each class, real frames, stills, synthetic frames and what changes between them."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_vdd.pictures.pixels import difference_pixels, motion_pixels, to_pixels
from keras_vdd.pictures.tiles import GAP, INK, PALE, PAPER, png_bytes, scaled, spread
from keras_vdd.report.files import write_bytes
from keras_vdd.text import printable

MARGIN, HEADING, LABELS = 8, 20, 76


@dataclass(frozen=True)
class Panel:
    """One class of a strip.

    Attributes:
        title: str, the class name.
        rows: list of (label, uint8 frames (n, H, W, 3)).
    """

    title: str
    rows: list


def class_panel(title, mean, std, real=None, stills=None, motion=None, key_frames=None, video=None):
    """Return the `Panel` of one class, with a row for each thing given.

    Args:
        title: the class name.
        mean, std: of the set.
        real: a real clip (T, H, W, 3), uint8 or normalised.
        stills: static memories (n, H, W, 3), normalised.
        motion: a dynamic memory (T, H, W, 1).
        key_frames: of the video (n, H, W, 3), normalised.
        video: a synthetic video (T, H, W, 3), normalised; its inter-frame differences get a row as well.
    """
    rows = []
    if real is not None:
        rows.append(("real", to_pixels(real, mean, std)))
    if stills is not None:
        rows.append(("stills" if len(stills) > 1 else "still", to_pixels(stills, mean, std)))
    if motion is not None:
        rows.append(("motion", motion_pixels(motion)))
    if key_frames is not None:
        rows.append(("key frames", to_pixels(key_frames, mean, std)))
    if video is not None:
        pixels = to_pixels(video, mean, std)
        rows += [("synthetic", pixels), ("difference", difference_pixels(pixels))]
    return Panel(title, rows)


def frame_strip(panels, tile=64, columns=16):
    """Draw panels one below the other.

    Args:
        panels: list of `Panel`.
        tile: int, side of a drawn frame in pixels.
        columns: int, most frames of a row; longer rows show evenly spaced frames.

    Returns:
        RGB `PIL.Image.Image` of `strip_size(panels, tile, columns)`.
    """
    image = Image.new("RGB", strip_size(panels, tile, columns), PAPER)
    pen = ImageDraw.Draw(image)
    y = MARGIN
    for panel in panels:
        pen.text((MARGIN, y), printable(panel.title), INK, ImageFont.load_default(14))
        y += HEADING
        for label, frames in panel.rows:
            pen.text((MARGIN, y + tile / 2), label, PALE, ImageFont.load_default(12), anchor="lm")
            for column, index in enumerate(spread(len(frames), columns)):
                image.paste(scaled(frames[index], tile), (MARGIN + LABELS + column * (tile + GAP), y))
            y += tile + GAP
        y += MARGIN
    return image


def strip_size(panels, tile=64, columns=16):
    """Return (width, height) in pixels of the picture that `frame_strip` draws."""
    widest = max((min(len(frames), columns) for panel in panels for _, frames in panel.rows), default=0)
    rows = sum(len(panel.rows) for panel in panels)
    height = MARGIN + len(panels) * (HEADING + MARGIN) + rows * (tile + GAP)
    return 2 * MARGIN + LABELS + widest * (tile + GAP), height


def save_png(image, path):
    """Write a picture as PNG."""
    write_bytes(path, png_bytes(np.asarray(image)))
