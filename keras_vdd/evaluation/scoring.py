"""The rows of a run's table: the distilled set beside the baselines that its recipe names."""

import functools
import json
import logging
import re

import keras

from keras_vdd import models, placement
from keras_vdd.data.sources import SOURCES
from keras_vdd.distilled.budget import stored_bytes
from keras_vdd.evaluation.baselines import BASELINES, Beside
from keras_vdd.evaluation.fresh_networks import evaluate
from keras_vdd.evaluation.protocol import protocol_of
from keras_vdd.evaluation.real_clips import RealClips
from keras_vdd.evaluation.records import ResultRow
from keras_vdd.evaluation.scores import NetworkScore, Score
from keras_vdd.evaluation.training_sets import FixedVideos
from keras_vdd.sealed import Damaged, read_json, write_json
from keras_vdd.times import Times

# What a row's note says of the set's labels, by `DistilledSet.label_kind`.
NOTES = {None: "", "probabilities": "learned labels", "regression": "learned labels, squared error"}
_LOG = logging.getLogger(__name__)


class Scoring:
    """Scores training sets by one protocol on one set's test videos.

    Args:
        recipe: `Recipe`.
        stores: dict of `Store`, "test", and "train" where baselines are scored too.
        progress: `keras_vdd.progress.Progress`.
        folder: path, where each network's score is kept, so that an interrupted table goes on; None keeps none.
        times: `Times` that records how long each network takes; None records nothing.
        recipe_hash: str or None, `keras_vdd.runs.identity.recipe_hash` of the recipe, for the rows.
        run_id: str or None, mark of the run that `folder` belongs to.
    """

    def __init__(self, recipe, stores, progress, folder=None, times=None, recipe_hash=None, run_id=None):
        self.recipe, self.stores, self.progress, self.folder = recipe, stores, progress, folder
        self._times, self._recipe_hash, self._run_id = times or Times(), recipe_hash, run_id
        self.class_names = list(stores["test"].class_names)
        self.protocol = protocol_of(recipe)
        self.test = test_clips_of(recipe, stores["test"])

    @property
    def pairs(self):
        """Pairs of classes that differ in motion only, as labels, where the set has them."""
        names, pairs = self.class_names, SOURCES.get(self.recipe.data.set).pairs
        return [(names.index(a), names.index(b)) for a, b in pairs if a in names and b in names]

    def network(self):
        """A new classifier of the recipe's architecture."""
        return classifier_of(self.recipe, len(self.class_names))

    def protocol_for(self, distilled):
        """The `Protocol` of a distilled set: evaluator `paper` takes the step size learned with it.

        Raises:
            VddError: the set's step size is not a positive finite number.
        """
        return self.protocol.with_step_size(distilled.provenance.get("step_size"))

    def score(self, name, training, epochs=None, protocol=None):
        """Return the `Score` of a training set.

        Args:
            name: str, of the row: the progress bar's title and the name of the file of finished networks.
            training: a training set, or a function of a network's number that returns one (see `evaluate`).
            epochs: int, passes over it; None for the protocol's own length.
            protocol: `Protocol`; None for the recipe's.
        """
        done = self._finished(name)
        return evaluate(
            training, self.test, protocol or self.protocol, self.network, self.recipe.run.seed,
            pairs=self.pairs, epochs=epochs, finished=done, on_network=self._keeper(name, done),
            progress=self.progress, title=name, times=self._times,
        )  # fmt: skip

    def distilled_row(self, name, distilled, dtype):
        """The `ResultRow` of a distilled set stored as `dtype`: networks train on the videos of all its pairs."""
        statics, dynamics = distilled.counts
        # Without dynamic memories each static makes a video.
        slots = distilled.videos_per_class if dynamics else statics
        training, protocol = videos_of(distilled), self.protocol_for(distilled)
        rate = f"learning rate {protocol.rate:.4g} learned" if protocol.learned_rate else ""
        frames = distilled.interpolator
        told = "" if frames is None else f"{frames.nbytes:,} bytes are the interpolator's"
        notes = (rate, NOTES[distilled.label_kind], told)
        return self._row(
            name, self.score(name, training, protocol=protocol), protocol, clips=len(training),
            videos_per_class=slots, bytes=stored_bytes(distilled, dtype), dtype=dtype,
            note="; ".join(note for note in notes if note),
        )  # fmt: skip

    def baseline_row(self, name, distilled_bytes=0, static=None):
        """The `ResultRow` of a baseline, as `evaluation.compare` names it.

        Args:
            name: str, of a baseline. "full" is also the first row of a recipe that trains on the full set.
            distilled_bytes: int, of the set as stored, for baselines of equal bytes.
            static: float32 (classes, SPC, size, size, 3), the set's stills as they come out of storage, for
                baselines that train on them.
        """
        baseline, train = BASELINES.get(name), self.stores["train"]
        sizes = [len(rows) for rows in train.by_class()]
        beside = Beside(self.recipe, sizes, distilled_bytes, train, static)
        amount, training = baseline.amount(beside), functools.partial(baseline.training, beside)
        score = self.score(baseline.title, training, amount.epochs) if amount.videos else Score(())
        return self._row(
            baseline.title, score, self.protocol, clips=amount.videos, videos_per_class=amount.per_class,
            bytes=amount.nbytes, note=amount.note,
            dtype=self.recipe.export.dtype if baseline.of_storage and distilled_bytes else None,
        )  # fmt: skip

    def _row(self, name, score, protocol, **amounts):
        return ResultRow(
            name, self.recipe.data.set, protocol.architecture, protocol.describe(), self._recipe_hash,
            keras.config.backend(), placement.facts()["device"], score=score, **amounts,
        )  # fmt: skip

    def _finished(self, name):
        path = self._path(name)
        if path is None or not path.exists():
            return ()
        try:
            kept = self._kept(path)
            if kept.get("row", name) != name:
                raise ValueError(f"it is of the row {kept['row']!r}")
            return tuple(NetworkScore.from_json(values) for values in kept["networks"])
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            _LOG.warning("'%s' is damaged (%s): its networks are trained again.", path, error)
            return ()

    def _kept(self, path):
        try:
            return read_json(path, self._run_id)
        except Damaged:
            if self._run_id is not None:
                raise
            # Versions that kept no checksums wrote the list of networks alone.
            return {"networks": json.loads(path.read_text(encoding="utf-8"))}

    def _keeper(self, name, finished):
        path = self._path(name)
        if path is None:
            return None
        done = list(finished)

        def keep(score):
            done.append(score)
            networks = Score(tuple(done)).to_json()["networks"]
            write_json(path, {"row": name, "networks": networks}, self._run_id, indent=1)

        return keep

    def _path(self, name):
        return None if self.folder is None else self.folder / (re.sub(r"[^a-zA-Z0-9]+", "-", name) + ".json")


def test_clips_of(recipe, store):
    """The `RealClips` that every network of a recipe's table is tested on."""
    data = recipe.data
    return RealClips(
        store, data.frames, data.interval, data.mean, data.std, recipe.run.seed, recipe.evaluation.test_clips
    )


def classifier_of(recipe, classes):
    """A new classifier of the recipe's evaluation."""
    settings, data = recipe.evaluation, recipe.data
    return models.create(
        settings.architecture, classes, data.frames, data.size, settings.width, settings.stem,
        recipe.run.precision,
    )  # fmt: skip


def videos_of(distilled):
    """`FixedVideos` of every pair of a distilled set, with its labels and their loss."""
    pairs = distilled.pairs()
    labels = distilled.labels_of(pairs) if distilled.labels is None else distilled.soft_labels_of(pairs)
    return FixedVideos(distilled.reconstruct(pairs), labels, label_kind=distilled.label_kind)
