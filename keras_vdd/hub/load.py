"""Read a published distilled set back as arrays; no Keras, no `datasets`, no training code."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vdd.errors import VddError
from keras_vdd.hub import schema as vdd
from keras_vdd.hub import storage
from keras_vdd.hub.address import set_folder
from keras_vdd.memory.distilled_set import DistilledSet
from keras_vdd.memory.labels import likely_kind
from keras_vdd.memory.memory import Items
from keras_vdd.tensors import File

if TYPE_CHECKING:
    from keras_vdd.hub.pydataset import PairBatches

HEADS = ["label", "class_name", "slot", "integrator"]


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
        return self.reconstruct(pairs), self.soft_labels_of(pairs) if soft else self.labels_of(pairs)

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
    files, content = data_files(folder)
    return LoadedSet(
        **_read_rows(files),
        recipe=_text(folder / vdd.RECIPE),
        provenance=_provenance(folder / vdd.PROVENANCE),
        folder=str(folder),
        content=content,
    )


def data_files(folder: File) -> tuple[list[Path], str]:
    """Return (paths in order, content hash) of an exported folder's data files.

    Raises:
        VddError: there are none, some are missing, or they are of two exports.
    """
    files = sorted((Path(folder) / vdd.DATA_FOLDER).glob(f"*{vdd.SUFFIX}"))
    if not files:
        raise VddError(f"{folder} is no distilled set: it has no {vdd.DATA_FOLDER}/*{vdd.SUFFIX} files.")
    parts = [vdd.FILE_NAME.fullmatch(file.name) for file in files]
    named = [part for part in parts if part]
    if len(named) < len(parts) or len({part["content"] for part in named}) > 1:
        raise VddError(
            f"{folder} holds files of more than one export: delete {vdd.DATA_FOLDER}/ and export again."
        )
    if len(files) != int(named[0]["count"]):
        raise VddError(
            f"{folder} has {len(files)} of the {int(named[0]['count'])} data files: copy or export it again."
        )
    return files, named[0]["content"]


def _read_rows(files: list[Path]) -> dict[str, Any]:
    """Return the arguments of a `DistilledSet` that the rows of some files tell."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        check_mark(pq.read_schema(files[0]))
        heads = pa.concat_tables([pq.read_table(file, columns=HEADS) for file in files])
        heads = heads.to_pydict()
        configs = [vdd.parse_config(row["config"], row["format_version"]) for row in heads["integrator"]]
        config = configs[0]
        places = _places(config, heads["label"], heads["slot"])
        memories = {name: _memories(files, name, config, places) for name in config.memory.columns}
        labels = kind = None
        if "soft_label" in pq.read_schema(files[0]).names:
            labels = _column(files, "soft_label").astype(np.float32).reshape(-1, config.classes)[places]
            labels = labels.reshape(config.classes, config.videos_per_class, config.classes)
            kind = config.label_kind or likely_kind(labels)
    except (pa.ArrowInvalid, pa.ArrowKeyError, KeyError, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise VddError(f"{files[0].parent.parent} is damaged or no distilled set: {reason}.") from error
    arrays = {items.array: _as_learned(items, memories[items.column]) for items in config.memory.items}
    arrays |= _shared(config, configs, heads["integrator"])
    return {
        "kind": config.kind,
        "class_names": tuple(heads["class_name"][row] for row in places[:: config.videos_per_class]),
        "frames": config.frames,
        "mean": config.mean,
        "std": config.std,
        "videos_per_class": config.videos_per_class,
        "arrays": arrays,
        "labels": labels,
        "label_kind": kind,
        "dtype": config.dtype,
    }


def check_mark(schema: Any) -> None:
    """Refuse a newer format before its rows are read, which may be of another shape."""
    mark = (schema.metadata or {}).get(vdd.METADATA_KEY)
    if mark is not None:
        vdd.check_version(json.loads(mark)["format_version"])


def _places(config: vdd.RowConfig, labels: list[int], slots: list[int]) -> np.ndarray:
    """Return which row holds each (class, slot), in order."""
    found = {(label, slot): row for row, (label, slot) in enumerate(zip(labels, slots, strict=True))}
    wanted = [(label, slot) for label in range(config.classes) for slot in range(config.videos_per_class)]
    if sorted(found) != wanted or len(labels) != len(wanted):
        raise VddError(f"The distilled set has {len(labels)} rows of {len(wanted)}: copy or export it again.")
    return np.array([found[where] for where in wanted])


def _memories(files: list[Path], column: str, config: vdd.RowConfig, places: np.ndarray) -> np.ndarray:
    shape = config.item_shape(column)
    scales = _column(files, storage.scale_column(column)) if config.dtype == "int8" else None
    items = storage.decode(_column(files, column).reshape(-1, *shape), scales, config)
    items = items.reshape(-1, config.items_of(column), *shape)[places]
    return items.reshape(config.classes, -1, *shape)


def _column(files: list[Path], column: str) -> np.ndarray:
    import pyarrow.parquet as pq

    from keras_vdd.hub.rows import cells

    return np.concatenate([cells(pq.read_table(file, columns=[column])[column]) for file in files])


def _as_learned(items: Items, array: np.ndarray) -> np.ndarray:
    return array[..., None] if items.axes[-1] == 1 else array


def _shared(
    config: vdd.RowConfig, configs: list[vdd.RowConfig], structs: list[dict[str, Any]]
) -> dict[str, np.ndarray]:
    """Return what classes share, the entries of each array in order."""
    if not config.memory.shared:
        return {}
    packed = {each.integrator: row["weights"] for each, row in zip(configs, structs, strict=True)}
    if sorted(packed) != list(range(config.integrators)):
        raise VddError(
            f"The distilled set lacks one of its {config.integrators} integrators: export it again."
        )
    weights = [vdd.unpack_weights(packed[which], config.memory) for which in range(config.integrators)]
    return {name: np.stack([each[name] for each in weights]) for name in weights[0]}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _provenance(path: Path) -> dict[str, Any]:
    try:
        return json.loads(_text(path) or "{}")
    except ValueError as error:
        raise VddError(f"{path} is not JSON: {error}.") from error
