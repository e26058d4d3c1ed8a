import types

import av
import numpy as np
import pytest


def _write_video(
    path, pictures=6, codec=None, size=(48, 64), options=None, rotation=None, pixel_format="yuv420p"
):
    """Write a real video: `pictures` is a count of noisy test frames or a uint8 array of RGB frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(pictures, int):
        rng = np.random.default_rng(pictures)
        pictures = rng.integers(0, 256, (pictures, *size, 3), dtype=np.uint8)
    codec = codec or {".avi": "mpeg4", ".webm": "libvpx-vp9"}.get(path.suffix, "libx264")
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=24, options={"qp": "4"} if codec == "libx264" else {})
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = pixel_format
        if rotation:
            stream.set_display_rotation(rotation)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def write_video():
    return _write_video


@pytest.fixture
def settings(tmp_path):
    """Make data settings: those of a small folder set, and what a test changes."""

    def make(**changes):
        base = {
            "set": "folder",
            "root": str(tmp_path / "videos"),
            "store": str(tmp_path / "stores"),
            "split": 1,
            "classes": "all",
            "frames": 4,
            "size": 16,
            "codec": "raw",
            "part": "whole",
            "failed_share": 1.0,
            "interval": 2,
            "flip": True,
            "test_fraction": 0.25,
            "annotations": None,
            "unused": "drop",
        }
        return types.SimpleNamespace(**{**base, **changes})

    return make


class Listener:
    """A progress that remembers what was said and done."""

    def __init__(self):
        self.said = []
        self.updates = []

    def say(self, text):
        self.said.append(text)

    def task(self, title, total=None):
        listener = self

        class Task:
            def __enter__(self):
                return lambda done, **figures: listener.updates.append((title, done, figures))

            def __exit__(self, *_):
                return None

        return Task()


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def small_set(tmp_path, write_video, settings):
    """Two classes, four videos each, of several formats and lengths; test_fraction makes it 6 and 2."""
    for name in ("hop", "run"):
        for i, suffix in enumerate((".avi", ".mp4", ".mkv", ".mp4")):
            write_video(tmp_path / "videos" / name / f"{i}{suffix}", i * 3 + (2 if name == "hop" else 1))
    return settings()
