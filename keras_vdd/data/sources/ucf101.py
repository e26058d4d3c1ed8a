"""UCF101 as it is distributed, with its official splits."""

import os
import re
from collections.abc import Collection, Sequence

from keras_vdd.data.folders.listing import Listing, set_root
from keras_vdd.data.sources.official import (
    Lists,
    count_classes,
    find_folder,
    list_official,
    lists_in,
    read_lines,
)
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import UsageError, VddError

CLASSES = 101
# Where the lists lie as a rule, from the set's folder: as the archives unpack, and as MMAction2 names it.
LISTS = ("ucfTrainTestlist", "UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist", "annotations")
LAYOUT = "UCF-101/<Class>/v_*.avi, the class folders themselves, or a folder of images for each video"


def list_ucf101(
    root: str, split: int = 1, classes: str | Sequence[str] = "all", annotations: str | None = None,
    subset: Collection[str] | None = None,
) -> Listing:  # fmt: skip
    """List UCF101: class folders of videos, or of folders of images, under `root`, and `ucfTrainTestlist/`.

    Args:
        root: the set's folder.
        split: 1, 2 or 3.
        classes: `data.classes`. With "all", a listed class or video that is not on the disk is an error; with
            "present" it is left out; a list of names needs these classes and leaves missing videos out. The listing
            notes what is left out.
        annotations: folder of classInd.txt, trainlist0N.txt and testlist0N.txt where it is not under `root`.
        subset: names of the classes that the set consists of, of a set such as MiniUCF; None for all.

    Raises:
        UsageError: there is no such split or class.
        VddError: lists or videos are missing, or the lists are not as distributed.
    """
    folder = find_folder(root, annotations, LISTS, _are_lists, "ucfTrainTestlist/classInd.txt")
    lists = read_lists(folder, split, subset)
    # Copies differ from the lists in the case of some names (HandStandPushups).
    return list_official(lists, root, classes, LAYOUT, any_case=True)


def read_lists(folder: str, split: int, subset: Collection[str] | None = None) -> Lists:
    """Read the lists of a split as distributed.

    The class of a video is its folder in the list: test lists have no labels, and the names of files
    differ from their class in case (`HandstandPushups/v_HandStandPushups_*`). The labels of train lists
    count from 1; they must agree with the class index.

    Args:
        folder: of the lists.
        split, subset: as `list_ucf101` takes them.

    Raises:
        UsageError: there is no such split.
        VddError: a file is missing or not as distributed.
    """
    if split not in (1, 2, 3):
        raise UsageError(f"data.split is {split}, and UCF101 has the splits 1, 2 and 3.")
    numbers = _read_classes(os.path.join(folder, "classInd.txt"))
    lists = Lists(sorted(name for name in numbers if subset is None or name in subset), [], [])
    expected, name = (CLASSES, "UCF101") if subset is None else (len(subset), "MiniUCF")
    lists.notes += count_classes(lists.classes, expected, name)
    used = set(lists.classes)
    for kind, entries in (("train", lists.train), ("test", lists.test)):
        for class_name, file in _read_split(os.path.join(folder, f"{kind}list0{split}.txt"), numbers):
            if class_name in used:
                entries.append((class_name, file))
            else:
                lists.others.append(file)
    return lists


def _read_classes(path):
    """Return {class: number}; numbers count from 1."""
    numbers = {}
    for line in read_lines(path):
        match = re.fullmatch(r"(\d+)\s+(\S+)", line)
        if not match:
            raise VddError(
                f"'{path}' has the line '{line}', not number and class: take the file as distributed."
            )
        numbers[match[2]] = int(match[1])
    return numbers


def _read_split(path, numbers):
    """Yield (class, file) of each line of a train or test list; `numbers` are those of `_read_classes`."""
    for line in read_lines(path):
        match = re.fullmatch(r"([^/\s]+)/([^/]+?)(?:\s+(\d+))?", line)
        if not match:
            raise VddError(
                f"'{path}' has the line '{line}', not Class/video.avi: take the file as distributed."
            )
        class_name, file, label = match.groups()
        if class_name not in numbers:
            raise VddError(
                f"'{path}' lists '{class_name}/{file}', whose class is not in classInd.txt: "
                "take the files as distributed."
            )
        if label and int(label) != numbers[class_name]:
            raise VddError(
                f"'{path}' gives '{class_name}/{file}' the label {label}, and classInd.txt has "
                f"{numbers[class_name]}: take the files as distributed."
            )
        yield class_name, file


def _are_lists(names):
    return "classInd.txt" in names


def listed_in(folder: str) -> bool:
    """Tell whether the lists of UCF101 lie in a folder as they are distributed."""
    return lists_in(folder, LISTS, _are_lists)


def _find(data, progress):
    return list_ucf101(set_root(data), data.split, data.classes, data.annotations)


CITATION = "Soomro et al., UCF101: A dataset of 101 human action classes from videos in the wild, 2012"
SOURCES = (
    Source(
        "ucf101",
        _find,
        size=SetSize(101, 9_537, 3_783, 187),
        splits=3,
        lists=True,
        citation=CITATION,
        listed_in=listed_in,
        file_names=r"v_[A-Za-z]+_g\d\d_c\d\d",
    ),
)
