"""Where the decoded stores of a listing lie: by what its files are now, or where the same content lies already."""

import concurrent.futures
import contextlib
import glob
import itertools
import os
import shutil
from collections.abc import Collection, Iterator
from typing import Any

from keras_vdd.data.decoding import SHORT_SIDE
from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.decoding.source_checksum import checksum_if_there
from keras_vdd.data.folders.listing import Listing
from keras_vdd.data.store.known import SPLITS, KnownVideos, head_of, same_cut
from keras_vdd.data.store.reader import FORMAT, INDEX_FILE, is_finished
from keras_vdd.data.store.source_files import fingerprint, read_source_files
from keras_vdd.files import checksum
from keras_vdd.machine import processor_count
from keras_vdd.progress import Progress
from keras_vdd.sealed import read_json, with_lists, write_json

_SAME_AS = "same_as.json"
# Folder, in that of a store which could not be finished, of what it had decoded.
STOPPED = "stopped"

Fingerprints = dict[str, list[list[Any]]]
"""Of each split, the `fingerprint` of each video, in the order of the listing."""


def store_folder(listing: Listing, data: Any) -> str:
    """Return the folder that the stores of this listing, as its files are now, have with these settings."""
    return folder_of(listing, data, fingerprints(listing))


def fingerprints(listing: Listing) -> Fingerprints:
    """Return the fingerprints of all videos as they are now."""
    return {split: [fingerprint(video.path) for video in getattr(listing, split)] for split in SPLITS}


def folder_of(listing: Listing, data: Any, found: Fingerprints) -> str:
    """Return the folder that `store_folder` does, of files whose `fingerprints` are known."""
    head = {"format": FORMAT, "size": data.size, "short_side": SHORT_SIDE, "classes": listing.class_names}
    rows = {split: rows_of(listing, found, split) for split in SPLITS}
    text = itertools.chain(with_lists({**head, **Cut.of(data).identity()}, rows), "}")
    key = checksum(text, size=8)
    return os.path.join(os.fspath(data.store), f"{data.set}-{key}")


def located(
    listing: Listing, data: Any, found: Fingerprints, splits: Collection[str], progress: Progress
) -> str:
    """Return the folder to take finished splits from: `folder_of`, or one whose videos are the same by content.

    A file that was touched or copied is the same; only such files are read.
    """
    folder = folder_of(listing, data, found)
    if _has(folder, splits):
        return folder
    with contextlib.suppress(OSError, ValueError, KeyError):
        other = os.path.join(os.fspath(data.store), read_json(os.path.join(folder, _SAME_AS))["store"])
        if _has(other, splits):
            return other
    pattern = os.path.join(glob.escape(os.fspath(data.store)), f"{glob.escape(data.set)}-*")
    for other in sorted(glob.glob(pattern)):
        if (
            other != folder
            and _has(other, splits)
            and _is_same(other, listing, data, found, splits, progress)
        ):
            if splits == SPLITS:
                _note(folder, other)
            return other
    return folder


def known_videos(folder: str, data: Any) -> KnownVideos:
    """Return the `KnownVideos` of all stores beside `folder`, and of what it had decoded when it was stopped."""
    known = KnownVideos(Cut.of(data))
    stopped = os.path.join(folder, STOPPED)
    if os.path.isdir(stopped):
        known.add(stopped, read_source_files(folder))
    for other in sorted(glob.glob(os.path.join(glob.escape(os.fspath(data.store)), "*-*"))):
        if os.path.abspath(other) != os.path.abspath(folder) and os.path.isdir(other):
            files = read_source_files(other)
            known.add(other, files)
            if os.path.isdir(os.path.join(other, STOPPED)):
                known.add(os.path.join(other, STOPPED), files)
    return known


def put_aside(folder: str, splits: Collection[str]) -> None:
    """Put what was decoded of a store that cannot be finished where the next call takes it from."""
    for split in splits:
        place, aside = os.path.join(folder, split), os.path.join(folder, STOPPED, split)
        if os.path.isdir(place):
            shutil.rmtree(aside, ignore_errors=True)
            os.makedirs(os.path.dirname(aside), exist_ok=True)
            os.rename(place, aside)


def _has(folder, splits):
    return all(is_finished(os.path.join(folder, split)) for split in splits)


def _note(folder, other):
    """Keep that two are the same, so that it is found out once."""
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        write_json(os.path.join(folder, _SAME_AS), {"store": os.path.basename(other)})


def _is_same(folder, listing, data, found, splits, progress):
    """Whether the store in `folder` was made of these videos; files with another time are read and compared."""
    files, differ = read_source_files(folder), []
    if (
        files is None
        or not same_cut(files, Cut.of(data))
        or files.get("class_names") != list(listing.class_names)
    ):
        return False
    for split in splits:
        videos, rows = getattr(listing, split), files.get(split, ())
        if [[video.name, video.label] for video in videos] != [row[:2] for row in rows]:
            return False
        try:
            index = read_json(os.path.join(folder, split, INDEX_FILE))
            sources = dict(zip(index["names"], index["sources"], strict=True))
            failed = [name for name, _ in index["failed"]]
            sources.update(zip(failed, index["failed_sources"], strict=True))
        except (OSError, ValueError, KeyError, TypeError):
            return False
        for video, row, now in zip(videos, rows, found[split], strict=True):
            if row[2:] != now:
                if row[2] != now[0] or not sources.get(video.name):
                    return False
                differ.append((video.path, sources[video.name]))
    return _all_are(differ, progress)


def _all_are(differ, progress):
    """Whether files have the checksums that they had."""
    if not differ:
        return True
    workers = concurrent.futures.ThreadPoolExecutor(processor_count())
    with workers as pool, progress.task("Comparing files", len(differ)) as update:
        answers = pool.map(checksum_if_there, (path for path, _ in differ))
        for done, ((_, before), now) in enumerate(zip(differ, answers, strict=True), 1):
            if before != now:
                pool.shutdown(wait=False, cancel_futures=True)
                return False
            update(done)
    return True


def rows_of(listing: Listing, found: Fingerprints, split: str) -> Iterator[list[Any]]:
    """Yield [name, label, size, time, readable] of each video of a split."""
    for video, now in zip(getattr(listing, split), found[split], strict=True):
        yield [video.name, video.label, *now]


def head_for(listing: Listing, cut: Cut) -> dict[str, Any]:
    """Return the head of a store's `files.json`."""
    return {"class_names": list(listing.class_names), **head_of(cut)}
