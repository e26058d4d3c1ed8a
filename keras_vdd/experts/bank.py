"""Experts on disk: a file for each with its weights after every epoch, in a folder that says what they are."""

import contextlib
import dataclasses
import json
import logging
import pathlib

from keras_vdd.data.decoding import SHORT_SIDE
from keras_vdd.data.store.reader import FORMAT as STORE_FORMAT
from keras_vdd.errors import VddError
from keras_vdd.files import checksum
from keras_vdd.hub.upload import sha256_of
from keras_vdd.learning.checkpoint import ArraysFile, save_arrays
from keras_vdd.locks import lock
from keras_vdd.published.schema import EXPERTS
from keras_vdd.sealed import write_json
from keras_vdd.text import counted

# Of the files and of the training that they come from: raise it when either changes.
FORMAT = 1
DESCRIPTION = EXPERTS
_LOG = logging.getLogger(__name__)


class ExpertBank:
    """The first `count` experts of a folder, read-only; a snapshot is read when it is asked for.

    Attributes:
        folder: `pathlib.Path`.
        epochs: int, number of the last snapshot; 0 is before training.
        accuracies: list of float, top-1 percent on the middle clips of the test videos after the last epoch.
        losses: list of lists of float, the mean training loss of each epoch.
        nbytes: int, bytes of the files.
        has_checksums: bool; False where a version that kept none has trained some of them.

    Args:
        folder: where they lie.
        count: int.
        key: str, the `bank_key` that they must have; None where that is not known: then they have the same.

    Raises:
        VddError: an expert is missing, its file is damaged, or it is another expert's.
    """

    def __init__(self, folder, count, key=None):
        self.folder = pathlib.Path(folder)
        self._paths = [expert_path(folder, number) for number in range(count)]
        facts = [_facts(path) for path in self._paths]
        self._see_whose(facts, key)
        # What was read once needs no second look in this process.
        self._checked = set()
        self.has_checksums = all("number" in expert for expert in facts)
        self.epochs = facts[0]["epochs"]
        self.accuracies = [expert["top1"] for expert in facts]
        self.losses = [expert["losses"] for expert in facts]
        self.nbytes = sum(path.stat().st_size for path in self._paths)

    def __len__(self):
        return len(self._paths)

    def __repr__(self):
        counts = f"{counted(len(self), 'expert')}, {counted(self.epochs, 'epoch')}, {self.nbytes:,} bytes"
        return f"ExpertBank({str(self.folder)!r}: {counts})"

    def checksums(self):
        """Return the SHA-256 of each expert's file by its name; the files are read whole."""
        return {path.name: sha256_of(path) for path in self._paths}

    def snapshot(self, expert, epoch):
        """Return the weights of an expert after an epoch, and nothing else is read.

        Args:
            expert: int, 0 .. len(bank) - 1.
            epoch: int, 0 .. bank.epochs.

        Returns:
            list of float32 arrays, in the order of the network's `trainable_variables`.

        Raises:
            IndexError: there is no such expert or epoch.
        """
        if not 0 <= expert < len(self) or not 0 <= epoch <= self.epochs:
            raise IndexError(
                f"no snapshot {epoch} of expert {expert}: there are {len(self)}, with epochs 0 to {self.epochs}"
            )
        with _opened(self._paths[expert]) as file:
            new = (expert, epoch) not in self._checked
            weights = [file.get(f"{epoch}/{index}", check=new) for index in range(file.facts["weights"])]
        self._checked.add((expert, epoch))
        return weights

    def _see_whose(self, facts, key):
        keys = [expert.get("bank") for expert in facts]
        for number, (path, expert) in enumerate(zip(self._paths, facts, strict=True)):
            wanted = keys[0] if key is None else key
            if expert.get("number", number) != number or expert.get("bank", wanted) != wanted:
                raise VddError(
                    f"'{path}' is another expert than its name and folder say: put it back where it came from, or "
                    "delete it and run again."
                )


def folder_name(name, train, test, training, backend):
    """Return the name of the folder that these experts have, however many they are.

    It has a hash over all that their files depend on, so that recipes that need the same experts share
    them and no other recipe meets them.

    Args:
        name: str, the set's, for people.
        train, test: `Store`s.
        training: `ExpertTraining`.
        backend: str, the active one.
    """
    return f"{name}-{bank_key(train, test, training, backend)}"


