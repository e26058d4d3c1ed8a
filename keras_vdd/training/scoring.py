"""The rows of a run's table: the distilled set beside the baselines that its recipe names."""

import json
import re

from keras_vdd import models
from keras_vdd.data.shapes import PAIRS
from keras_vdd.evaluation.baselines import at_equal_bytes, at_equal_count
from keras_vdd.evaluation.fresh_networks import evaluate
from keras_vdd.evaluation.protocol import Protocol
from keras_vdd.evaluation.scores import NetworkScore, Score
from keras_vdd.evaluation.test_clips import TestClips
from keras_vdd.evaluation.training_sets import FixedVideos, StoreVideos
from keras_vdd.memory.budget import stored_bytes
from keras_vdd.memory.distilled_set import DistilledSet
from keras_vdd.seeds import stream
from keras_vdd.training.run_folder import write_text

METHODS = {
    "static-dynamic": "DM + static-dynamic",
    "static-dc": "static-DC",
    "naive": "DM",
}


class Scoring:
    """Scores training sets by one protocol on one set's test videos.

    Args:
        recipe: `Recipe`.
        stores: dict of `Store`, "train" and "test".
        progress: `keras_vdd.progress.Progress`.
        folder: where each network's score is kept, so that an interrupted table goes on; None keeps none.
    """

    def __init__(self, recipe, stores, progress, folder=None):
        settings, data = recipe.evaluation, recipe.data
        self.recipe, self.stores, self.progress, self.folder = recipe, stores, progress, folder
        self.class_names = list(stores["train"].class_names)
        self.protocol = Protocol(
            evaluator=settings.evaluator, epochs=settings.epochs, steps=settings.steps,
            batch_size=settings.batch_size, test_clips=settings.test_clips, seeds=settings.seeds,
            architecture=settings.architecture,
        )  # fmt: skip
        self._scale = data.mean, data.std
        self.test = TestClips(
            stores["test"], data.frames, data.interval, *self._scale, recipe.run.seed, settings.test_clips
        )

    @property
    def pairs(self):
        """Pairs of classes that differ in motion only, as labels; only the made shapes have them."""
        if self.recipe.data.set != "shapes":
            return ()
        names = self.class_names
        return [(names.index(a), names.index(b)) for a, b in PAIRS if a in names and b in names]

    def network(self):
        """A new classifier of the recipe's architecture."""
        settings, data = self.recipe.evaluation, self.recipe.data
        return models.create(
            settings.architecture, len(self.class_names), data.frames, data.size, settings.width,
            settings.stem, self.recipe.run.precision,
        )  # fmt: skip

    def score(self, name, training, epochs=None):
        """Return the `Score` of a training set, or of a function of a network's number that gives one."""
        return evaluate(
            training, self.test, self.protocol, self.network, self.recipe.run.seed, pairs=self.pairs,
            epochs=epochs, finished=self._finished(name), on_network=self._keeper(name),
            progress=self.progress, title=name,
        )  # fmt: skip

    def row(self, name, training, *, clips, per_class, nbytes, note="", epochs=None):
        """Return a row of the table as `results.json` holds it."""
        score = self.score(name, training, epochs)
        return {
            "method": name,
            "clips": clips,
            "videos_per_class": per_class,
            "bytes": nbytes,
            **score.to_json(),
            "note": note,
        }

    def distilled_row(self, name, distilled, dtype):
        """The row of a distilled set, trained on every pair of its memories."""
        pairs = distilled.pairs()
        labels = distilled.labels_of(pairs) if distilled.labels is None else distilled.soft_labels_of(pairs)
        training = FixedVideos(distilled.reconstruct(pairs), labels)
        slots = distilled.videos_per_class if distilled.kind != "still" else distilled.statics_per_class
        return self.row(
            name, training, clips=len(pairs), per_class=slots, nbytes=stored_bytes(distilled, dtype),
        )  # fmt: skip

    def baseline_row(self, name, distilled_bytes, static=None):
        """The row of one of the recipe's `evaluation.compare`."""
        train, data = self.stores["train"], self.recipe.data
        if name == "full":
            settings = self.recipe.evaluation
            training = StoreVideos(train, data.frames, data.interval, *self._scale)
            return self.row(
                "full set", training, clips=len(train), per_class=None,
                nbytes=real_bytes(train), note=f"{settings.full_epochs} epochs", epochs=settings.full_epochs,
            )  # fmt: skip
        if name == "static-only":
            stills = DistilledSet(
                "still", self.class_names, data.frames, *self._scale, static.shape[1], static=static
            )
            return self.distilled_row("static memory alone", stills, self.recipe.export.dtype)
        return self._random_row(name, distilled_bytes)

    def _random_row(self, name, distilled_bytes):
        train, data = self.stores["train"], self.recipe.data
        kind = "stills" if "stills" in name else "clips"
        sizes = [len(rows) for rows in train.by_class()]
        if name.endswith("equal-bytes"):
            baseline = at_equal_bytes(kind, distilled_bytes, sizes, data.frames, data.size)
            title = f"random {kind}, equal bytes"
        else:
            per_class = self.recipe.memory.videos_per_class
            baseline = at_equal_count(kind, per_class, sizes, data.frames, data.size)
            title = f"random {kind}"

        def training(number):
            rng = stream(self.recipe.run.seed, "baseline", name, number)
            return baseline.draw(train, data.frames, data.interval, *self._scale, rng)

        return self.row(
            title, training, clips=baseline.count, per_class=baseline.per_class,
            nbytes=baseline.bytes, note=baseline.note,
        )  # fmt: skip

    def _finished(self, name):
        path = self._path(name)
        if path is None or not path.exists():
            return ()
        return tuple(NetworkScore(**values) for values in json.loads(path.read_text()))

    def _keeper(self, name):
        path = self._path(name)
        if path is None:
            return None
        done = list(self._finished(name))

        def keep(score):
            done.append(score)
            write_text(path, json.dumps(Score(tuple(done)).to_json()["networks"], indent=1) + "\n")

        return keep

    def _path(self, name):
        return None if self.folder is None else self.folder / (re.sub(r"[^a-zA-Z0-9]+", "-", name) + ".json")


def method_name(recipe):
    """What the distilled set of a recipe is called in tables."""
    return METHODS[recipe.method]


def real_bytes(store):
    """Bytes of all frames of a store at its size, one byte a value."""
    return int(store.lengths.astype("int64").sum()) * store.size * store.size * 3
