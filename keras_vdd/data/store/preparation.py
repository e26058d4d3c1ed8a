"""The decoded stores of a set: where they lie, whether they fit, and one builder at a time."""

import collections
import errno
import logging
import os
import shutil
import time

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.decoding.pool import Pool
from keras_vdd.data.folders.listing import shorten
from keras_vdd.data.store.known import SPLITS
from keras_vdd.data.store.location import (
    STOPPED,
    fingerprints,
    head_for,
    known_videos,
    located,
    put_aside,
    rows_of,
)
from keras_vdd.data.store.reader import FAILED_FILE, is_finished, open_store
from keras_vdd.data.store.size import bytes_in_words, measure
from keras_vdd.data.store.source_files import write_source_files
from keras_vdd.data.store.split import DiskFull, Passing, TooManyFailed, Work, build_split
from keras_vdd.errors import VddError
from keras_vdd.limits import in_the_way, limit_reached, place_of
from keras_vdd.locks import lock
from keras_vdd.machine import processor_count
from keras_vdd.progress import Silent
from keras_vdd.text import counted

_LOG = logging.getLogger(__name__)
# What a machine is short of for a while, which is no fault of the store's folder.
_SHORT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO, errno.ESTALE, errno.ETIMEDOUT}


class Prepared(dict):
    """The stores of a set by split, "train" and "test", and what it took to make them.

    Attributes:
        decoded: dict of `videos`, `frames` and `seconds` that this call decoded, and how many it has `taken` from
            other stores; zeros where nothing was left to do.
    """

    def __init__(self, stores, work, seconds):
        super().__init__(stores)
        self.decoded = {"videos": work.videos, "frames": work.frames, "seconds": seconds, "taken": work.taken}

    def __repr__(self):
        counts = " and ".join(f"{len(store):,} {split}" for split, store in self.items())
        nbytes = sum(store.nbytes for store in self.values())
        return f"Prepared({os.path.dirname(next(iter(self.values())).folder)!r}: {counts} videos, {nbytes:,} bytes)"


def prepare(listing, data, progress=None, workers=None, splits=SPLITS):
    """Decode the videos of a listing into stores under `data.store`; finished stores are reused.

    The stores lie in `<store>/<set>-<hash>/train` and `/test`. The hash covers names, labels, file
    sizes and times, the geometry and the form, so changed videos or settings never meet stale frames and
    recipes with the same videos and size share one store. Where a store has the same videos by content,
    it is used, and of other stores what they have decoded is taken: a changed set costs the videos that changed.
    A run that was stopped, by whatever means, goes on where it was and ends with the same bytes.

    Args:
        listing: `Listing`.
        data: settings; read are `set`, `store`, `size`, `codec` and `part`, and for the part "middle" also
            `frames` and `interval`.
        progress: how to report; None is silent.
        workers: decoding processes; None for one a processor.
        splits: which are needed: the videos of others are not looked into.

    Returns:
        `Prepared`, a dict of `Store`: "train" and "test", or those of `splits`.

    Raises:
        VddError: the disk is too small or filled up; the machine could not read some video, which is tried again and
            never taken for the video's fault; more than `data.failed_share` of the videos are unreadable; no test
            video or no training video of some class could be decoded. A single bad video is a line in `failed.csv`.
    """
    progress = progress or Silent()
    found = fingerprints(listing)
    folder = located(listing, data, found, splits, progress)
    wanted = {split: getattr(listing, split) for split in splits}
    count = sum(map(len, wanted.values()))
    work, seconds = Work(allowed=int(getattr(data, "failed_share", 1.0) * count)), 0.0
    if not all(is_finished(os.path.join(folder, split)) for split in splits):
        try:
            os.makedirs(folder, exist_ok=True)
            with _alone(folder):
                cut = Cut.of(data)
                rows = {split: rows_of(listing, found, split) for split in SPLITS}
                write_source_files(folder, head_for(listing, cut), rows)
                known = known_videos(folder, data)
                try:
                    seconds = _build(
                        folder, wanted, listing.class_names, cut, progress, workers, work, known, found
                    )
                except TooManyFailed:
                    # What was decoded is taken from there, and what failed is tried again.
                    put_aside(folder, splits)
                    raise
                shutil.rmtree(os.path.join(folder, STOPPED), ignore_errors=True)
        except Passing as error:
            raise _to_be_tried_again(error.reasons) from None
        except TooManyFailed as error:
            raise _too_many(error.reasons, count, data.failed_share) from None
        except (DiskFull, OSError) as error:
            if isinstance(error, OSError) and error.errno in _SHORT_OF:
                why = limit_reached(error) or f"{error.strerror or error}; see to that"
                raise VddError(
                    f"The machine could not go on with '{folder}': {why}. The same command goes on from here."
                ) from error
            if isinstance(error, OSError) and error.errno not in (errno.ENOSPC, errno.EDQUOT):
                if sentence := limit_reached(error, "put data.store on another disk"):
                    raise VddError(f"The store '{folder}' cannot be written: {sentence}.") from error
                if sentence := in_the_way(error):
                    raise VddError(
                        f"The store '{folder}' cannot be written: '{place_of(error)}' is in the way of data.store"
                        f"{sentence}."
                    ) from error
                raise VddError(
                    f"The store '{folder}' cannot be written ({error.strerror or error}): correct data.store."
                ) from error
            raise VddError(
                f"The disk of '{folder}' is full: free some space and run the same command again, "
                "which goes on from here, or move data.store."
            ) from None
    stores = {split: open_store(os.path.join(folder, split)) for split in splits}
    if not all(store.has_checksums for store in stores.values()):
        _LOG.warning(
            "The store '%s' was made by a version that kept no checksums: whether it is damaged cannot be told. Delete "
            "that folder and prepare it again to have them.",
            folder,
        )
    _report_failures(stores)
    return Prepared(stores, work, seconds)


