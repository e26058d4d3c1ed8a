"""Exports as format 1 wrote them, made of today's: what older keras-vdd left on disks must stay readable."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SUFFIX = ".vdd.vdd.parquet"


def make_format_1(folder):
    """Rewrite an exported folder as format 1 and return it: no digests, no hash of a file in its name, less config."""
    files = sorted((Path(folder) / "data").iterdir())
    # It did not say which data it is about.
    (Path(folder) / "provenance.json").unlink(missing_ok=True)
    whole = hashlib.sha256()
    for file in files:
        table = pq.read_table(file).drop_columns(["digest"])
        rows = table["integrator"].to_pylist()
        for row in rows:
            config = json.loads(row["config"])
            del config["pairing"], config["normalisation"]
            row.update(format_version=1, config=json.dumps(config, sort_keys=True))
        place = table.column_names.index("integrator")
        table = table.set_column(
            place, table.schema.field(place), pa.array(rows, table.schema.field(place).type)
        )
        about = json.loads(table.schema.metadata[b"huggingface"])
        del about["info"]["features"]["digest"]
        metadata = {b"huggingface": json.dumps(about), b"keras_vdd": json.dumps({"format_version": 1})}
        pq.write_table(table.replace_schema_metadata(metadata), file, row_group_size=len(table))
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    for file in files:
        file.rename(file.with_name("-".join(file.name.split("-")[:4]) + f"-{whole.hexdigest()[:12]}{SUFFIX}"))
    return Path(folder)
