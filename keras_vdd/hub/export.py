"""Write a distilled set as a folder in the Hub's layout; the same set gives the same bytes."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from keras_vdd.cards import card, preview
from keras_vdd.cards.provenance import provenance_of
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import UsageError, VddError
from keras_vdd.evaluation.records import Results
from keras_vdd.files import is_temporary, replacing, write_atomically
from keras_vdd.hub import rows
from keras_vdd.hub.address import set_folder
from keras_vdd.hub.kept import Given, Kept, as_results, kept_in, results_of_run
from keras_vdd.hub.load import LoadedSet, load
from keras_vdd.limits import why_refused
from keras_vdd.published import schema as vdd
from keras_vdd.sealed import seal
from keras_vdd.storage.storage_types import STORAGE_TYPES, check_dtype
from keras_vdd.tensors import File


def export(
    distilled: DistilledSet | File,
    folder: File,
    dtype: str = "float32",
    license: str | None = None,
    results: Given | None = None,
    overwrite: bool = False,
    name: str | None = None,
) -> Path:
    """Write a distilled set where `datasets.load_dataset`, `keras_vdd.load` and the Hub can read it.

    The folder is written beside its place and renamed, so it is there whole or not at all.

    Args:
        distilled: `keras_vdd.DistilledSet`; or the path of a run folder or an exported set, or a repository on the
            Hub as `keras_vdd.load` takes it, whose set is written again; its results go with it, and say as what
            it was stored when it was scored.
        folder: path of the folder to make.
        dtype: "float32"; "float16" for half the bytes; "int8" for a quarter, with a scale for each still,
            motion clip and video; "int4" for an eighth, with a scale for each 64 values; "uint8" for a quarter,
            pixels of stills and full videos, exact for real ones. Integrators and learned labels stay float32.
        license: str for the card, the terms of the source videos: an identifier of the Hub such as "cc-by-4.0", or
            words; None for what the card of the set that is written again states. None is assumed.
        results: a row or a list of rows as `vdd evaluate --json` prints, or a run's table, for `results.json` and
            the card; None for those of the set that is written again.
        overwrite: replace a distilled set that the folder already holds; nothing else is ever replaced.
        name: str, what the card tells readers to load: a repository id.

    Returns:
        `pathlib.Path` of the folder.

    Raises:
        UsageError: the folder holds something else, or a set and `overwrite` is false; a set of this
            kind cannot be stored as `dtype`.
        VddError: a memory is not finite, does not fit float16, or the disk refuses.

    Example:
        >>> keras_vdd.export("runs/quickstart", "smaller", dtype="float16")
    """
    run = None
    if not isinstance(distilled, DistilledSet):
        run, distilled = distilled, load(set_folder(distilled))
    kept = Kept()
    if isinstance(distilled, LoadedSet):
        kept = kept_in(distilled.folder)
        if results is None and kept.results is None and run is not None:
            results = results_of_run(run, distilled)
    told = kept.results if results is None else as_results(results, distilled)
    dtype = check_dtype(dtype, distilled.memory)
    folder = Path(os.path.expanduser(folder))
    _check_target(folder, overwrite)
    _check_values(distilled, dtype)
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with replacing(folder) as partial:
            (partial / vdd.DATA_FOLDER).mkdir(parents=True)
            content = _write_rows(distilled, dtype, partial / vdd.DATA_FOLDER)
            _write_sides(distilled, dtype, content, partial)
            _write_card(partial, distilled, dtype, content, license or kept.license, told, name)
    except OSError as error:
        raise VddError(
            f"The distilled set could not be written to {folder}: {why_refused(error)}."
        ) from error
    return folder


def rewrite_card(
    folder: File, license: str | None = None, results: Given | None = None, name: str | None = None
) -> Path:
    """Write the card of an exported folder anew, as when results have come; the data stay as they are.

    Args:
        folder: an exported folder, or a run folder that holds one.
        license, results, name: as `export`; None for what the folder says of them.

    Returns:
        `pathlib.Path` of the card.
    """
    loaded = load(folder)
    folder = Path(loaded.folder)
    kept = kept_in(folder)
    told = kept.results if results is None else as_results(results, loaded)
    about = license or kept.license, told, name or kept.name
    try:
        return _write_card(folder, loaded, loaded.dtype, loaded.content, *about)
    except OSError as error:
        raise VddError(f"The card of {folder} could not be written: {why_refused(error)}.") from error


def is_export(folder: File) -> bool:
    """Return whether a folder holds a distilled set and nothing else."""
    names = {entry.name for entry in Path(folder).iterdir() if not is_temporary(entry.name)}
    data = Path(folder) / vdd.DATA_FOLDER
    if vdd.DATA_FOLDER not in names or not data.is_dir():
        return False
    if not names <= {vdd.DATA_FOLDER, *vdd.SIDE_FILES, *vdd.FORMER_FILES}:
        return False
    files = [entry.name for entry in data.iterdir()]
    return bool(files) and all(file.endswith(vdd.SUFFIX) for file in files)


def _check_target(folder: Path, overwrite: bool) -> None:
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder that does not exist yet.")
    if not any(folder.iterdir()):
        return
    if not is_export(folder):
        raise UsageError(
            f"{folder} holds other files than a distilled set and is left as it is: name another folder."
        )
    if not overwrite:
        raise UsageError(
            f"{folder} already holds a distilled set: pass overwrite=True (--force) or name another folder."
        )


def _check_values(distilled: DistilledSet, dtype: str) -> None:
    items = {one.array for one in distilled.memory.items}
    labels = {} if distilled.labels is None else {"labels": distilled.labels}
    for name, array in {**distilled.arrays, **labels}.items():
        largest = float(np.max(np.abs(array)))
        if not np.isfinite(largest):
            raise VddError(
                f"Array {name!r} holds values that are not finite: the run diverged, lower its rates."
            )
        if name in items and largest > STORAGE_TYPES[dtype].largest:
            raise VddError(
                f"Array {name!r} reaches {largest:.3g}, which {dtype} cannot hold: export as float32."
            )


def _write_rows(distilled: DistilledSet, dtype: str, folder: Path) -> str:
    """Write the parquet files and return the hash of their content, which their names carry.

    `datasets` keeps prepared data under the names of its files: a set exported anew under old names
    would come back from the reader's cache as the old one.
    """
    slots = [
        (label, slot) for label in range(distilled.classes) for slot in range(distilled.videos_per_class)
    ]
    chunks = [slots[start : start + vdd.ROWS_A_FILE] for start in range(0, len(slots), vdd.ROWS_A_FILE)]
    features = rows.features_of(distilled, dtype)
    about = {"format_version": vdd.FORMAT_VERSION, "rows": len(slots), "rows_a_file": vdd.ROWS_A_FILE}
    mark = {vdd.METADATA_KEY: json.dumps(about).encode()}
    written = []
    for place, chunk in enumerate(chunks):
        table = rows.table_of(distilled, dtype, chunk, features)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **mark})
        file = folder / f"{place}"
        rows.write_table(table, file)
        with open(file, "rb") as stream:
            written.append((file, vdd.file_hash(hashlib.file_digest(stream, "sha256").hexdigest())))
    content = vdd.content_hash(its_hash for _, its_hash in written)
    for place, (file, its_hash) in enumerate(written):
        file.rename(folder / vdd.file_name(place, len(written), content, its_hash))
    return content


def _write_sides(distilled: DistilledSet, dtype: str, content: str, folder: Path) -> None:
    (folder / vdd.PREVIEW).write_bytes(preview.set_picture(distilled))
    (folder / vdd.RECIPE).write_text(distilled.recipe, encoding="utf-8")
    marks = {vdd.RECIPE_SUM: vdd.recipe_checksum(distilled.recipe), vdd.CONTENT: content}
    provenance = {**provenance_of(distilled, dtype), **marks}
    text = seal(dict(sorted(provenance.items())), indent=2)
    (folder / vdd.PROVENANCE).write_text(text, encoding="utf-8")


def _write_card(
    folder: Path,
    distilled: DistilledSet,
    dtype: str,
    content: str,
    license: str | None,
    results: Results | None,
    name: str | None,
) -> Path:
    stored = sum(file.stat().st_size for file in (folder / vdd.DATA_FOLDER).iterdir())
    text = card.render(distilled, dtype, content, stored, license=license, results=results, name=name)
    if results is not None:
        results.write(folder / vdd.RESULTS, **{vdd.CONTENT: content})
    write_atomically(folder / vdd.CARD, text)
    return folder / vdd.CARD
