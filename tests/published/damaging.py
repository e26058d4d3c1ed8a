"""Damaged exports of every sort, and a check that no way of loading one gives wrong videos without a word of ours.

Run by hand for many: `python -P tests/published/damaging.py FIRST LAST SCRATCH [SET...]`. A SET is the folder of an
exported one, or a case of `memory_cases` such as "still"; all of these where none is named. SCRATCH is an empty folder.
"""

import contextlib
import functools
import io
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import time
import traceback

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from published.rewriting import (
    NOT_NUMBERS,
    change_config,
    data_files,
    numbers_of,
    rename,
    rewrite,
    set_column,
)

SECONDS = 30
HOSTILE = (
    0, -1, 1, 3, 7, 10**9, 2**31, 2**63, 10**30, 1.5, float("nan"), float("inf"), "", "x", "float64", "int8", True,
    None, [], [1], [0, 0, 0], [1, -1, 1], [1e400, 1, 1], ["a", "b", "c"], {}, {"statics": [1]}, [[[[1]]]], "x" * 10**6,
)  # fmt: skip
OTHER_VALUES = {
    "mean": [0.5] * 3, "std": [0.5, 0.5, 0], "kind": "still", "dtype": "float16", "classes": 10**9, "frames": 10**9,
    "integrator": 2, "integrators": 12, "dynamic_shape": [5, 8, 8], "shapes": {"statics": [8, 9, 3, 1]},
    "pairing": "one with one", "label_kind": "probabilities", "height": 9, "videos_per_class": 1,
}  # fmt: skip


# Damage that leaves the names as they are: the hashes in them are what finds it.
def flip_bit(rng, folder, other):
    edit_bytes(rng, folder, lambda content: flipped(rng, content, 1))


def flip_bits(rng, folder, other):
    edit_bytes(rng, folder, lambda content: flipped(rng, content, int(rng.integers(2, 200))))


def truncate(rng, folder, other):
    edit_bytes(rng, folder, lambda content: content[: int(rng.integers(0, len(content)))])


def insert(rng, folder, other):
    def change(content):
        place = int(rng.integers(0, len(content)))
        return content[:place] + rng.bytes(int(rng.integers(1, 50))) + content[place:]

    edit_bytes(rng, folder, change)


def empty(rng, folder, other):
    edit_bytes(rng, folder, lambda content: b"")


def swap(rng, folder, other):
    one, two = rng.choice(len(data_files(folder)), 2, replace=False)
    files = data_files(folder)
    first, second = files[one].read_bytes(), files[two].read_bytes()
    files[one].write_bytes(second)
    files[two].write_bytes(first)


def swap_names(rng, folder, other):
    one, two, *_ = data_files(folder)
    one.rename(one.with_name("kept"))
    two.rename(one)
    (one.parent / "kept").rename(two)


def remove(rng, folder, other):
    pick(rng, folder).unlink()


def double(rng, folder, other):
    files = data_files(folder)
    place = int(rng.integers(0, len(files)))
    another = (place + int(rng.integers(1, 5))) % 6
    name = files[place].name.replace(f"train-{place:05d}", f"train-{another:05d}")
    shutil.copy(files[place], files[place].with_name(name))


def renumber(rng, folder, other):
    files = data_files(folder)
    count = int(rng.integers(1, 6))
    for file in files:
        file.rename(file.with_name(file.name.replace(f"of-{len(files):05d}", f"of-{count:05d}")))


def foreign(rng, folder, other):
    mine, its = pick(rng, folder), pick(rng, other)
    shutil.copy(its, mine if rng.random() < 0.5 else mine.with_name(its.name))


def all_foreign_but_one(rng, folder, other):
    kept = data_files(folder)[0]
    for mine, its in zip(data_files(folder)[1:], data_files(other)[1:]):
        mine.unlink()
        shutil.copy(its, kept.with_name(its.name))


def pipe(rng, folder, other):
    file = pick(rng, folder)
    file.unlink()
    os.mkfifo(file)


def directory(rng, folder, other):
    file = pick(rng, folder)
    file.unlink()
    file.mkdir()


def circle(rng, folder, other):
    file = pick(rng, folder)
    file.unlink()
    file.symlink_to(file.name)


def dangling(rng, folder, other):
    file = pick(rng, folder)
    file.unlink()
    file.symlink_to("nowhere")


def huge_hole(rng, folder, other):
    os.truncate(pick(rng, folder), 2**31)


