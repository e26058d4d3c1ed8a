"""Experts that somebody else trained: found, checked against the recipe that wants them, and read as one's own."""

import dataclasses
import json
import logging
import os
from pathlib import Path

from safetensors import SafetensorError, safe_open

from keras_vdd import models
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts.bank import (
    DESCRIPTION,
    FORMAT,
    ExpertBank,
    expert_path,
    videos_checksum,
    warn_of_no_checksums,
)
from keras_vdd.hub.address import repository_at
from keras_vdd.hub.upload import sha256_of
from keras_vdd.sealed import read_json

# What a recipe says of the training of its experts, by the setting that says it. Its seed, its backend and whether it
# repeats bit for bit are not among these: experts serve any number of runs.
_SETTINGS = {
    "network": "dynamic.network",
    "width": "dynamic.width",
    "stem": "dynamic.stem",
    "precision": "run.precision",
    "frames": "data.frames",
    "interval": "data.interval",
    "flip": "data.flip",
    "mean": "data.mean",
    "std": "data.std",
    "augment": "dynamic.augment",
    "learning_rate": "experts.learning_rate",
    "batch_size": "experts.batch_size",
}
# Where clips have fewer frames than the set's, spread over the time of a whole one.
_OF_FEWER_FRAMES = {"frames": "dynamic.real_frames", "interval": "the interval of those frames"}
_LOG = logging.getLogger(__name__)


def taken_experts(recipe, training, stores):
    """Return the experts of `experts.source`, after all of them were checked.

    Args:
        recipe: `Recipe` whose `experts.source` is a folder with `experts.json`, or a repository on the Hub.
        training: `ExpertTraining` of the recipe.
        stores: dict of `Store`, "train" and "test".

    Returns:
        `ExpertBank` of the first `experts.count` experts.

    Raises:
        UsageError: there are none at that place, or they do not fit the recipe.
        VddError: they are damaged, or the Hub cannot be reached and they were not downloaded before.
    """
    source, count = recipe.experts.source, recipe.experts.count
    names = [expert_path("", number).name for number in range(count)]
    repository = repository_at(source)
    folder = (
        Path(os.path.expanduser(source)) if repository is None else repository.download((DESCRIPTION, *names))
    )
    told = read_description(folder, source)
    _check_settings(source, told, recipe, training, stores["train"])
    _check_there(source, folder, told, names, training.epochs)
    _check_checksums(source, folder, told, names, required=repository is not None)
    _check_weights(source, folder, names, training, stores["train"])
    if told["videos"].get("checksum") != videos_checksum(stores["train"], stores["test"]):
        _LOG.warning("The experts of %s were trained on other videos than this recipe's.", source)
    bank = ExpertBank(folder, count)
    if told.get("files") is None:
        warn_of_no_checksums(bank)
    return bank


def check_source(recipe):
    """See to it, before videos are decoded, that `experts.source` names a place that holds experts.

    What of a repository on the Hub can be had is seen when they are taken.

    Raises:
        UsageError: there are none at that place, or it is none.
        VddError: what describes them is damaged.
    """
    source = recipe.experts.source if recipe.needs_experts else None
    if source is not None and repository_at(source) is None:
        read_description(Path(os.path.expanduser(source)), source)


def read_description(folder, source):
    """Return what `experts.json` in a folder says, with every key that others need.

    Args:
        folder: `pathlib.Path`.
        source: str, what errors call it.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise UsageError(f"{source} holds no experts: it has no {DESCRIPTION}.")
    try:
        told = read_json(path)
        if int(told["format"]) > FORMAT:
            raise VddError(
                f"The experts of {source} have format {told['format']} and this keras-vdd reads up to {FORMAT}: "
                "run `pip install --upgrade keras-vdd`."
            )
        kinds = {"set": str, "size": int, "training": dict, "classes": list, "videos": dict}
        wrong = [key for key, kind in kinds.items() if not isinstance(told.get(key), kind)]
        if wrong or not isinstance(told["training"].get("epochs"), int):
            raise ValueError(f"{(*wrong, 'training.epochs')[0]} is missing or of another type")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise VddError(
            f"{DESCRIPTION} of {source} is damaged, or of an older keras-vdd: {error}; publish them again with "
            "`vdd publish --experts`."
        ) from error
    return told


def _check_settings(source, told, recipe, training, store):
    theirs = {"data.set": told["set"], "data.size": told["size"]}
    ours = {"data.set": recipe.data.set, "data.size": store.size}
    plain = json.loads(json.dumps(dataclasses.asdict(training)))
    fewer = _OF_FEWER_FRAMES if getattr(recipe.dynamic, "real_frames", None) else {}
    for field, setting in {**_SETTINGS, **fewer}.items():
        theirs[setting], ours[setting] = told["training"].get(field), plain[field]
    differing = [setting for setting in ours if theirs[setting] != ours[setting]]
    if differing:
        had = ", ".join(f"{setting}={_shown(theirs[setting])}" for setting in differing)
        wanted = ", ".join(_shown(ours[setting]) for setting in differing)
        raise UsageError(
            f"The experts of {source} do not fit the recipe: they have {had}, and it has {wanted}."
        )
    if told["classes"] != list(store.class_names):
        strange = sorted(set(map(str, told["classes"])) ^ set(store.class_names))
        which = ", ".join(strange[:4]) or "in another order"
        raise UsageError(
            f"The experts of {source} do not fit the recipe: they were trained for other classes ({which})."
        )


def _check_there(source, folder, told, names, epochs):
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        there = len(names) - len(missing)
        raise UsageError(
            f"The experts of {source} do not fit the recipe: there are {there} of the {len(names)} that it asks for; "
            f"set experts.count={there or 1}, or take others."
        )
    if told["training"]["epochs"] < epochs:
        raise UsageError(
            f"The experts of {source} do not fit the recipe: they were trained for {told['training']['epochs']} "
            f"epochs, and it reads {epochs}."
        )


def _check_checksums(source, folder, told, names, required):
    files = told.get("files")
    if files is None and not required:
        return  # a folder of this machine, as `vdd experts` makes it
    for name in names:
        expected = files.get(name, {}) if isinstance(files, dict) else {}
        if not isinstance(expected, dict) or expected.get("sha256") != sha256_of(folder / name):
            raise VddError(
                f"The expert {name} of {source} is not the one that was published (its SHA-256 is not that of "
                f"{DESCRIPTION}): get them anew."
            )


def _check_weights(source, folder, names, training, store):
    """The weights of every epoch must be those of the recipe's network."""
    network = models.create(
        training.network, len(store.class_names), training.frames, store.size, training.width,
        training.stem, training.precision,
    )  # fmt: skip
    shapes = [list(variable.shape) for variable in network.trainable_variables]
    for name in names:
        # Of a file that may not be opened safetensors says that it is none.
        with open(folder / name, "rb"):
            pass
        try:
            with safe_open(folder / name, framework="numpy") as file:
                for epoch in range(training.epochs + 1):
                    slices = [file.get_slice(f"{epoch}/{index}") for index in range(len(shapes))]
                    found = [(part.get_dtype(), part.get_shape()) for part in slices]
                    if found != [("F32", shape) for shape in shapes]:
                        raise ValueError(f"the weights of epoch {epoch} are not those of {training.network}")
        except (SafetensorError, ValueError, OSError) as error:
            raise VddError(f"The expert {name} of {source} is damaged: {error}.") from error


def _shown(value):
    return json.dumps(value) if isinstance(value, list | bool) else str(value)
