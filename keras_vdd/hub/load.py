"""Read a published distilled set back as arrays; no Keras, no `datasets`, no training code."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.distilled.labels import likely_kind
from keras_vdd.errors import VddError
from keras_vdd.hub.address import set_folder
from keras_vdd.memory.memory import Items
from keras_vdd.published import schema as vdd
from keras_vdd.published import storage
from keras_vdd.published.damage import REMEDY, Damage, told
from keras_vdd.published.row_weights import unpack_weights
from keras_vdd.published.shards import Shard, check_content, read_local, read_text, shards_of
from keras_vdd.published.whole_set import WholeSet
from keras_vdd.sealed import unseal
from keras_vdd.tensors import File

if TYPE_CHECKING:
    from keras_vdd.hub.pydataset import PairBatches

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, init=False)
class LoadedSet(DistilledSet):
    """A `DistilledSet` read from disk; its `mean` and `std` are what test clips are normalised by.

    Attributes:
        folder: str, where the files are.
        dtype: str, the type the memories are stored in; the arrays themselves are float32.
        content: str, hash of the data files, which their names carry.
    """

    folder: str = ""
    dtype: str = "float32"
    content: str = ""

    def __init__(
        self, *about: Any, folder: str = "", dtype: str = "float32", content: str = "", **more: Any
    ) -> None:
        super().__init__(*about, **more)
        for name, value in (("folder", folder), ("dtype", dtype), ("content", content)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"LoadedSet({self.folder!r}: {self._in_words(self.dtype)})"

    def videos(self, soft: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return all videos at once, in the fixed order of `pairs()`.

        Args:
            soft: return label vectors in place of class numbers.

        Returns:
            (videos, labels): float32 (n, T, H, W, 3); int32 (n,), or float32 (n, C) if `soft`.
        """
        pairs = self.pairs()
        labels = self.soft_labels_of(pairs) if soft else self.labels_of(pairs)
        return self.reconstruct(pairs), labels

    def as_pydataset(
        self,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int = 0,
        soft: bool = False,
        pairing: str = "all",
        **workers: Any,
    ) -> "PairBatches":
        """Return the set as a `keras.utils.PyDataset`, for `model.fit`.

        Args:
            batch_size: int; the last batch may be smaller.
            shuffle: draw another order for every epoch.
            seed: int, of the orders and draws.
            soft: give label vectors, float32 (n, C), in place of class numbers, int32 (n,).
            pairing: which memories of a video slot meet in an epoch: "all" pairs, the "first" pair of each slot, or,
                as in the paper's training, one pair of each slot drawn anew for each epoch ("sample"). A set
                with one pair a slot is the same in all three.
            **workers: `workers`, `use_multiprocessing` and `max_queue_size` of `PyDataset`.

        Returns:
            a `PyDataset` of (videos, labels), videos float32 (batch, T, H, W, 3).

        Raises:
            UsageError: `batch_size` is no whole number above 0, or `pairing` is unknown.

        Example:
            >>> model.fit(keras_vdd.load("runs/mine").as_pydataset(pairing="sample", shuffle=True), epochs=100)
        """
        from keras_vdd.hub.pydataset import PairBatches

        return PairBatches(
            self, batch_size, shuffle=shuffle, seed=seed, soft=soft, pairing=pairing, **workers
        )


def load(
    path_or_repo: File,
    revision: str | None = None,
    cache_dir: File | None = None,
    token: str | bool | None = None,
) -> LoadedSet:
    """Read a distilled set.

    Args:
        path_or_repo: an exported folder, a run folder that holds one as `distilled/`, or a dataset repository on
            the Hugging Face Hub: `owner/name`, `owner/name@revision`, the same after `hf://` or `hf://datasets/`,
            or the address of its page.
        revision: str, branch, tag or commit of a repository.
        cache_dir, token: as `huggingface_hub.snapshot_download` takes them.

    Returns:
        `LoadedSet`.

    Raises:
        UsageError: there is no such folder, repository or revision.
        VddError: the files are no distilled set, are damaged or of a newer format; or the Hub cannot be reached and
            there is no copy that was downloaded before.

    Example:
        >>> videos, labels = keras_vdd.load("owner/name", revision="format-2").videos()
    """
    folder = set_folder(path_or_repo, revision, cache_dir, token)
    files = shards_of(folder)
    check_content(files, str(folder))
    rows, recipe = _read_set(files, folder), read_text(folder / vdd.RECIPE)
    about: dict[str, Any] = {"recipe": recipe, "provenance": _provenance(folder, recipe, files[0][1])}
    # The set that is made of them holds them against each other once more.
    with told(folder):
        return LoadedSet(**rows, **about, folder=str(folder), content=files[0][1].content)


