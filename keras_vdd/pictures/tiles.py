"""Which frames a picture shows, frames as its tiles, and pictures as PNG files."""

import io

import numpy as np
from PIL import Image

GAP = 2
INK, PALE, PAPER = (20, 20, 20), (110, 110, 110), (255, 255, 255)


def scaled(frame, tile):
    """Return a uint8 frame (H, W, 3) as a square picture; sharp pixels where each becomes a whole square."""
    height, width = frame.shape[:2]
    whole = tile % height == 0 and tile % width == 0
    filtering = Image.Resampling.NEAREST if whole else Image.Resampling.LANCZOS
    return Image.fromarray(frame).resize((tile, tile), filtering)


def spread(count, most):
    """Return at most `most` of the numbers below `count`, evenly spread: an int array."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def side_by_side(pictures):
    """Return uint8 pictures of one height as one, from left to right, white between them."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([part for picture in pictures for part in (gap, picture)][1:], axis=1)


def one_below_the_other(pictures):
    """Return uint8 pictures of one width as one, the first at the top, white between them."""
    return side_by_side([picture.transpose(1, 0, 2) for picture in pictures]).transpose(1, 0, 2)


def enlarged(picture, least):
    """Return a uint8 picture (height, width, 3) by the smallest whole factor that makes it `least` pixels high."""
    factor = max(1, -(-least // picture.shape[0]))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def png_bytes(picture):
    """Return a uint8 picture (height, width, 3) as a PNG file, the same bytes for the same picture."""
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(content, format="PNG", compress_level=9)
    return content.getvalue()
