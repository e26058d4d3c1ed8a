"""HMDB51 as it is distributed, with its three splits of 70 training and 30 test videos a class."""

import os
import re

from keras_vdd.data.folders.listing import set_root
from keras_vdd.data.sources.official import (
    Lists,
    count_classes,
    find_folder,
    list_official,
    lists_in,
    names_in,
    read_lines,
)
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import UsageError, VddError
from keras_vdd.text import counted

CLASSES = 51
LISTS = (
    "testTrainMulti_7030_splits",
    "test_train_splits/testTrainMulti_7030_splits",
    "test_train_splits",
    "splits",
    "annotations",
)
LAYOUT = "hmdb51_org/<class>/*.avi, the class folders themselves, or a folder of images for each video"
_LIST = re.compile(r"(.+)_test_split([123])\.txt")


def list_hmdb51(root, split=1, unused="drop", classes="all", annotations=None):
    """List HMDB51: class folders of videos, or of folders of images, under `root`, and the split files.

    Missing classes and videos are treated as in `list_ucf101`.

    Args:
        root: the set's folder.
        split: 1, 2 or 3.
        unused: what becomes of the videos that a split leaves out: "drop", or "train" to train on them
            (a class then has more than 70 training videos; the released code of "Dancing with Still
            Images" counts so).
        classes: `data.classes`.
        annotations: folder of the split files where it is not under `root`.

    Returns:
        `Listing`.
    """
    folder = find_folder(
        root, annotations, LISTS, _are_lists, "testTrainMulti_7030_splits/<class>_test_split1.txt"
    )
    return list_official(read_lists(folder, split, unused), root, classes, LAYOUT)


def read_lists(folder, split, unused="drop"):
    """Read the files `<class>_test_split<split>.txt`: a video and its flag in each line.

    Flag 1 is train, 2 is test and 0 unused. Names hold brackets, `#`, `&`, `;` and `!`, lines end in
    blanks, and the same name may occur in two classes.

    Raises:
        UsageError: there is no such split.
        VddError: a file is missing or not as distributed.
    """
    if split not in (1, 2, 3):
        raise UsageError(f"data.split is {split}, and HMDB51 has the splits 1, 2 and 3.")
    classes = sorted({match[1] for match in map(_LIST.fullmatch, names_in(folder)) if match})
    lists = Lists(classes, [], [])
    dropped = 0
    for class_name in classes:
        path = os.path.join(folder, f"{class_name}_test_split{split}.txt")
        for line in read_lines(path):
            name, flag = (line.rsplit(None, 1) + [""])[:2]
            if flag not in ("0", "1", "2"):
                raise VddError(
                    f"'{path}' has the line '{line}', not a video and 0, 1 or 2: "
                    "take the file as distributed."
                )
            if flag == "0" and unused == "drop":
                lists.others.append(name)
                dropped += 1
            else:
                (lists.test if flag == "2" else lists.train).append((class_name, name))
    lists.notes += count_classes(classes, CLASSES, "HMDB51")
    if dropped:
        lists.notes.append(
            f"Split {split} leaves {counted(dropped, 'video')} unused; set data.unused=train to train on these."
        )
    return lists


def _are_lists(names):
    return any(map(_LIST.fullmatch, names))


def listed_in(folder):
    """Tell whether the lists of HMDB51 lie in a folder as they are distributed."""
    return lists_in(folder, LISTS, _are_lists)


def _find(data, progress):
    return list_hmdb51(set_root(data), data.split, data.unused, data.classes, data.annotations)


SOURCES = (
    Source(
        "hmdb51",
        _find,
        size=SetSize(51, 3_570, 1_530, 95),
        splits=3,
        lists=True,
        unused=True,
        listed_in=listed_in,
        file_names=r".+_[fhlu]_(cm|nm)_np\d_(ba|bo|fr|fs|le|ri)_(bad|goo|med)_\d+",
        citation="Kuehne et al., HMDB: A large video database for human motion recognition, ICCV 2011",
    ),
)
