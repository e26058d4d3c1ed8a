"""The source for one's own videos: a folder that holds one folder per class."""

import os

from keras_vdd import seeds
from keras_vdd.data.decoding.frame_folders import holds_frames
from keras_vdd.data.sources.listing import Listing, Video, choose_classes, is_video, set_root, shorten
from keras_vdd.data.sources.source import Source
from keras_vdd.errors import VddError


def list_folder(data, progress=None):
    """List `root/<class>/*`, or `root/train/<class>/*` and `root/test/<class>/*`.

    Any file whose ending names a video container is a video, and so is any folder of numbered images
    (`frame000001.jpg`, `00001.jpg`); other files and folders are noted and left alone.
    Without `train` and `test` folders, `test_fraction` of each class (rounded, but at least one video
    of any class that has two) is held out. That draw depends on the names alone, so it is the same
    in every run.
    """
    root = set_root(data)
    if _is_split(os.path.join(root, "train")):
        return list_split_folders(root, data.classes)
    return _list_classes(root, data.classes, data.test_fraction)


def list_split_folders(root, classes):
    """List a folder whose `train` and `test` folders are the splits."""
    test_root = os.path.join(root, "test")
    if not os.path.isdir(test_root):
        raise VddError(
            f"Not enough test videos: '{root}' has a folder 'train' but no folder 'test' beside it."
        )
    ignored = []
    train = _scan(os.path.join(root, "train"), ignored)
    test = _scan(test_root, ignored)
    missing = {name: "has no training videos" for name in {*train, *test} if not train.get(name)}
    there = [name for name in train if train[name]]
    names = choose_classes(classes, there, missing, root)
    notes = _ignored_note(ignored) + _missing_note(missing, names, root)
    untested = [name for name in names if not test.get(name)]
    if untested and len(untested) < len(names):
        notes.append(f"{len(untested)} of {len(names)} classes have no test videos ({shorten(untested)}).")
    return Listing(
        names,
        _videos(os.path.join(root, "train"), names, train),
        _videos(test_root, names, test),
        notes,
    )


def _list_classes(root, classes, test_fraction):
    ignored = []
    found = _scan(root, ignored)
    missing = {name: "has no videos" for name, files in found.items() if not files}
    names = choose_classes(classes, [name for name, files in found.items() if files], missing, root)
    train, test = {}, {}
    for name in names:
        files = found[name]
        held_out = round(len(files) * test_fraction)
        if test_fraction > 0:
            held_out = min(max(held_out, 1), len(files) - 1)
        order = seeds.stream(0, "held-out", name).permutation(len(files))
        test[name] = [files[i] for i in order[:held_out]]
        train[name] = [files[i] for i in order[held_out:]]
    untested = [name for name in names if not test[name]]
    notes = _ignored_note(ignored) + _missing_note(missing, names, root)
    if len(untested) == len(names):
        raise VddError(
            f"Not enough test videos: with data.test_fraction={test_fraction} no class of '{root}' "
            "can spare one; add videos or raise data.test_fraction."
        )
    if untested:
        notes.append(
            f"{len(untested)} of {len(names)} classes have one video, so no test video ({shorten(untested)})."
        )
    return Listing(names, _videos(root, names, train), _videos(root, names, test), notes)


def _is_split(folder):
    """A folder `train` is a split if it holds class folders, and a class of that name if it holds videos."""
    if not os.path.isdir(folder):
        return False
    with os.scandir(folder) as entries:
        return any(
            entry.is_dir() and not holds_frames(entry.path)
            for entry in entries
            if not entry.name.startswith(".") and not is_video(entry.name)
        )


def _scan(root, ignored):
    """Return {class: sorted names of its videos}; add the paths of all else to `ignored`."""
    found = {}
    for entry in _entries(root):
        if not entry.is_dir():
            ignored.append(entry.name)
            continue
        found[entry.name] = []
        for inner in _entries(entry.path):
            if is_video(inner.name) or (inner.is_dir() and holds_frames(inner.path)):
                found[entry.name].append(inner.name)
            else:
                ignored.append(f"{entry.name}/{inner.name}")
    return found


def _entries(folder):
    """Return what is in a folder, hidden entries excepted, by name; the listing tells files from folders."""
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    except PermissionError:
        raise VddError(f"The folder '{folder}' cannot be read: see to its permissions.") from None


def _videos(root, names, files):
    return [
        Video(os.path.join(root, name, file), label, f"{name}/{file}")
        for label, name in enumerate(names)
        for file in sorted(files.get(name, ()))
    ]


def _ignored_note(ignored):
    if not ignored:
        return []
    return [f"Ignored what is neither a video nor a folder of numbered images: {shorten(ignored)}."]


def _missing_note(missing, names, root):
    left_out = sorted(set(missing) - set(names))
    if not left_out:
        return []
    return [f"{len(left_out)} classes without videos in '{root}' are left out ({shorten(left_out)})."]


SOURCES = (Source("folder", list_folder),)
