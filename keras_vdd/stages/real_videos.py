"""The real videos of a recipe: found, decoded, and as what a distilled set is scored on."""

import contextlib
import dataclasses
import glob
import logging
import os
from pathlib import Path

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.sources import Listing, find_videos
from keras_vdd.data.store import open_store
from keras_vdd.data.store import prepare as prepare_stores
from keras_vdd.data.store.known import SPLITS
from keras_vdd.data.store.location import fingerprints, located
from keras_vdd.data.store.reader import is_finished
from keras_vdd.errors import VddError
from keras_vdd.evaluation.scoring import Scoring
from keras_vdd.progress import Silent
from keras_vdd.runs.identity import RunIdentity, recipe_hash
from keras_vdd.runs.places import is_run
from keras_vdd.runs.videos import Videos

_LOG = logging.getLogger(__name__)


def listing_of(recipe, progress):
    """Return the `Listing` of a recipe's videos; what was odd about the source is a warning each."""
    listing = find_videos(recipe.data, progress)
    for note in listing.notes:
        _LOG.warning("%s", note)
    return listing


def stores_of(recipe, progress, splits=SPLITS):
    """Return a recipe's stores, "train" and "test" or those of `splits`, decoded where they are not there yet."""
    try:
        listing = listing_of(recipe, progress)
    except VddError as error:
        if "train" in splits:
            raise
        try:
            listing = find_videos(recipe.data, progress, test_alone=True)
        except VddError:
            raise error from None
    return prepare_stores(listing, recipe.data, progress, splits=splits)


def prepared_test_of(recipe):
    """Return a recipe's test store, if its videos are there and decoded; None where they are not, or not all."""
    try:
        listing = find_videos(recipe.data)
        folder = located(listing, recipe.data, fingerprints(listing), ("test",), Silent())
        return open_store(os.path.join(folder, "test")) if is_finished(os.path.join(folder, "test")) else None
    except VddError:
        return None


def scoring_for(distilled, recipe, progress, splits=("test",)):
    """Return the `Scoring` of a distilled set: test clips cut and normalised as its videos are.

    Args:
        distilled: `DistilledSet`.
        recipe: `Recipe`.
        progress: `keras_vdd.progress.Progress`.
        splits: whose videos are needed; of training videos those that measure something alone are.

    Raises:
        VddError: the set's classes are not those of the test videos.
    """
    data = recipe.data.model_copy(
        update={
            "frames": distilled.frames,
            "size": distilled.size[0],
            "mean": distilled.mean,
            "std": distilled.std,
        }
    )
    recipe = recipe.model_copy(update={"data": data})
    stores = _stores_for(distilled, recipe, progress, splits)
    _check_classes(distilled, stores["test"])
    return Scoring(recipe, stores, progress, recipe_hash=recipe_hash(recipe))


def _stores_for(distilled, recipe, progress, splits):
    """The stores that a set is scored on; its run's own where the videos it was begun with are no longer there."""
    videos = _videos_of_run(distilled)
    try:
        listing = _listing_for(distilled, recipe, progress, splits)
        stores = prepare_stores(listing, recipe.data, progress, splits=splits)
        if not (learned := _learned_on(stores["test"], videos)):
            return stores
        error = VddError(
            f"{learned} is a test video now and the set was learned on it: put the training videos back, or the test "
            "videos into a folder 'test' beside 'train'."
        )
    except VddError as problem:
        error = problem
    stores = {} if videos is None else {split: _decoded(recipe.data, split, videos) for split in splits}
    if not stores or None in stores.values():
        raise error
    folder = os.path.dirname(stores["test"].folder)
    _LOG.warning("%s Those that the run had are taken, as decoded in '%s'.", error, folder)
    return stores


def _listing_for(distilled, recipe, progress, splits):
    """The listing of a recipe's videos; where training videos are missing and not needed, that of the others."""
    try:
        listing, error = listing_of(recipe, progress), None
    except VddError as problem:
        listing, error = None, problem
    names = list(distilled.class_names)
    if "train" not in splits and (listing is None or listing.class_names != names):
        with contextlib.suppress(VddError):
            alone = find_videos(recipe.data, progress, test_alone=True)
            # A class without a test video has its place among the labels too.
            fewer = not alone.train and not isinstance(recipe.data.classes, tuple)
            if alone.class_names == names or (fewer and set(alone.class_names) < set(names)):
                test = [
                    dataclasses.replace(v, label=names.index(alone.class_names[v.label])) for v in alone.test
                ]
                return Listing(names, alone.train, test, alone.notes)
    if listing is None:
        raise error
    return listing


def _learned_on(store, videos):
    """The name of a test video that a run was learned on; "" where there is none, or the run is not known.

    Where there are no folders of splits, which files are held out depends on those that are there.
    """
    if videos is None:
        return ""
    learned = set(videos.marks.get("train", {}).values()) - set(videos.marks.get("test", {}).values())
    now = Videos.of({"test": store}).marks["test"]
    return next((name for name, mark in now.items() if mark in learned), "")


def _videos_of_run(distilled):
    """The `Videos` that the run of a set was begun with; None where it lies in no run, or that does not say."""
    folder = getattr(distilled, "folder", None)
    run = Path(folder).parent if folder else None
    if run is None or not is_run(run):
        return None
    try:
        return RunIdentity.read(run).videos
    except VddError:
        return None


def _decoded(data, split, videos):
    """The finished store of a split that has these videos, by content; None where there is none."""
    pattern = os.path.join(glob.escape(os.fspath(data.store)), f"{glob.escape(data.set)}-*", split)
    for folder in filter(is_finished, sorted(glob.glob(pattern))):
        try:
            store = open_store(folder)
        except VddError:  # one that is damaged, or of a later version, is not the one
            continue
        cut = store.size, store.codec, store.middle
        if cut == dataclasses.astuple(Cut.of(data)) and not videos.changes(
            Videos.of({split: store}), (split,)
        ):
            return store
    return None


def _check_classes(distilled, store):
    if tuple(store.class_names) != distilled.class_names:
        strange = sorted(set(distilled.class_names) ^ set(store.class_names))
        raise VddError(
            f"The set was learned for other classes than the test videos have ({', '.join(strange[:4])} "
            f"{'is' if len(strange) == 1 else 'are'} in one of them only): name the same with data.classes."
        )
