"""Damage to the rows of an exported set: functions (rng, table) -> table with something wrong in it."""

import json

import numpy as np
import pyarrow as pa
from published.rewriting import NOT_NUMBERS, change_config, numbers_of, set_column

HOSTILE = (
    0, -1, 1, 3, 7, 10**9, 2**31, 2**63, 10**30, 1.5, float("nan"), float("inf"), "", "x", "float64", "int8", True,
    None, [], [1], [0, 0, 0], [1, -1, 1], [1e400, 1, 1], ["a", "b", "c"], {}, {"statics": [1]}, [[[[1]]]], "x" * 10**6,
)  # fmt: skip
OTHER_VALUES = {
    "mean": [0.5] * 3, "std": [0.5, 0.5, 0], "kind": "still", "dtype": "float16", "classes": 10**9, "frames": 10**9,
    "integrator": 2, "integrators": 12, "dynamic_shape": [5, 8, 8], "shapes": {"statics": [8, 9, 3, 1]},
    "pairing": "one with one", "label_kind": "probabilities", "height": 9, "videos_per_class": 1,
}  # fmt: skip


def any_config(rng, table):
    config = json.loads(table["integrator"][0].as_py()["config"])
    # What is only words may say anything.
    key = str(rng.choice(sorted(set(config) - {"layer"})))
    value = HOSTILE[int(rng.integers(0, len(HOSTILE)))]
    if value == config[key] and type(value) is type(config[key]):
        value = "other"
    if value is None and key in ("pairing", "normalisation"):
        value = 5
    return change_config(table, **{key: value})


def known_config(rng, table):
    key = str(rng.choice(sorted(OTHER_VALUES)))
    return change_config(table, **{key: OTHER_VALUES[key]})


def no_json(rng, table):
    rows = table["integrator"].to_pylist()
    text = ("{", "[]", "null", "", "[" * 100_000, '{"a": 1}', "\x00", "5")[int(rng.integers(0, 8))]
    for row in rows[: int(rng.integers(1, len(rows) + 1))]:
        row["config"] = text
    return set_column(table, "integrator", rows)


def version(rng, table):
    rows = table["integrator"].to_pylist()
    wrong = (0, -1, 3, 2**31 - 1, 1)[int(rng.integers(0, 5))]
    for row in rows[: int(rng.integers(1, len(rows)))]:
        row["format_version"] = wrong
    return set_column(table, "integrator", rows)


def weights(rng, table):
    import safetensors.numpy

    rows = table["integrator"].to_pylist()
    if not rows[0]["weights"]:  # of a kind without any
        for row in rows:
            row["weights"] = rng.bytes(100)
        return set_column(table, "integrator", rows)
    tensors = safetensors.numpy.load(rows[0]["weights"])
    kind = int(rng.integers(0, 6))
    if kind == 0:
        tensors["kernel"][0, 0, 0, 0, 0] = np.nan
    elif kind == 1:
        tensors["bias"] = tensors["bias"].astype(np.float64)
    elif kind == 2:
        tensors["kernel"] = tensors["kernel"][:2]
    elif kind == 3:
        del tensors["bias"]
    elif kind == 4:
        tensors["more"] = np.zeros(2, np.float32)
    blob = safetensors.numpy.save(tensors) if kind < 5 else rows[0]["weights"][: int(rng.integers(0, 1000))]
    for row in rows:
        row["weights"] = blob
    return set_column(table, "integrator", rows)


def label(rng, table):
    labels = table["label"].to_pylist()
    labels[int(rng.integers(0, len(labels)))] = int((-1, 12, 2**40, 11)[int(rng.integers(0, 4))])
    return set_column(table, "label", labels)


def slot(rng, table):
    slots = table["slot"].to_pylist()
    place = int(rng.integers(0, len(slots)))
    slots[place] = int((-1, 2, 2**31 - 1, 1 - slots[place])[int(rng.integers(0, 4))])
    return set_column(table, "slot", slots)


def class_name(rng, table):
    names = table["class_name"].to_pylist()
    names[int(rng.integers(0, len(names)))] = ("", "class 99", "class 3 ", None)[int(rng.integers(0, 4))]
    return set_column(table, "class_name", names)


def class_names(rng, table):
    about = json.loads(table.schema.metadata[b"huggingface"])
    names = about["info"]["features"]["label"]["names"]
    wrong = (names[::-1], names[:-1], [*names, "more"], [], None, "abc", [1] * 12, names[:-1] + names[:1])
    about["info"]["features"]["label"]["names"] = wrong[int(rng.integers(0, 8))]
    return table.replace_schema_metadata({**table.schema.metadata, b"huggingface": json.dumps(about)})


