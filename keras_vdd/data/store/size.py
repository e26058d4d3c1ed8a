"""How large a store will be, and whether the disk has room for it."""

import os

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.store.split import bytes_written, is_finished, videos_written

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
    step = max(len(videos) / SAMPLE, 1.0)
    sample = [videos[int(i * step)] for i in range(min(SAMPLE, len(videos)))]
    counts = [count for count in (cut.estimated_frames(video.path) for video in sample) if count]
    return round(sum(counts) / len(counts) * len(videos)) * cut.frame_bytes() if counts else 0


def measure(folder, splits, cut, pool, progress):
    """Count the frames of every video that is still to be decoded and add up how large the store will be.

    The files are looked into by the decoding processes, for even that may hang or crash.

    Args:
        folder: that of the splits' stores.
        splits: dict of split to its list of `Video`.
        cut: `Cut`.
        pool: an open `Pool`.
        progress: `keras_vdd.progress.Progress`.

    Returns:
        (bytes of the whole store if all videos decode, bytes of it that are still missing). Exact for raw
        frames, an estimate for the codec "jpeg".
    """
    there = missing = 0
    for split, videos in splits.items():
        place = os.path.join(folder, split)
        there += bytes_written(place, cut.codec)
        left = [] if is_finished(place) else videos[videos_written(place) :]
        jobs = ({"path": os.path.abspath(v.path), "size": cut.size, "middle": cut.middle} for v in left)
        with progress.task(f"Looking at {split}", len(left)) as update:
            for done, answer in enumerate(pool.ordered(jobs), 1):
                missing += answer.get("frames", 0) * cut.frame_bytes()
                update(done)
    return there + missing, missing


def in_words(count):
    """Return a number of bytes as a person says it, such as 4.5 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{max(count, 0)} bytes"
