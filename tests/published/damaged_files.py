"""Damage to an exported set: functions (rng, folder, other), which change files in `folder`.

`other` is the folder of another set, for what takes files from there. `ALL` has every sort, that of rows too.
"""

import json
import os
import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from published.damaged_rows import ROWS, UNDIGESTED, memories, number_columns
from published.rewriting import change_config, data_files, rename, rewrite, set_column


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
ALL = (
    *BYTES, *NAMES, *map(named, BYTES), named(swap), named(double), named(foreign), row_groups, lying_page, side_file,
    footer, downgrade, numbers_bomb, card, other_names, no_files,
    *map(row_edit(digests=True), ROWS),
    *map(row_edit(digests=False), UNDIGESTED),
)  # fmt: skip
