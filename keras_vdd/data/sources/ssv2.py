"""Something-Something V2 as it is distributed: JSON lists and WebM videos named by number."""

import json
import os

from keras_vdd.data.folders.listing import set_root
from keras_vdd.data.sources.official import Lists, count_classes, find_folder, list_official, lists_in
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import VddError
from keras_vdd.text import counted

CLASSES = 174
LISTS = ("labels", "annotations", "20bn-something-something-v2-annotations")
LAYOUT = "20bn-something-something-v2/<id>.webm, the videos in one folder, or a folder of images for each"
# The first release put the name of the set before that of each file.
PREFIXES = ("", "something-something-v2-")


def list_ssv2(root, classes="all", annotations=None):
    """List Something-Something V2: `<id>.webm`, or a folder of images `<id>`, anywhere under `root`.

    The validation videos are the test split, for those of test.json have no public labels. Missing
    classes and videos are treated as in `list_ucf101`.

    Args:
        root: the set's folder.
        classes: `data.classes`.
        annotations: folder of the JSON files where it is not under `root`.

    Returns:
        `Listing`.
    """
    folder = find_folder(root, annotations, LISTS, _are_lists, "labels.json, train.json and validation.json")
    return list_official(read_lists(folder), root, classes, LAYOUT)


def read_lists(folder):
    """Read labels.json, train.json, validation.json and, where it is there, test.json.

    labels.json maps a class to its index, a string; the class of a video is its `template` without
    the brackets around what the people who acted it filled in.

    Raises:
        VddError: a file is missing or not as distributed.
    """
    prefix = _prefix(os.listdir(folder))
    labels_path = os.path.join(folder, f"{prefix}labels.json")
    labels = _read(labels_path, dict)
    if sorted(map(str, labels.values())) != sorted(map(str, range(len(labels)))):
        raise VddError(
            f"'{labels_path}' does not number its classes from 0 to {len(labels) - 1}: "
            "take the file as distributed."
        )
    lists = Lists(sorted(labels), [], [], notes=count_classes(labels, CLASSES, "Something-Something V2"))
    for split, entries in (("train", lists.train), ("validation", lists.test)):
        path = os.path.join(folder, f"{prefix}{split}.json")
        for entry in _read(path, list):
            try:
                video, class_name = str(entry["id"]), entry["template"].replace("[", "").replace("]", "")
            except (TypeError, KeyError, AttributeError):
                raise VddError(
                    f"'{path}' has the entry {json.dumps(entry)}, without id and template: "
                    "take the file as distributed."
                ) from None
            if class_name not in labels:
                raise VddError(
                    f"'{path}' gives video {video} the template '{entry['template']}', which labels.json "
                    "does not know: take the files as distributed."
                )
            entries.append((class_name, f"{video}.webm"))
    path = os.path.join(folder, f"{prefix}test.json")
    if os.path.exists(path):
        entries = _read(path, list)
        lists.others += [str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry]
        lists.notes.append(
            f"Left out, since they have no labels: {counted(len(lists.others), 'video')} of test.json; "
            "the validation videos are the test split."
        )
    return lists


def _are_lists(names):
    return _prefix(names) is not None


def listed_in(folder):
    """Tell whether the lists of Something-Something V2 lie in a folder as they are distributed."""
    # Other data has a labels.json too.
    return lists_in(
        folder, LISTS, lambda names: _are_lists(names) and f"{_prefix(names)}validation.json" in names
    )


def _prefix(names):
    return next((prefix for prefix in PREFIXES if f"{prefix}labels.json" in names), None)


def _read(path, kind):
    try:
        with open(path, encoding="utf-8-sig") as file:
            content = json.load(file)
    except FileNotFoundError:
        raise VddError(f"'{path}' is missing: take the annotations as distributed.") from None
    except ValueError:
        raise VddError(f"'{path}' is no whole JSON file: take the file as distributed.") from None
    if not isinstance(content, kind):
        word = "an object" if kind is dict else "a list"
        raise VddError(f"'{path}' holds no JSON that is {word}: take the file as distributed.")
    return content


def _find(data, progress):
    return list_ssv2(set_root(data), data.classes, data.annotations)


SOURCES = (
    Source(
        "ssv2",
        _find,
        size=SetSize(174, 168_913, 24_777, 46),
        lists=True,
        listed_in=listed_in,
        citation=(
            "Goyal et al., The something something video database for learning and evaluating visual common "
            "sense, ICCV 2017"
        ),
        hub="HuggingFaceM4/something_something_v2",
    ),
)
