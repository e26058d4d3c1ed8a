"""Exports changed on purpose and made consistent again, so that what lies behind a checksum is reached."""

import contextlib
import hashlib
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keras_vdd.published import schema as vdd
from keras_vdd.published.digest import row_digest
from keras_vdd.sealed import seal, unseal

SUFFIX = ".vdd.vdd.parquet"
NOT_NUMBERS = ("label", "class_name", "slot", "integrator", "digest", "preview")


def data_files(folder):
    return sorted((folder / "data").iterdir())


def rewrite(file, change, digests=False):
    """Replace a parquet file's table, metadata and all, by what `change` makes of it."""
    table = change(pq.read_table(file))
    pq.write_table(with_digests(table) if digests else table, file, row_group_size=max(1, len(table)))


def with_digests(table):
    """Return a table whose digests are right for what its rows say, whatever that is."""
    rows = table.to_pylist()
    digests = []
    for place, row in enumerate(rows):
        numbers = {
            name: np.asarray(numbers_of(table[name].slice(place, 1)).to_numpy(zero_copy_only=False))
            for name in table.column_names
            if name not in NOT_NUMBERS
        }
        digests.append(row_digest(row["label"], row["slot"], row["class_name"], row["integrator"], numbers))
    return table.set_column(table.column_names.index("digest"), "digest", pa.array(digests, pa.string()))


def numbers_of(column):
    """Return all numbers of a column of nested lists, as a flat Arrow array."""
    array = column.combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    array = array.storage if isinstance(array, pa.ExtensionArray) else array
    while pa.types.is_list(array.type):
        array = array.flatten()
    return array


def change_config(table, **changes):
    """Return a table whose rows' configs have other values; None takes a key away."""
    rows = table["integrator"].to_pylist()
    for row in rows:
        config = json.loads(row["config"]) | changes
        row["config"] = json.dumps({name: value for name, value in config.items() if value is not None})
    return set_column(table, "integrator", rows)


def set_column(table, name, values):
    """Return a table with other values in a column, of the type it had."""
    place = table.column_names.index(name)
    field = table.schema.field(place)
    kind = field.type.storage_type if isinstance(field.type, pa.ExtensionType) else field.type
    return table.set_column(place, pa.field(name, kind), pa.array(values, kind))


def _let_say(path, content):
    """Let a whole file that says which data it is about say others."""
    with contextlib.suppress(OSError, ValueError):
        values = unseal(path.read_text())
        if vdd.CONTENT in values:
            path.write_text(seal({**values, vdd.CONTENT: content}, indent=2))


def rename(folder):
    """Give the data files of a folder the names that their bytes ask for, and return the folder."""
    files = data_files(folder)
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    new = len(files[0].name.split("-")) == 6
    if new:
        content = hashlib.sha256("".join(each[:16] for each in hashes).encode()).hexdigest()[:12]
    else:
        content = hashlib.sha256(b"".join(map(bytes.fromhex, hashes))).hexdigest()[:12]
    card = folder / "README.md"
    if card.exists():
        card.write_text(re.sub(r"train-\*-[0-9a-f]{12}", f"train-*-{content}", card.read_text()))
    for name in (vdd.PROVENANCE, vdd.RESULTS):
        _let_say(folder / name, content)
    for place, (file, each) in enumerate(zip(files, hashes)):
        end = f"-{each[:16]}" if new else ""
        file.rename(file.with_name(f"{place}.tmp"))
        (file.parent / f"{place}.tmp").rename(
            file.with_name(f"train-{place:05d}-of-{len(files):05d}-{content}{end}{SUFFIX}")
        )
    return folder