def free_bytes(folder):
    """Return the free bytes of the disk that holds `folder` or its nearest existing parent."""
    folder = os.path.abspath(folder)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free


def _build(folder, splits, class_names, cut, progress, workers, work, known, found):
    """Decode what is not there yet; return the seconds that took, the look at the files left out."""
    count = sum(map(len, splits.values()))
    processors = workers or processor_count()
    with Pool(min(processors, max(count, 1))) as pool:
        total, missing, exact = measure(folder, splits, cut, pool, progress)
        size = f"{total:,} bytes if all decode" if exact else f"about {bytes_in_words(total)}"
        progress.say(f"Decoding {counted(count, 'video')} at {cut.size}x{cut.size} into '{folder}': {size}.")
        _refuse_full_disk(folder, missing)
        # Where there are fewer videos than processors the rest of them helps with each.
        threads = max(processors // max(count, 1), 1)
        started = time.perf_counter()
        for split, videos in splits.items():

            def taken(number, part, videos=videos, prints=found[split]):
                return known.lay(videos[number], prints[number], part)

            with progress.task(f"Decoding {split}", len(videos)) as update:
                build_split(
                    os.path.join(folder, split),
                    split,
                    videos,
                    class_names,
                    cut,
                    pool,
                    update,
                    work,
                    taken,
                    [readable for _, _, readable in found[split]],
                    threads,
                )
        seconds = time.perf_counter() - started
    if work.videos:
        progress.say(
            f"Decoded {counted(work.videos, 'video')}, {counted(work.frames, 'frame')}, in {seconds:.1f} s: "
            f"{work.videos / seconds:,.1f} videos and {work.frames / seconds:,.0f} frames a second."
        )
    if work.taken:
        places = ", ".join(f"'{place}'" for place in sorted(known.used))
        progress.say(f"Taken from {places}, where they were decoded already: {counted(work.taken, 'video')}.")
    return seconds


def _refuse_full_disk(folder, missing):
    free = free_bytes(folder)
    if missing > free:
        raise VddError(
            f"The decoded videos need about {bytes_in_words(missing)} in '{folder}' and {bytes_in_words(free)} are "
            "free: free some space, lower data.size, set data.codec=jpeg or data.part=middle, or put data.store on "
            "another disk."
        )


def _alone(folder):
    """Hold the folder against other builders."""

    def say():
        _LOG.warning("Another process is preparing '%s': waiting for it.", folder)

    return lock(os.path.join(folder, "lock"), on_wait=say)


def _to_be_tried_again(reasons):
    """The error of videos that the machine could not read."""
    why, many = _commonest(reasons.values())
    names = [name for name, reason in reasons.items() if reason == why]
    one = len(reasons) == 1
    also = "" if many == len(reasons) else f" in {many} of them"
    return VddError(
        f"{counted(len(reasons), 'video was', 'videos were')} not read, which is no fault of "
        f"{'its' if one else 'theirs'}: {why}{also} ({shorten(names)}). See to that and run the same command again: it "
        f"tries {'it' if one else 'them'} again and keeps all that was decoded."
    )


def _too_many(reasons, count, share):
    """The error of more unreadable videos than may be."""
    why, many = _commonest(reasons)
    return VddError(
        f"{len(reasons):,} of {counted(count, 'video')} could not be decoded so far, more than "
        f"data.failed_share={share:g} of them, most often because {why} ({many:,} of them): see to that and run "
        "the same command again, which keeps what was decoded; or raise data.failed_share to go on without them."
    )


def _commonest(reasons):
    ((why, many),) = collections.Counter(reasons).most_common(1)
    return why, many


def _report_failures(stores):
    for store in stores.values():
        if store.failed:
            table = os.path.join(store.folder, FAILED_FILE)
            total = len(store) + len(store.failed)
            _LOG.warning(
                "%d of %d %s videos could not be decoded: see '%s'.",
                len(store.failed), total, store.split, table,
            )  # fmt: skip
    train, test = stores.get("train"), stores.get("test")
    empty = []
    if train is not None:
        empty = [
            name for name, videos in zip(train.class_names, train.by_class(), strict=True) if not len(videos)
        ]
    if empty:
        table = os.path.join(train.folder, FAILED_FILE)
        raise VddError(
            f"No training video of {shorten(empty)} could be decoded: replace the files that '{table}' "
            "lists, or leave the class out with data.classes."
        )
    if test is not None and not len(test):
        raise VddError(
            "Not enough test videos: none could be decoded, replace the files that "
            f"'{os.path.join(test.folder, FAILED_FILE)}' lists."
        )
