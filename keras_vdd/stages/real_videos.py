"""The real videos of a recipe: found, decoded, and as what a distilled set is scored on."""

import logging

from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare as prepare_stores
from keras_vdd.errors import VddError
from keras_vdd.evaluation.scoring import Scoring
from keras_vdd.runs.identity import recipe_hash

_LOG = logging.getLogger(__name__)


def listing_of(recipe, progress):
    """Return the `Listing` of a recipe's videos; what was odd about the source is a warning each."""
    listing = find_videos(recipe.data, progress)
    for note in listing.notes:
        _LOG.warning("%s", note)
    return listing


def stores_of(recipe, progress):
    """Return a recipe's stores, "train" and "test", decoded where they are not there yet."""
    return prepare_stores(listing_of(recipe, progress), recipe.data, progress)


def scoring_for(distilled, recipe, progress):
    """Return the `Scoring` of a distilled set: test clips cut and normalised as its videos are.

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
    stores = stores_of(recipe, progress)
    _check_classes(distilled, stores["test"])
    return Scoring(recipe, stores, progress, recipe_hash=recipe_hash(recipe))


def _check_classes(distilled, store):
    if tuple(store.class_names) != distilled.class_names:
        strange = sorted(set(distilled.class_names) ^ set(store.class_names))
        raise VddError(
            f"The set was learned for other classes than the test videos have ({', '.join(strange[:4])} "
            f"{'is' if len(strange) == 1 else 'are'} in one of them only): name the same with data.classes."
        )