# Damage whose names are made right again, so that the checks behind them are reached.
def named(change):
    def renamed(rng, folder, other):
        change(rng, folder, other)
        rename(folder)

    renamed.__name__ = f"{change.__name__}_named"
    return renamed


def row_edit(digests):
    def decorate(change):
        def edit(rng, folder, other):
            files = data_files(folder)
            chosen = files if change.__name__ == "all_config" else [files[int(rng.integers(0, len(files)))]]
            for file in chosen:
                rewrite(file, lambda table: change(rng, table), digests)
            rename(folder)

        edit.__name__ = change.__name__ + ("_digested" if digests else "")
        return edit

    return decorate


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
    return set_column(table, *with_cell(rng, table, column, lambda cell: cell.__setitem__(0, cell[1])))


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


def row_groups(rng, folder, other):
    file = pick(rng, folder)
    pq.write_table(pq.read_table(file), file, row_group_size=2)
    rename(folder)


def lying_page(rng, folder, other):
    """A page that says of itself that it becomes far larger, in a file whose footer says otherwise."""
    file = pick(rng, folder)
    group = pq.ParquetFile(file).metadata.row_group(0)
    names = [group.column(index).path_in_schema for index in range(group.num_columns)]
    column = f"{number_columns(pq.read_table(file))[0]}.list."
    place = group.column([name.startswith(column) for name in names].index(True)).data_page_offset
    content = bytearray(file.read_bytes())
    # Field 2 of the page header, a zigzag number of five bytes at most, after field 1 (two bytes) and its own head.
    assert content[place] == 0x15 and content[place + 2] == 0x15
    start = end = place + 3
    while content[end] & 128:
        end += 1
    width = end + 1 - start
    content[start : end + 1] = bytes([254, *[255] * (width - 2), 127])
    file.write_bytes(content)
    rename(folder)


def footer(rng, folder, other):
    """A footer of hundreds of thousands of columns or row groups, a few bytes each, or said to be very long."""
    count = 900_000
    length = bytes([0xFC, count & 127 | 128, count >> 7 & 127 | 128, count >> 14])
    column, root = b"\x15\x02\x25\x00\x18\x01a\x00", b"\x48\x01r\x15"
    columns = (
        b"\x15\x02\x19" + length + root + b"\xfe\xed\x6d\x00" + column * (count - 1) + b"\x16\x02\x19\x0c\x00"
    )
    groups = (
        b"\x15\x02\x19\x2c"
        + root
        + b"\x02\x00"
        + column
        + b"\x16\x02\x19"
        + length
        + b"\x19\x0c\x16\x02\x16\x02\x00" * count
    )
    body, said = ((columns, len(columns)), (groups + b"\x00", len(groups) + 1), (b"x" * 100, 2**32 - 1))[
        rng.integers(0, 3)
    ]
    pick(rng, folder).write_bytes(b"PAR1" + body + said.to_bytes(4, "little") + b"PAR1")
    rename(folder)


def downgrade(rng, folder, other):
    """Rows that say they are of format 1, which had no digests, with other numbers."""
    whole = rng.random() < 0.5
    for file in data_files(folder) if whole else [pick(rng, folder)]:
        rewrite(file, lambda table: _as_format_1(rng, table, rng.random() < 0.5))
    rename(folder)


def _as_format_1(rng, table, marked):
    rows = table["integrator"].to_pylist()
    for row in rows:
        row["format_version"] = 1
    table = memories(rng, set_column(table, "integrator", rows))
    if marked:
        table = table.replace_schema_metadata(
            {**table.schema.metadata, b"keras_vdd": b'{"format_version": 1}'}
        )
    return table


def numbers_bomb(rng, folder, other):
    """Zeros that are few bytes and become gigabytes, in a file whose counts all agree."""
    file = pick(rng, folder)
    table, items, channels = pq.read_table(file), 100_000, 3
    column, config = number_columns(table)[0], json.loads(table["integrator"][0].as_py()["config"])
    height, width = config["height"], config["width"]
    cells = pa.repeat(pa.scalar(0, pa.float32()), len(table) * items * height * width * channels)
    for side in (channels, width, height, items):
        offsets = pa.array(np.arange(0, len(cells) + 1, side, dtype=np.int32))
        cells = pa.ListArray.from_arrays(offsets, cells)
    stills = column == "statics"
    counts = {"statics_per_class": config["videos_per_class"] * items} if stills else {"frames": items}
    table = change_config(table, **counts)
    table = table.set_column(table.column_names.index(column), column, cells)
    pq.write_table(table, file, row_group_size=len(table), compression="zstd")
    rename(folder)


