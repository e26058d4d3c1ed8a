"""Animated pictures of synthetic videos as files."""

from pathlib import Path

from keras_vdd.errors import UsageError
from keras_vdd.pictures.animation import animation
from keras_vdd.report.files import write_bytes


def animate(videos, names, mean, std, path, tile=96, columns=6, milliseconds=125):
    """Write videos side by side as one endless animation.

    Args:
        videos, names, mean, std, tile, columns, milliseconds: as `keras_vdd.pictures.animation.animation` takes them.
        path: ends in `.gif` or `.webp`.

    Raises:
        UsageError: the path ends otherwise.
    """
    kind = Path(path).suffix.lower()
    if kind not in (".gif", ".webp"):
        raise UsageError(f"No animation can be written as {Path(path).name}: end the name in .gif or .webp.")
    write_bytes(path, animation(videos, names, mean, std, kind[1:], tile, columns, milliseconds))
