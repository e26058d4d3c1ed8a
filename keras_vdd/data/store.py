"""The decoded stores of a set: where they lie, whether they fit, and one builder at a time."""

import contextlib
import errno
import hashlib
import json
import os
import shutil

import av

from keras_vdd.data.decode import SHORT_SIDE
from keras_vdd.data.listing import shorten
from keras_vdd.data.pool import Pool, worker_count
from keras_vdd.data.split_build import DiskFull, build_split, bytes_written, is_finished
from keras_vdd.data.store_reader import FAILED_FILE, FORMAT, Store, open_store
from keras_vdd.errors import VddError
from keras_vdd.progress import Silent

try:
    import fcntl
except ImportError:  # no such locks on Windows: there, two builders at once are the user's to avoid
    fcntl = None

__all__ = ["Store", "expected_bytes", "free_bytes", "open_store", "prepare", "store_folder"]

# How many videos are opened to estimate the size of all.
SAMPLE = 64


def prepare(listing, data, progress=None, workers=None):
    """Decode the videos of a listing into stores under `data.store`; finished stores are reused.

    The stores lie in `<store>/<set>-<hash>/train` and `/test`. The hash covers names, labels, file
    sizes and times and the geometry, so changed videos or settings never meet stale frames and
    recipes with the same videos and size share one store. A run that was stopped, by whatever
    means, goes on where it was and ends with the same bytes.

    Args:
        listing: `Listing`.
        data: settings; read are `set`, `store` and `size`.
        progress: how to report; None is silent.
        workers: decoding processes; None for one a processor.

    Returns:
        dict of `Store`: "train" and "test".

    Raises:
        VddError: the disk is too small or filled up, no test video or no training video of some
            class could be decoded. A single bad video is a line in `failed.csv`.
    """
    progress = progress or Silent()
    folder = store_folder(listing, data)
    splits = {"train": listing.train, "test": listing.test}
    if not all(is_finished(os.path.join(folder, split)) for split in splits):
        try:
            os.makedirs(folder, exist_ok=True)
            with _alone(folder, progress):
                _build(folder, splits, listing.class_names, data.size, progress, workers)
        except (DiskFull, OSError) as error:
            if isinstance(error, OSError) and error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise VddError(
                    f"The store '{folder}' cannot be written ({error.strerror or error}): correct data.store."
                ) from error
            raise VddError(
                f"The disk of '{folder}' is full: free some space and run the same command again, "
                "which goes on from here, or move data.store."
            ) from None
    stores = {split: open_store(os.path.join(folder, split)) for split in splits}
    _report_failures(stores, progress)
    return stores


def store_folder(listing, data):
    """Return the folder that the stores of this listing, as its files are now, have at this size."""
    content = {
        "format": FORMAT,
        "size": data.size,
        "short_side": SHORT_SIDE,
        "classes": listing.class_names,
        "train": [[video.name, video.label, *_fingerprint(video.path)] for video in listing.train],
        "test": [[video.name, video.label, *_fingerprint(video.path)] for video in listing.test],
    }
    key = hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()
    return os.path.join(os.fspath(data.store), f"{data.set}-{key}")


def free_bytes(folder):
    """Return the free bytes of the disk that holds `folder` or its nearest existing parent."""
    folder = os.path.abspath(folder)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free


def expected_bytes(videos, size):
    """Estimate the decoded bytes from what the containers of evenly spread videos state."""
    step = max(len(videos) / SAMPLE, 1.0)
    sample = [videos[int(i * step)] for i in range(min(SAMPLE, len(videos)))]
    counts = [count for count in (_stated_frames(video.path) for video in sample) if count]
    if not counts:
        return 0
    return round(sum(counts) / len(counts) * len(videos)) * size * size * 3


def _fingerprint(path):
    try:
        stat = os.stat(path)
    except OSError:
        return [0, 0, False]
    return [stat.st_size, stat.st_mtime_ns, os.access(path, os.R_OK)]


def _stated_frames(path):
    try:
        with av.open(path) as container:
            stream = container.streams.best("video")
            if stream.frames:
                return stream.frames
            return round(container.duration / av.time_base * float(stream.average_rate))
    except Exception:
        # An estimate is no place to fail: the decoder will say what is wrong with this file.
        return None


def _build(folder, splits, class_names, size, progress, workers):
    needed = sum(expected_bytes(videos, size) for videos in splits.values())
    missing = needed - sum(bytes_written(os.path.join(folder, split)) for split in splits)
    count = sum(map(len, splits.values()))
    progress.say(f"Decoding {count} videos at {size}x{size} into '{folder}': about {_in_words(needed)}.")
    free = free_bytes(folder)
    if missing > free:
        raise VddError(
            f"The decoded videos need about {_in_words(missing)} in '{folder}' and "
            f"{_in_words(free)} are free: "
            "free some space, lower data.size, or put data.store on another disk."
        )
    with Pool(min(workers or worker_count(), max(count, 1))) as pool:
        for split, videos in splits.items():
            with progress.task(f"Decoding {split}", len(videos)) as update:
                build_split(os.path.join(folder, split), split, videos, class_names, size, pool, update)


@contextlib.contextmanager
def _alone(folder, progress):
    """Hold the folder's lock; it falls with the process, so a kill leaves none behind."""
    if fcntl is None:
        yield
        return
    with open(os.path.join(folder, "lock"), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say(f"Another process is preparing '{folder}': waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _report_failures(stores, progress):
    train, test = stores["train"], stores["test"]
    for store in (train, test):
        if store.failed:
            table = os.path.join(store.folder, FAILED_FILE)
            total = len(store) + len(store.failed)
            progress.say(
                f"{len(store.failed)} of {total} {store.split} videos could not be decoded: see '{table}'."
            )
    empty = [
        name for name, videos in zip(train.class_names, train.by_class(), strict=True) if not len(videos)
    ]
    if empty:
        table = os.path.join(train.folder, FAILED_FILE)
        raise VddError(
            f"No training video of {shorten(empty)} could be decoded: replace the files that '{table}' "
            "lists, or leave the class out with data.classes."
        )
    if not len(test):
        raise VddError(
            "Not enough test videos: none could be decoded, replace the files that "
            f"'{os.path.join(test.folder, FAILED_FILE)}' lists."
        )


def _in_words(count):
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{max(count, 0)} bytes"
