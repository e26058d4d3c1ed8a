"""Kinetics-400, 600 and 700 as they are distributed: CSV lists, and videos named by source and time."""

import csv
import functools
import os
import re

from keras_vdd.data.folders.listing import set_root
from keras_vdd.data.sources.official import Lists, count_classes, hint_for, list_official, names_in
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import VddError
from keras_vdd.text import counted

LAYOUT = "train/ and val/ with <youtube_id>_<start>_<end>.mp4, in class folders or not, or folders of images"
_SPLITS = {"train": "train", "val": "test", "validate": "test", "validation": "test", "test": "unlabelled"}
_LIST = re.compile(r"(?:.*[_-])?(train|val|validate|validation|test)\.csv", re.IGNORECASE)


def list_kinetics(root, expected, classes="all", annotations=None):
    """List a Kinetics set: videos, or folders of images with their names, anywhere under `root`.

    The validation videos are the test split, as is usual. Videos vanish from where the set was drawn,
    so missing ones are counted and noted; a class without any stops the work, unless `classes` is
    "present". A video under a folder `replacement*` is taken for the damaged one of its name.

    Args:
        root: the set's folder.
        expected: how many classes the set has: 400, 600 or 700.
        classes: `data.classes`.
        annotations: folder of train.csv and val.csv, or one file with both, where they are not under `root`.

    Returns:
        `Listing`.
    """
    paths = _csv_files(root, f"kinetics{expected}", annotations)
    if paths is None:
        _refuse_missing(root, f"kinetics{expected}", annotations)
    lists = read_lists(paths, f"Kinetics-{expected}", expected)
    return list_official(lists, root, classes, LAYOUT, complete=False, replacement="replacement")


def read_lists(paths, name, expected):
    """Read CSV lists in either dialect.

    Columns are found by their names: `label` (absent where labels are withheld), `youtube_id`,
    `time_start`, `time_end`, and, where they are there, `split` (`train`, `val` or `validate`, `test`)
    and `is_cc`, which is not needed. Without `split` the name of the file tells.

    Args:
        paths: the files.
        name, expected: the name of the set and its number of classes.

    Raises:
        UsageError: more classes than the set has.
        VddError: a file is not as distributed.
    """
    lists = Lists([], [], [])
    entries = {"train": lists.train, "test": lists.test}
    for path in paths:
        try:
            for split, label, video in _read(path):
                if split == "unlabelled":
                    lists.others.append(video)
                else:
                    entries[split].append((label, video))
        except (csv.Error, UnicodeDecodeError) as error:
            raise VddError(f"'{path}' is no CSV list ({error}): take the file as distributed.") from None
    lists.classes = sorted({label for label, _ in lists.train + lists.test})
    lists.notes += count_classes(lists.classes, expected, name)
    if lists.others:
        lists.notes.append(
            f"Left out, since labels of the list for test are withheld as a rule: {counted(len(lists.others), 'video')}"
            "; the validation videos are the test split."
        )
    return lists


def _csv_files(root, subfolder, annotations):
    """Return the paths of the CSV files, at most one of a split; None where there are none of train and test."""
    if annotations and os.path.isfile(annotations):
        return [annotations]
    places = [[os.path.join(root, "annotations")], [root], [os.path.join(root, subfolder)]]
    if annotations:
        places = [[annotations], [os.path.join(annotations, subfolder)]]
    # The lists of 2017 came each in a folder of its own.
    own = ("kinetics_train", "kinetics_val", "kinetics_test")
    places += [[os.path.join(base, name) for name in own] for (base,) in places]
    for folders in places:
        paths = {}
        for folder in folders:
            for file in names_in(folder):
                match = _LIST.fullmatch(file)
                if match:
                    paths.setdefault(_SPLITS[match[1].lower()], []).append(os.path.join(folder, file))
        if "train" in paths and "test" in paths:
            for found in paths.values():
                if len(found) > 1:
                    raise VddError(
                        f"'{found[0]}' and '{found[1]}' are lists of one split: name a folder with one of "
                        "each, or one file, as data.annotations."
                    )
            return [found for (found,) in paths.values()]
    return None


def listed_in(folder, subfolder):
    """Tell whether CSV lists of Kinetics lie in a folder as they are distributed."""
    try:
        paths = _csv_files(folder, subfolder, None)
        return paths is not None and all(_has_columns(path) for path in paths)
    except (VddError, OSError, UnicodeDecodeError):
        return False


def _has_columns(path):
    with open(path, encoding="utf-8-sig") as file:
        return {"youtube_id", "time_start", "time_end"} <= {
            name.strip() for name in file.readline(4096).split(",")
        }


def _refuse_missing(root, subfolder, annotations):
    where = f"data.annotations '{annotations}'" if annotations else f"data.root '{root}'"
    hint = "correct it" if annotations else hint_for(root, lambda place: listed_in(place, subfolder))
    raise VddError(f"{where} does not hold annotations/train.csv and annotations/val.csv: {hint}.")


def _read(path):
    """Yield (split, label or None, name) of each line."""
    match = _LIST.fullmatch(os.path.basename(path))
    by_name = _SPLITS[match[1].lower()] if match else None
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        columns = {name.strip(): number for number, name in enumerate(next(rows, ()))}
        try:
            video, start, end = (columns[name] for name in ("youtube_id", "time_start", "time_end"))
        except KeyError as error:
            raise VddError(f"'{path}' has no column {error}: take the file as distributed.") from None
        label, split = columns.get("label"), columns.get("split")
        if split is None and by_name is None:
            raise VddError(
                f"'{path}' has no column 'split', nor does its name tell: call it train.csv or val.csv."
            )
        for row in rows:
            if not row:
                continue
            try:
                part = by_name if split is None else _SPLITS[row[split].strip()]
                name = f"{row[video].strip()}_{int(float(row[start])):06d}_{int(float(row[end])):06d}.mp4"
                yield part, None if part == "unlabelled" else row[label].strip(), name
            except (KeyError, IndexError, ValueError, TypeError):
                raise VddError(
                    f"'{path}' has the line {rows.line_num} '{','.join(row)}', which lacks a part or has "
                    "another in its place: take the file as distributed."
                ) from None


def _source(classes, train, test, citation):
    def find(data, progress):
        return list_kinetics(set_root(data), classes, data.classes, data.annotations)

    return Source(
        f"kinetics{classes}",
        find,
        size=SetSize(classes, train, test, 280),
        lists=True,
        file_names=r"[\w-]{11}_\d{6}_\d{6}",
        listed_in=functools.partial(listed_in, subfolder=f"kinetics{classes}"),
        citation=citation,
    )


SOURCES = (
    _source(400, 246_534, 19_906, "Kay et al., The Kinetics human action video dataset, 2017"),
    _source(600, 392_622, 30_001, "Carreira et al., A short note about Kinetics-600, 2018"),
    _source(
        700, 545_317, 35_000, "Carreira et al., A short note on the Kinetics-700 human action dataset, 2019"
    ),
)
