"""How a folder of videos is laid out, and for one that lies otherwise than expected what to set instead."""

import os
import re
from collections.abc import Iterable, Mapping

from keras_vdd.data.decoding.frame_folders import NOT_THERE, holds_frames
from keras_vdd.data.folders.clutter import entries, is_folder
from keras_vdd.data.folders.listing import is_video, needs_training_videos
from keras_vdd.data.sources import SOURCES
from keras_vdd.errors import VddError
from keras_vdd.text import command_line

SPLITS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validate", "validation", "eval", "evaluation", "dev"),
}
# How many folders down, and how many folders of each level, a search looks: a slip such as data.root=/ should end soon.
_DEEPEST = 3
# What people put behind these names: `train_set`, `test videos`.
_OF_SPLITS = re.compile("[ _-]?(set|split|data|videos?|clips?)$")
_MOST_FOLDERS = 500


def split_of(name: str) -> str | None:
    """Return which of `SPLITS` a folder is called after, in letters of any size; None for none."""
    return next((split for split, names in SPLITS.items() if _bare(name) in names), None)


def _bare(name):
    return _OF_SPLITS.sub("", name.casefold())


def stands_for_video(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a video by its ending, or a folder of numbered images."""
    if is_folder(entry):
        return holds_frames(entry.path)
    return is_video(entry.name) and entry.is_file()


def holds_videos(folder: str) -> bool:
    """Tell whether videos lie in a folder itself, not in folders in it."""
    return any(map(stands_for_video, _inside(folder)))


def holds_classes(folder: str, least: int = 1, deep: bool = False) -> bool:
    """Tell whether at least so many folders in a folder hold videos; if `deep`, in folders in them counts too."""
    count = 0
    for entry in _inside(folder):
        if is_folder(entry):
            count += holds_videos(entry.path) or (deep and first_video(entry.path) is not None)
        if count == least:
            return True
    return False


def find_splits(root: str) -> tuple[str | None, str | None]:
    """Return the names of the folders of training and of test videos in a folder.

    What is called `val` and the like is taken for test where no folder `test` holds class folders. A folder `train`
    that holds videos itself is a class of that name, unless there are class folders for test.

    Returns:
        (train, test): both None where there is no folder of training videos and these are needed (see
            `test_videos_alone`); each where there is none of its kind.
    """
    folders = [entry for entry in _inside(root) if is_folder(entry)]
    named = [(split, entry) for entry in folders if (split := split_of(entry.name)) is not None]
    # `train` before `Training`.
    named.sort(key=lambda one: (SPLITS[one[0]].index(_bare(one[1].name)), one[1].name.lower() != one[1].name))
    tests = [entry for wanted in ("test", "validation") for split, entry in named if split == wanted]
    filled = [entry for entry in tests if holds_classes(entry.path, deep=True)]
    train = [
        entry.name
        for split, entry in named
        if split == "train"
        and holds_classes(entry.path, deep=True)
        and (filled or not holds_videos(entry.path))
    ]
    if not train and needs_training_videos():
        return None, None
    return next(iter(train), None), next((entry.name for entry in [*filled, *tests]), None)


def offer(root: str) -> str | None:
    """Return the sentence that says where the class folders of a wrongly named root are, or what else it is.

    It looks at the lists of public sets, at the folder above and at most three folders down. None where nothing is
    found to offer.
    """
    places = [root, *(entry.path for entry in _inside(root)[:_MOST_FOLDERS] if is_folder(entry))]
    for place in places:
        if names := public_sets(place):
            there = [] if place == root else [f"data.root={place}"]
            options = " or ".join(command_line([f"data.set={name}", *there]) for name in names)
            return f"'{place}' holds the lists of a public set: set {options}, which reads them."
    if not holds_classes(root, deep=True):
        return _offer_above(root) if holds_videos(root) else None
    return (None if holds_classes(root) else _class_folders_below(root)) or _splits_below(root)


def public_sets(folder: str) -> list[str]:
    """Return the names of the sets whose official lists lie in a folder as they are distributed."""
    return [source.name for source in SOURCES if source.listed_in is not None and source.listed_in(folder)]


def named_as(names: Iterable[str]) -> list[str]:
    """Return the names of the sets whose videos have names like more than nine in ten of these files."""
    stems = [os.path.splitext(name)[0] for name in names]
    found = []
    for source in SOURCES:
        if source.file_names:
            like = sum(re.fullmatch(source.file_names, stem) is not None for stem in stems)
            if like > 0.9 * len(stems):
                found.append(source.name)
    return found


def whole_set(folder: str) -> str | None:
    """Return the folder of which this one is a split or a class, or None."""
    above = os.path.dirname(os.path.abspath(folder))
    if find_splits(above)[0] is not None and split_of(os.path.basename(os.path.abspath(folder))):
        return above
    if split_of(os.path.basename(above)) and find_splits(os.path.dirname(above))[0] is not None:
        return os.path.dirname(above)
    return None


def _offer_above(root):
    lists = [entry.name for entry in _inside(root) if entry.name.lower().endswith((".csv", ".tsv"))]
    if lists:
        return (
            f"'{root}' holds videos and no class folders: put them into folders '{root}/<class>', or register a set "
            f"that reads '{lists[0]}', as docs/adding-a-dataset.md says."
        )
    above = whole_set(root) or os.path.dirname(os.path.abspath(root))
    if find_splits(above)[0] is not None or holds_classes(above, 2):
        return f"'{root}' holds videos and no class folders, as a class does: set {_root(above)}, which has classes."
    return f"'{root}' holds videos and no class folders: put them into folders '{root}/<class>', one of each class."


def _class_folders_below(root):
    level = [root]
    for _ in range(_DEEPEST):
        level = [
            e.path for folder in level for e in _inside(folder) if is_folder(e) and not holds_frames(e.path)
        ]
        level = level[:_MOST_FOLDERS]
        sets = [f for f in level if find_splits(f)[0] is not None or holds_classes(f, 2, deep=True)]
        if sets:
            others = [folder for folder in level if folder not in sets and first_video(folder)]
            if len(sets) == 1 and not others:
                return f"The class folders of '{root}' lie in '{sets[0]}': set {_root(sets[0])}{_public(sets[0])}."
            break
    return None


def _splits_below(root):
    """Say of the first folder that holds splits what may be meant."""
    for outer in _inside(root)[:_MOST_FOLDERS]:
        for inner in _inside(outer.path) if is_folder(outer) else ():
            if split_of(inner.name) is None or not is_folder(inner):
                continue
            if find_splits(outer.path)[0] is not None:
                return f"'{outer.name}' in '{root}' has splits of its own, which hold classes: set {_root(outer.path)}."
            if (video := first_video(inner.path)) is not None:
                return (
                    f"'{os.path.relpath(video, root)}' in '{root}' has the split under the class: name the folders "
                    f"'{root}/{inner.name}/{outer.name}', with train and test above the classes."
                )
    return None


def refuse_ambiguous(root: str, folders: Mapping[str, str]) -> None:
    """Refuse class folders that hold folders alone, of which some have one name: either may be the class.

    Args:
        root: for the error.
        folders: path of each class folder, by its name.

    Raises:
        VddError: they are so.
    """
    seen: dict[str, str] = {}
    if any(map(holds_videos, folders.values())):
        return
    for name, path in folders.items():
        for inner in _inside(path):
            if not is_folder(inner) or first_video(inner.path) is None:
                continue
            other = seen.setdefault(inner.name, name)
            if other != name:
                splits = (
                    f"if '{other}' and '{name}' are splits, name them 'train' and 'test'; "
                    if len(folders) == 2
                    else ""
                )
                raise VddError(
                    f"'{root}' has folders of one name in several others, '{other}/{inner.name}' and "
                    f"'{name}/{inner.name}': {splits}set data.classes=present if '{other}' and '{name}' are the "
                    f"classes; if '{inner.name}' is, move what is in it to '{root}/{inner.name}', or set "
                    f"{_root(folders[other])}."
                )


def first_video(folder: str, depth: int = _DEEPEST) -> str | None:
    """Return the path of a video in a folder or at most so many folders further down, or None."""
    inside = _inside(folder)
    for entry in inside:
        if stands_for_video(entry):
            return entry.path
    for entry in inside[:_MOST_FOLDERS] if depth else ():
        if is_folder(entry) and not holds_frames(entry.path):
            found = first_video(entry.path, depth - 1)
            if found is not None:
                return found
    return None


def _public(folder):
    """Add the public sets whose names the videos under a folder have."""
    names = named_as([os.path.basename(first_video(folder) or "")])
    return (
        f" (and data.set={' or '.join(names)} for official splits, which needs the set's lists)"
        if names
        else ""
    )


def _root(folder):
    return command_line([f"data.root={folder}"])


def _inside(folder):
    """What is in a folder; nothing where it cannot be read, which the listing itself tells."""
    try:
        return entries(folder)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return []
