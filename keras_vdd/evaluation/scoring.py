"""The rows of a run's table: the distilled set beside the baselines that its recipe names."""

import dataclasses
import json
import math
import re

from keras_vdd import models
from keras_vdd.data.sources.shapes import PAIRS
from keras_vdd.errors import VddError
from keras_vdd.evaluation.baselines import at_equal_bytes, at_equal_count
from keras_vdd.evaluation.fresh_networks import evaluate
from keras_vdd.evaluation.protocol import Protocol
from keras_vdd.evaluation.real_clips import TestClips
from keras_vdd.evaluation.scores import NetworkScore, Score
from keras_vdd.evaluation.training_sets import FixedVideos, StoreVideos
from keras_vdd.memory.budget import stored_bytes
from keras_vdd.memory.distilled_set import DistilledSet
from keras_vdd.runs.folder import write_text
from keras_vdd.seeds import stream

NOTES = {None: "", "probabilities": "learned labels", "regression": "learned labels, squared error"}


class Scoring:
    """Scores training sets by one protocol on one set's test videos.

    Args:
        recipe: `Recipe`.
        stores: dict of `Store`, "train" and "test".
        progress: `keras_vdd.progress.Progress`.
        folder: where each network's score is kept, so that an interrupted table goes on; None keeps none.
    """

    def __init__(self, recipe, stores, progress, folder=None):
        data = recipe.data
        self.recipe, self.stores, self.progress, self.folder = recipe, stores, progress, folder
        self.class_names = list(stores["train"].class_names)
        self.protocol = protocol_of(recipe)
        self._scale = data.mean, data.std
        self.test = TestClips(
            stores["test"], data.frames, data.interval, *self._scale, recipe.run.seed,
            self.protocol.test_clips,
        )  # fmt: skip

    @property
    def pairs(self):
        """Pairs of classes that differ in motion only, as labels; only the made shapes have them."""
        if self.recipe.data.set != "shapes":
            return ()
        names = self.class_names
        return [(names.index(a), names.index(b)) for a, b in PAIRS if a in names and b in names]

    def network(self):
        """A new classifier of the recipe's architecture."""
        return classifier_of(self.recipe, len(self.class_names))

    def protocol_for(self, distilled):
        """The `Protocol` of a distilled set: evaluator `paper` takes the step size learned with it.

        Raises:
            VddError: the set's step size is no rate.
        """
        rate = distilled.provenance.get("step_size")
        if rate is None or self.protocol.evaluator != "paper":
            return self.protocol
        if type(rate) not in (int, float) or not 0 < rate < math.inf:
            raise VddError(
                f"The set says that its step size is {rate!r}, which is no learning rate: score it with "
                "evaluation.evaluator=stable."
            )
        return dataclasses.replace(self.protocol, learning_rate=float(rate), learned_rate=True)

    def score(self, name, training, epochs=None, protocol=None):
        """Return the `Score` of a training set, or of a function of a network's number that gives one."""
        return evaluate(
            training, self.test, protocol or self.protocol, self.network, self.recipe.run.seed,
            pairs=self.pairs, epochs=epochs, finished=self._finished(name), on_network=self._keeper(name),
            progress=self.progress, title=name,
        )  # fmt: skip

    def distilled_row(self, name, distilled, dtype):
        """The row of a distilled set, trained on every pair of its memories."""
        slots = distilled.videos_per_class if distilled.kind != "still" else distilled.statics_per_class
        training, protocol = videos_of(distilled), self.protocol_for(distilled)
        rate = f"learning rate {protocol.rate:.4g} learned" if protocol.learned_rate else ""
        notes = (rate, NOTES[distilled.label_kind])
        return _row(
            name, self.score(name, training, protocol=protocol), clips=len(training), per_class=slots,
            nbytes=stored_bytes(distilled, dtype), note="; ".join(note for note in notes if note),
        )  # fmt: skip

    def full_row(self):
        """The row of the whole training set; also the only one of a recipe that makes no set."""
        train, data, epochs = self.stores["train"], self.recipe.data, self.recipe.evaluation.full_epochs
        training = StoreVideos(train, data.frames, data.interval, *self._scale)
        return _row(
            "full set", self.score("full set", training, epochs), clips=len(train), per_class=None,
            nbytes=real_bytes(train), note=f"{epochs} epochs",
        )  # fmt: skip

    def baseline_row(self, name, distilled_bytes=None, static=None):
        """The row of one of the recipe's `evaluation.compare`.

        Args:
            name: str, what is compared.
            distilled_bytes: int, of the set as stored, for the rows that may take as many.
            static: float32 (classes, SPC, size, size, 3), the set's stills as they come out of storage, for
                the row "static-only".
        """
        data = self.recipe.data
        if name == "full":
            return self.full_row()
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

        score = self.score(title, training) if baseline.count else Score(())
        return _row(
            title, score, clips=baseline.count, per_class=baseline.per_class, nbytes=baseline.bytes,
            note=baseline.note,
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


def protocol_of(recipe):
    """The `Protocol` that the rows of a recipe's table share."""
    settings = recipe.evaluation
    return Protocol(
        evaluator=settings.evaluator, epochs=settings.epochs, steps=settings.steps,
        batch_size=settings.batch_size, test_clips=settings.test_clips, seeds=settings.seeds,
        architecture=settings.architecture,
    )  # fmt: skip


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


def real_bytes(store):
    """Bytes of all frames of a store at its size, one byte a value."""
    return int(store.lengths.astype("int64").sum()) * store.size * store.size * 3


def _row(name, score, *, clips, per_class, nbytes, note):
    """A row of the table as `results.json` holds it."""
    return {
        "method": name,
        "clips": clips,
        "videos_per_class": per_class,
        "bytes": nbytes,
        **score.to_json(),
        "note": note,
    }
