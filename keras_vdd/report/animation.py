"""Animated pictures of synthetic videos, for a page or a card."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from keras_vdd.errors import UsageError
from keras_vdd.report.files import write_bytes
from keras_vdd.report.pixels import to_pixels
from keras_vdd.report.strips import GAP, INK, PAPER, scaled

CAPTION = 16


def animate(videos, names, mean, std, path, tile=96, columns=6, milliseconds=125):
    """Write videos side by side as one endless animation.

    Args:
        videos: float (n, T, H, W, 3), normalised, or uint8.
        names: n captions.
        mean, std: of the set.
        path: ends in `.gif` or `.webp`.
        tile: int, side of a video in pixels.
        columns: int, videos in a row.
        milliseconds: int, how long a frame is shown.

    Raises:
        UsageError: the path ends otherwise.
    """
    kind = Path(path).suffix.lower()
    if kind not in (".gif", ".webp"):
        raise UsageError(f"No animation can be written as {Path(path).name}: end the name in .gif or .webp.")
    pixels = [to_pixels(video, mean, std) for video in videos]
    pages = [_page([video[t] for video in pixels], names, tile, columns) for t in range(len(pixels[0]))]
    content = io.BytesIO()
    # `lossless` is WebP's, `disposal` GIF's; each format passes over the other's.
    pages[0].save(
        content, kind[1:].upper(), save_all=True, append_images=pages[1:], duration=milliseconds, loop=0,
        lossless=True, disposal=1,
    )  # fmt: skip
    write_bytes(path, content.getvalue())


def _page(frames, names, tile, columns):
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    page = Image.new("RGB", (columns * (tile + GAP) + GAP, rows * (tile + CAPTION + GAP) + GAP), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for number, (frame, name) in enumerate(zip(frames, names)):
        x, y = GAP + number % columns * (tile + GAP), GAP + number // columns * (tile + CAPTION + GAP)
        page.paste(scaled(frame, tile), (x, y))
        pen.text((x + 1, y + tile + 1), _fitting(name, font, tile), INK, font)
    return page


def _fitting(name, font, width):
    while font.getlength(name) > width and len(name) > 1:
        name = name[:-2] + "…" if name.endswith("…") else name[:-1] + "…"
    return name