def card(rng, folder, other):
    """A card that names other files, or is none."""
    file = folder / "README.md"
    text = file.read_text()
    path = re.search(r"path: (data/[^}]*)}", text)[1]
    texts = (
        text.replace(path, "nothing/*"), text.replace(path, "data/train-00000*"), text.replace(path, "provenance.json"),
        text.replace(path, "../other/data/*"), text.replace(path, "/etc/passwd"), text.replace("split: train, ", ""),
        text.replace("configs: [", "configs: [["), text.replace("configs: [", "configs: " + "[" * 3000),
        text.replace("configs: [", "configs: 5\nothers: ["),
        text.replace("---\n", "---\nx: !!python/name:os.system\n", 1),
        text.replace("config_name: default,", "config_name: default, nonsense: 5,"),
        text.replace("config_name: default,", "config_name: default, columns: [label],"),
        text.replace("config_name: default,", "config_name: default, filters: [[label, '==', 3]],"),
        text.replace(
            "configs: [", "dataset_info: {splits: [{name: train, num_bytes: 1, num_examples: 5}]}\nconfigs: ["
        ),
        text.encode("utf-16"), text.encode()[:99] + b"\xff" + text.encode()[99:], text.replace("\n", "\r\n"), "",
    )  # fmt: skip
    changed = texts[rng.integers(0, len(texts))]
    file.write_bytes(changed if isinstance(changed, bytes) else changed.encode())


def other_names(rng, folder, other):
    """Names changed on all files alike; what the card names is not there then."""
    changes = (
        lambda name: name[:33] + name[50:], lambda name: name[:20] + name[50:], str.upper,
        lambda name: name.replace(".vdd.vdd", ".vdd"), lambda name: name[:21] + "0" * 12 + name[33:],
        lambda name: name.replace("train", "tra\nin"), lambda name: name.replace("of-00003", "of-00004"),
    )  # fmt: skip
    change = changes[rng.integers(0, len(changes))]
    for file in data_files(folder):
        file.rename(file.with_name(change(file.name)))
    if rng.random() < 0.3:
        (folder / "README.md").unlink()


def no_files(rng, folder, other):
    shutil.rmtree(folder / "data")
    kind = rng.integers(0, 4)
    if kind == 0:
        (folder / "data").mkdir()
    elif kind == 1:
        os.mkfifo(folder / "data")
    elif kind == 2:
        (folder / "data").symlink_to("data")


def side_file(rng, folder, other):
    file = folder / str(rng.choice(["provenance.json", "recipe.yaml"]))
    if rng.random() < 0.3:
        file.unlink()
        os.mkfifo(file)
    else:
        file.write_bytes(rng.bytes(50))


def edit_bytes(rng, folder, change):
    file = pick(rng, folder)
    file.write_bytes(change(file.read_bytes()))


def flipped(rng, content, count):
    changed = bytearray(content)
    for place in rng.integers(0, len(content), count):
        changed[place] ^= 1 << int(rng.integers(0, 8))
    return bytes(changed)


def pick(rng, folder):
    files = data_files(folder)
    return files[int(rng.integers(0, len(files)))]


BYTES = (flip_bit, flip_bits, truncate, insert, empty)
NAMES = (
    swap, swap_names, remove, double, renumber, foreign, all_foreign_but_one, pipe, directory, circle, dangling,
    huge_hole,
)  # fmt: skip
ROWS = (
    any_config, known_config, no_json, version, weights, label, slot, class_name, class_names, mark, order, fewer_rows,
    more_rows, not_finite, ragged, hole,
)  # fmt: skip
ALL = (
    *BYTES, *NAMES, *map(named, BYTES), named(swap), named(double), named(foreign), row_groups, lying_page, side_file,
    footer, downgrade, numbers_bomb, card, other_names, no_files,
    *map(row_edit(digests=True), ROWS),
    *map(row_edit(digests=False), (*ROWS, memories, digest, drop_column, other_type, zero_bomb, text_bomb)),
)  # fmt: skip


