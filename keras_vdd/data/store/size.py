"""How large a store will be, and whether the disk has room for it."""

import os

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.store.reader import is_finished
from keras_vdd.data.store.split import bytes_written, videos_written
from keras_vdd.text import counted

# How many videos are opened to estimate the size of all.
SAMPLE = 64


def expected_bytes(videos, size, cut=None):
    """Estimate the bytes of a store from what the containers of evenly spread videos state.

    Args:
        videos: list of `Video`.
        size: side of the square frames in pixels.
        cut: `Cut`; None for whole videos in raw frames of this size.
    """
    cut = cut or Cut(size)
    counts = [count for count in (cut.estimated_frames(video.path) for video in spread(videos)) if count]
    return round(sum(counts) / len(counts) * len(videos)) * cut.frame_bytes() if counts else 0


def measure(folder, splits, cut, pool, progress):
    """Estimate how large the store will be from the frames of some of the videos that are still to be decoded.

    At most `SAMPLE` videos of a split, spread evenly, are looked into; what is written is checked as it is
    written. The decoding processes do that, for even looking may hang or crash.

    Args:
        folder: that of the splits' stores.
        splits: dict of split to its list of `Video`.
        cut: `Cut`.
        pool: an open `Pool`.
        progress: `keras_vdd.progress.Progress`.

    Returns:
        (bytes of the whole store if all videos decode, bytes of it that are still missing, whether they are
        exact). They are for raw frames of so few videos that each was looked into, and estimates else.
    """
    there, missing, exact = 0, 0, cut.codec == "raw"
    for split, videos in splits.items():
        place = os.path.join(folder, split)
        there += bytes_written(place, cut.codec)
        left = [] if is_finished(place) else videos[videos_written(place) :]
        sample, frames = spread(left), 0
        exact = exact and len(sample) == len(left)
        jobs = ({"path": os.path.abspath(v.path), "size": cut.size, "middle": cut.middle} for v in sample)
        with progress.task(f"Looking at {split}", len(sample)) as update:
            for done, answer in enumerate(pool.ordered(jobs), 1):
                frames += answer.get("frames", 0)
                update(done)
        missing += round(frames * len(left) / max(len(sample), 1)) * cut.frame_bytes()
    return there + missing, missing, exact


def spread(videos):
    """Return at most `SAMPLE` of a list of videos, evenly spread over it."""
    step = max(len(videos) / SAMPLE, 1.0)
    return [videos[int(i * step)] for i in range(min(SAMPLE, len(videos)))]


def bytes_in_words(count):
    """Return a number of bytes as a person says it, such as 4.5 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return counted(max(count, 0), "byte")