def bank_key(train, test, training, backend):
    """Return a checksum of all that experts depend on; arguments as `folder_name`."""
    settings = dataclasses.asdict(training)
    if not settings["deterministic"]:
        del settings["deterministic"]  # as it was before there was that setting
    content = {
        "format": FORMAT,
        "backend": backend,
        "training": settings,
        "stores": [_identity(store) for store in (train, test)],
    }
    return checksum(json.dumps(content), size=8)


def _identity(store):
    # The content of the videos, not the times of their files: a copy of the same videos has the same experts.
    return {
        "format": STORE_FORMAT,
        "size": store.size,
        "codec": store.codec,
        "middle": store.middle,
        "short_side": SHORT_SIDE,
        "classes": store.class_names,
        "videos": [
            [name, int(label), int(frames), source]
            for name, label, frames, source in zip(
                store.names, store.labels, store.lengths, store.sources, strict=True
            )
        ],
    }


def expert_path(folder, number):
    """Where an expert lies."""
    return pathlib.Path(folder) / f"expert-{number:04d}.safetensors"


def save_expert(folder, number, expert, key=None):
    """Write an `Expert`, whole or not at all; `key` is the `bank_key` that it belongs to."""
    arrays = {
        f"{epoch}/{index}": array
        for epoch, snapshot in enumerate(expert.snapshots)
        for index, array in enumerate(snapshot)
    }
    save_arrays(
        expert_path(folder, number), arrays, epochs=len(expert.snapshots) - 1, weights=len(expert.snapshots[0]),
        losses=expert.losses, top1=expert.top1, number=number, bank=key,
    )  # fmt: skip


def describe(folder, name, train, test, training, backend):
    """Write `experts.json`, which tells people and other programs what the folder holds."""
    values = description(name, train, test, training, backend)
    write_json(pathlib.Path(folder) / DESCRIPTION, values, indent=2)


def description(name, train, test, training, backend):
    """Return what `experts.json` says, as plain values."""
    what = (
        f"Networks ({training.network}) trained on the real clips of '{name}', as experts for trajectory matching. "
        "Each expert-NNNN.safetensors has the float32 weights of one, tensor EPOCH/INDEX: after EPOCH passes over "
        "the training videos, 0 being before training, weight INDEX of network.trainable_variables. Its metadata "
        "has the mean training loss of each epoch and top1, the percent of test videos whose middle clip it tells "
        "right after the last. Files may be deleted; they are trained again, bit for bit, when they are needed."
    )
    return {
        "what": what,
        "format": FORMAT,
        "set": name,
        "backend": backend,
        "training": dataclasses.asdict(training),
        "size": train.size,
        "videos": {"train": len(train), "test": len(test), "checksum": videos_checksum(train, test)},
        "classes": list(train.class_names),
    }


def videos_checksum(train, test):
    """Return a checksum of the videos of two `Store`s as experts see them: equal for copies of the same videos."""
    return checksum(json.dumps([_identity(store) for store in (train, test)]))


def warn_of_no_checksums(bank):
    """Say so where damage to the experts of an `ExpertBank` does not show."""
    if not bank.has_checksums:
        _LOG.warning(
            "Experts in '%s' were trained by a version that kept no checksums: whether they are damaged cannot be "
            "told.",
            bank.folder,
        )


def locked(folder, number, wait):
    """Hold one expert against other processes: a `keras_vdd.locks.lock` in the folder's `locks`."""
    return lock(pathlib.Path(folder) / "locks" / f"{number:04d}", wait)


@contextlib.contextmanager
def _opened(path):
    """An expert's `ArraysFile`."""
    try:
        with ArraysFile(path) as file:
            yield file
    except FileNotFoundError:
        raise VddError(f"The expert '{path}' is missing: run 'vdd experts' with the same recipe.") from None


def _facts(path):
    with _opened(path) as file:
        if not {"epochs", "weights", "losses", "top1"} <= file.facts.keys():
            raise VddError(f"'{path}' is damaged (its metadata is incomplete): delete it and run again.")
        return file.facts