def run(first, last, scratch, folders):
    """Damage copies of sets by the numbers `first` to `last - 1`, each by one sort of damage and of one set in turn.

    Returns:
        (how often each outcome was, complaints, GiB of memory at most).
    """
    import datasets

    import keras_vdd

    counts, complaints, wholes = {}, [], {}
    for number in range(first, last):
        rng = np.random.default_rng(number)
        round_, sort = divmod(number, len(ALL))
        change, folder = ALL[sort], folders[(sort + round_) % len(folders)]
        other = scratch / f"other-{folder.name}"
        if folder not in wholes:
            whole = keras_vdd.load(folder)
            keras_vdd.export(whole, other, dtype="float16", overwrite=True)
            wholes[folder] = whole.reconstruct(), whole.labels_of(whole.pairs())
        truth = wholes[folder]
        damaged, cache = scratch / "damaged", scratch / "cache"
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(folder, damaged)
        if "bomb" in change.__name__:  # what making one takes is not to count
            in_child(change, rng, damaged, other)
        else:
            change(rng, damaged, other)
        for way in (load_whole, load_bare, load_stream):
            shutil.rmtree(cache, ignore_errors=True)
            started = time.monotonic()
            load = functools.partial(way, keras_vdd, datasets, damaged, cache)
            outcome = outcome_of(load, truth)
            counts[outcome.split(":")[0]] = counts.get(outcome.split(":")[0], 0) + 1
            if outcome.split(":")[0] not in ("right", "told") or time.monotonic() - started > SECONDS:
                complaints.append(f"{number} {folder.name} {change.__name__} {way.__name__}: {outcome}")
        peak = peak_gib()
        if peak > 1:
            complaints.append(f"{number} {folder.name} {change.__name__}: {peak:.2f} GiB")
            break
    return counts, complaints, peak


def in_child(change, *args):
    child = os.fork()
    if not child:
        try:
            change(*args)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def sets_of(names, scratch):
    """Return the folders of sets that are named by a folder or a case; those of cases are exported into `scratch`."""
    made = [name for name in names if not pathlib.Path(name).is_dir()]
    if made or not names:
        in_child(export_cases, made, scratch)  # what a backend takes is not to count
    named = [pathlib.Path(name) if name not in made else scratch / "sets" / name for name in names]
    return named or sorted((scratch / "sets").iterdir())


def export_cases(names, scratch):
    from memory_cases import CASES, as_set, filled, layer

    import keras_vdd

    (scratch / "sets").mkdir(exist_ok=True)
    for name in names or CASES:
        kind, options = CASES[name]
        made = as_set(filled(layer(kind, 12, 5, 8, **options)))
        keras_vdd.export(made, scratch / "sets" / name, overwrite=True)


def peak_gib():
    """The most memory that this process has had; what the system hands on from the parent of a process is not in it."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) / 2**20


def outcome_of(load, truth):
    """Return "right", "told: sentence" or what is wrong."""
    from keras_vdd.errors import VddError

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        # `datasets` says on stderr that it prepares; what it says of an error is looked at in the error.
        with contextlib.redirect_stderr(io.StringIO()):
            videos, labels = load()
    except VddError as error:
        text = str(error)
        fits = "\n" not in text and text.endswith(".") and 20 < len(text) < 500
        return f"told: {text}" if fits else f"no sentence: {text[:600]!r}"
    except TimeoutError:
        return "hang"
    except Exception as error:
        return f"foreign {type(error).__name__}: {str(error)[:300]!r}"
    finally:
        signal.alarm(0)
    same = np.shape(videos) == truth[0].shape and np.array_equal(videos, truth[0])
    return "right" if same and np.array_equal(labels, truth[1]) else "WRONG"


def too_long(*args):
    raise TimeoutError


def load_whole(keras_vdd, datasets, folder, cache):
    return keras_vdd.load(folder).videos()


def load_bare(keras_vdd, datasets, folder, cache):
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(cache))
    return np.stack(rows[:]["video"]), rows[:]["label"]


def load_stream(keras_vdd, datasets, folder, cache):
    rows = list(datasets.load_dataset(str(folder), split="train", streaming=True))
    return np.stack([row["video"] for row in rows]), [row["label"] for row in rows]


if __name__ == "__main__":
    numbers, place = map(int, sys.argv[1:3]), pathlib.Path(sys.argv[3])
    found, wrong, most = run(*numbers, place, sets_of(sys.argv[4:], place))
    print(json.dumps({"counts": found, "complaints": wrong, "GiB": round(most, 3)}, indent=1))