def mark(rng, table):
    marks = (b"", b"{", b"[]", b'{"format_version": "2"}', b'{"format_version": 3}', b'{"format_version": 2}')
    more = (b'{"format_version": 2, "rows": 24, "rows_a_file": 5}', b'{"format_version": 2, "rows": 1e99}')
    text = (*marks, *more)[int(rng.integers(0, 8))]
    metadata = {**table.schema.metadata, b"keras_vdd": text}
    return table.replace_schema_metadata(metadata if text else {b"huggingface": metadata[b"huggingface"]})


def drop_column(rng, table):
    columns = [name for name in table.column_names if name != "preview"]
    return table.drop_columns([str(rng.choice(columns))])


def order(rng, table):
    return table.take(rng.permutation(len(table)) if len(table) > 2 else [1, 0])


def fewer_rows(rng, table):
    return table.slice(0, int(rng.integers(0, len(table))))


def more_rows(rng, table):
    return pa.concat_tables([table, table.slice(0, 1)])


def memories(rng, table):
    column = number_columns(table)[0]
    values = table[column].to_pylist()
    row = int(rng.integers(0, len(values)))
    values[row] = values[row - 1]
    return set_column(table, column, values)


def not_finite(rng, table):
    value = (float("nan"), float("inf"), -float("inf"))[int(rng.integers(0, 3))]
    column = str(rng.choice(number_columns(table, floating=True)))

    def change(cell):
        while isinstance(cell[0], list):
            cell = cell[int(rng.integers(0, len(cell)))]
        cell[int(rng.integers(0, len(cell)))] = value

    return set_column(table, *with_cell(rng, table, column, change))


def ragged(rng, table):
    def change(cell):
        for _ in range(int(rng.integers(0, max(axes_of(cell) - 1, 1)))):
            cell = cell[int(rng.integers(0, len(cell)))]
        if rng.random() < 0.5:
            cell.pop()
        else:
            cell.append(cell[0])

    return set_column(table, *with_cell(rng, table, str(rng.choice(number_columns(table))), change))


def hole(rng, table):
    def change(cell):
        for _ in range(int(rng.integers(0, axes_of(cell)))):
            cell = cell[int(rng.integers(0, len(cell)))]
        cell[int(rng.integers(0, len(cell)))] = None

    return set_column(table, *with_cell(rng, table, str(rng.choice(number_columns(table))), change))


def digest(rng, table):
    values = table["digest"].to_pylist()
    values[int(rng.integers(0, len(values)))] = ("0" * 64, "", None)[int(rng.integers(0, 3))]
    return set_column(table, "digest", values)


def other_type(rng, table):
    numbers = number_columns(table)[0]
    column = str(rng.choice(["label", "slot", "class_name", numbers, "digest"]))
    place = table.column_names.index(column)
    values = table[column].to_pylist()
    kinds = {
        "label": pa.float64(),
        "slot": pa.string(),
        "class_name": pa.binary(),
        "digest": pa.list_(pa.string()),
    }
    if column == numbers:
        return table.set_column(place, column, pa.array([np.ravel(value).tolist() for value in values]))
    if column in ("slot", "class_name"):
        values = [str(value) if column == "slot" else value.encode() for value in values]
    if column == "digest":
        values = [[value] for value in values]
    return table.set_column(place, column, pa.array(values, kinds[column]))


def zero_bomb(rng, table):
    """Numbers that are few bytes in the file and many once unpacked."""
    offsets = pa.array([0] * len(table) + [2**25], pa.int32())
    zeros = pa.ListArray.from_arrays(offsets, pa.repeat(pa.scalar(0, pa.float32()), 2**25))
    column = number_columns(table)[0]
    return table.set_column(table.column_names.index(column), column, zeros)


def text_bomb(rng, table):
    place, text = table.column_names.index("class_name"), pa.array(["x" * 2**27])
    names = pa.DictionaryArray.from_arrays(pa.array([0] * len(table), pa.int32()), text)
    return table.set_column(place, "class_name", names)


def number_columns(table, floating=False):
    """The names of the columns of a memory's numbers; the first holds pictures of four axes."""
    return [
        name
        for name in table.column_names
        if name not in NOT_NUMBERS and (not floating or pa.types.is_floating(numbers_of(table[name]).type))
    ]


def axes_of(cell):
    return 1 + axes_of(cell[0]) if isinstance(cell, list) else 0


def with_cell(rng, table, column, change):
    values = table[column].to_pylist()
    change(values[int(rng.integers(0, len(values)))])
    return column, values


ROWS = (
    any_config, known_config, no_json, version, weights, label, slot, class_name, class_names, mark, order, fewer_rows,
    more_rows, not_finite, ragged, hole,
)  # fmt: skip
# Each with digests left as they are, which find most of it; those of `ROWS` with right ones too.
UNDIGESTED = (*ROWS, memories, digest, drop_column, other_type, zero_bomb, text_bomb)