def data_files(folder: File) -> tuple[list[Path], str]:
    """Return (paths in order, content hash) of an exported folder's data files.

    Raises:
        VddError: there are none, some are missing, or they are of two exports.
    """
    files = shards_of(folder)
    return [path for path, _ in files], files[0][1].content


def _read_set(files: list[tuple[Path, Shard]], folder: Path) -> dict[str, Any]:
    """Return the arguments of a `DistilledSet` that the rows of its files tell."""
    from keras_vdd.published.validate import SOFT_LABEL, read_rows

    parts, whole = [], WholeSet()
    for path, shard in files:
        with told(shard):
            rows = read_rows(read_local(path, shard), shard)
            whole.add(rows, shard)
        parts.append(rows)
    whole.finish(str(folder))
    config = parts[0].config
    order = np.argsort(np.concatenate([rows.places for rows in parts]))
    numbers = {name: _in_order([rows.numbers[name] for rows in parts], order) for name in parts[0].numbers}
    arrays: dict[str, np.ndarray] = {}
    for items in config.memory.items:
        if items.moments is not None:
            arrays |= _at_moments(numbers, items, config)
            continue
        shape, scales = config.item_shape(items.column), numbers.get(storage.scale_column(items.column))
        count = len(order) * config.items_of(items.column)
        values = numbers.pop(items.column).reshape(count, -1)
        scales = None if scales is None else scales.reshape(count, -1)
        memories = storage.decode(values, scales, shape, config)
        memories = memories.reshape(config.classes, -1, *shape)
        arrays[items.array] = memories[..., None] if items.axes[-1] == 1 else memories
    weights = [unpack_weights(whole.weights[which], config) for which in range(max(1, config.integrators))]
    arrays |= {name: np.stack([each[name] for each, _ in weights]) for name in weights[0][0]}
    interpolators = [interpolator for _, interpolator in weights]
    if len({one.mark for one in interpolators if one is not None}) > 1:
        raise VddError(f"{folder} is damaged: its rows have different interpolators; {REMEDY}.")
    labels = kind = None
    if SOFT_LABEL in numbers:
        labels = numbers[SOFT_LABEL].reshape(config.classes, config.videos_per_class, config.classes)
        kind = config.label_kind or likely_kind(labels)
    return {
        "kind": config.kind,
        "class_names": parts[0].class_names,
        "frames": config.frames,
        "mean": config.mean,
        "std": config.std,
        "videos_per_class": config.videos_per_class,
        "arrays": arrays,
        "labels": labels,
        "label_kind": kind,
        "interpolation": config.interpolation or "half-pixel",
        "interpolator": interpolators[0],
        "dtype": config.dtype,
    }


def _in_order(parts: list[Any], order: np.ndarray) -> Any:
    """The numbers of a column of all files, row by row in an order; of items at moments a list of those of each row."""
    if isinstance(parts[0], list):
        rows = [row for part in parts for row in part]
        return [rows[place] for place in order]
    return np.concatenate(parts)[order]


def _at_moments(numbers: dict[str, Any], items: Items, config: Any) -> dict[str, np.ndarray]:
    """The arrays of items that each slot has as many of as it needs."""
    shape, name = config.item_shape(items.column), items.moments or ""
    moments, values = numbers[name], numbers.pop(items.column)
    scales = numbers.get(storage.scale_column(items.column), [None] * len(values))
    stored = [storage.decode(*each, shape, config) for each in zip(values, scales, strict=True)]
    slots = config.classes, config.videos_per_class
    found = {items.array: storage.padded(stored, 0), name: storage.padded(moments, -1)}
    return {array: each.reshape(*slots, *each.shape[1:]) for array, each in found.items()}


def _provenance(folder: Path, recipe: str, shard: Shard) -> dict[str, Any]:
    path = folder / vdd.PROVENANCE
    text = read_text(path) if os.path.lexists(path) else "{}"
    with told(f"The file {path}"):
        values = unseal(text)
        # Those of earlier versions do not say which data they are about.
        if values.pop(vdd.CONTENT, shard.content) != shard.content:
            raise Damage("it belongs to another set")
        if values and "recipe" not in values and shard.file is not None:
            raise Damage("it is another file")
    if not values and shard.file is not None:
        _LOG.warning("'%s' is missing: where the set is from cannot be told.", path)
    # A recipe is a file that people edit, and none of it is in the videos.
    found = vdd.recipe_checksum(recipe)
    if values.pop(vdd.RECIPE_SUM, found) != found:
        _LOG.warning("'%s' is not the recipe that the set was exported with.", folder / vdd.RECIPE)
    return values
