"""Animated pictures of synthetic videos, for a page, a card or a row of a table."""

import io

from PIL import Image, ImageDraw, ImageFont

from keras_vdd.pictures.pixels import to_pixels
from keras_vdd.pictures.tiles import GAP, INK, PAPER, scaled
from keras_vdd.text import printable

CAPTION = 16


def animation(videos, names, mean, std, kind, tile=96, columns=6, milliseconds=125, quality=None):
    """Return videos side by side as one endless animation, the bytes of a file.

    Args:
        videos: float (n, T, H, W, 3), normalised, or uint8.
        names: n captions.
        mean, std: of the set.
        kind: "gif" or "webp".
        tile: int, side of a video in pixels.
        columns: int, videos in a row.
        milliseconds: int, how long a frame is shown.
        quality: as `encoded` takes it.
    """
    pixels = [to_pixels(video, mean, std) for video in videos]
    pages = [_page([video[t] for video in pixels], names, tile, columns) for t in range(len(pixels[0]))]
    return encoded(pages, kind, milliseconds, quality)


def encoded(pages, kind, milliseconds=125, quality=None):
    """Return pictures as the bytes of one endless animation, the same for the same pictures.

    Args:
        pages: list of `PIL.Image.Image` of one size; a single one, or equal ones, make a picture that stands still.
        kind: "gif" or "webp".
        milliseconds: int, how long one is shown.
        quality: int of 0 to 100 of a lossy WebP; None for a lossless one.
    """
    first, *others = pages
    content = io.BytesIO()
    if all(page.tobytes() == first.tobytes() for page in others):
        others = []
    # `lossless` and `quality` are WebP's, `disposal` GIF's; each format passes over the other's.
    first.save(
        content, kind.upper(), save_all=bool(others), append_images=others, duration=milliseconds, loop=0,
        lossless=quality is None, quality=75 if quality is None else quality, disposal=1,
    )  # fmt: skip
    return content.getvalue()


def _page(frames, names, tile, columns):
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    page = Image.new("RGB", (columns * (tile + GAP) + GAP, rows * (tile + CAPTION + GAP) + GAP), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for number, (frame, name) in enumerate(zip(frames, names)):
        x, y = GAP + number % columns * (tile + GAP), GAP + number // columns * (tile + CAPTION + GAP)
        page.paste(scaled(frame, tile), (x, y))
        pen.text((x + 1, y + tile + 1), _fitting(printable(name), font, tile), INK, font)
    return page


def _fitting(name, font, width):
    name = " ".join(name.split())
    while font.getlength(name) > width and len(name) > 1:
        name = name[:-2] + "…" if name.endswith("…") else name[:-1] + "…"
    return name
