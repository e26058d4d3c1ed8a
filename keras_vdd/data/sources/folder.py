"""The source for one's own videos: a folder that holds one folder per class."""

import os
from dataclasses import dataclass, field, replace

from keras_vdd import seeds
from keras_vdd.data.decoding.frame_folders import is_folder_at
from keras_vdd.data.folders.alike import alike_notes, refuse_alike
from keras_vdd.data.folders.clutter import LeftAlone, entries, is_folder, made_here
from keras_vdd.data.folders.listing import (
    Listing,
    Video,
    choose_classes,
    is_video,
    needs_training_videos,
    set_root,
    shorten,
)
from keras_vdd.data.sources.layout import (
    find_splits,
    first_video,
    holds_classes,
    holds_videos,
    named_as,
    offer,
    public_sets,
    refuse_ambiguous,
    split_of,
    stands_for_video,
    whole_set,
)
from keras_vdd.data.sources.source import Source
from keras_vdd.errors import VddError
from keras_vdd.text import as_text, command_line, counted, printable


@dataclass
class _Class:
    """A class folder: its path, and the videos in it, from there on as they are on the disk, sorted as texts."""

    path: str
    files: list = field(default_factory=list)

    @property
    def deep(self):
        """The first of the videos that lies in a folder of this one, or None."""
        return next((file for file in self.files if "/" in file), None)


def list_folder(data, progress=None):
    """List `root/<class>/*`, or `root/train/<class>/*` and `root/test/<class>/*`.

    Videos in folders of a class folder, such as those of scenes or people, count for the class, with a note.
    Any file whose ending names a video container is a video, and so is any folder of numbered images
    (`frame000001.jpg`, `00001.jpg`); other files and folders are noted and left alone.
    Without `train` and `test` folders, `test_fraction` of each class (rounded, but at least one video
    of any class that has two) is held out. That draw depends on the names alone, so it is the same
    in every run.
    """
    root = set_root(data)
    train, test = find_splits(root)
    if train is None and test is None:
        if made_here(root):
            raise VddError(
                f"'{root}' is a store, a run or a set that was made of videos, or holds such: correct data.root."
            )
        return _list_classes(root, data.classes, data.test_fraction)
    if test is None:
        raise VddError(
            f"Not enough test videos: '{root}' has a folder '{train}' but no folder 'test' beside it."
        )
    left = LeftAlone()
    train = train or "train"  # where the test videos alone are wanted it need not be there
    notes = _beside(root, train, test, left)
    listing = list_split_folders(root, data.classes, train, test, left)
    return replace(listing, notes=[*notes, *listing.notes])


def list_split_folders(root, classes, train_folder="train", test_folder="test", left=None):
    """List a folder of which two folders are the splits; `left` is what is known to be left alone beside them."""
    left = left or LeftAlone()
    train, test = (
        _scan(os.path.join(root, name), left, f"{name}/") if is_folder_at(os.path.join(root, name)) else {}
        for name in (train_folder, test_folder)
    )
    refuse_alike(train_folder, _filled(train), test_folder, _filled(test))
    trained_on = {os.path.realpath(train[name].path): train[name].path for name in _filled(train)}
    for name in _filled(test):
        if (one := trained_on.get(os.path.realpath(test[name].path))) is not None:
            _refuse_one_folder(root, os.path.relpath(one, root), os.path.relpath(test[name].path, root))
    for folder, found in ((train_folder, train), (test_folder, test)) if classes == "all" else ():
        refuse_ambiguous(os.path.join(root, folder), {name: found[name].path for name in _filled(found)})
    there = {*_filled(train), *(() if needs_training_videos() else _filled(test))}
    missing = {name: "has no training videos" for name in {*train, *test} if name not in there}
    names = choose_classes(classes, there, missing, root)
    notes = left.notes() + alike_notes(names) + _missing_note(missing, names, root) + _deep_note(train, names)
    untested = [name for name in names if name not in test or not test[name].files]
    if untested and len(untested) < len(names):
        notes.append(f"Without test videos: {len(untested)} of {len(names)} classes ({shorten(untested)}).")
    return Listing(names, _videos(names, train), _videos(names, test), notes)


def _refuse_one_folder(root, train, test):
    raise VddError(
        f"'{train}' and '{test}' of '{root}' are one folder: a network must not be tested on the videos that it was "
        "trained on."
    )


def _beside(root, train_folder, test_folder, left):
    """Return the notes on what lies beside the splits, and on a split of another name."""
    notes = []
    places = [os.path.join(root, name) for name in (train_folder, test_folder)]
    if all(map(is_folder_at, places)) and os.path.samefile(*places):
        _refuse_one_folder(root, train_folder, test_folder)
    if split_of(test_folder) == "validation":
        notes.append(f"No folder 'test' of '{root}' holds class folders: '{test_folder}' is the test split.")
    for entry in _entries(root, left):
        if entry.name in (train_folder, test_folder):
            continue
        if split_of(entry.name) and is_folder(entry):
            use = f": move its videos into '{train_folder}' to train on them"
            notes.append(
                f"The folder '{entry.name}' beside '{train_folder}' and '{test_folder}' is left out"
                f"{use if split_of(entry.name) == 'validation' else ''}."
            )
        else:
            _leave(entry, "", left)
    return notes


def _list_classes(root, classes, test_fraction):
    left = LeftAlone()
    found = _scan(root, left)
    there = _filled(found)
    missing = {name: "has no videos" for name in found if name not in there}
    if not there or (missing and classes == "all") or any(each.deep for each in found.values()):
        _refuse_other_layouts(root, found)
    if classes == "all":
        refuse_ambiguous(root, {name: found[name].path for name in there})
    if len(there) > 1 and all(map(split_of, there)):
        raise VddError(
            f"'{root}' has the folders {shorten(there)} with videos and no class folders in them: put them into "
            f"'{there[0]}/<class>' and so on, one folder for each class."
        )
    names = choose_classes(classes, there, missing, root)
    train, test = {}, {}
    for name in names:
        path, files = found[name].path, found[name].files
        held_out = round(len(files) * test_fraction)
        if test_fraction > 0:
            held_out = min(max(held_out, 1), len(files) - 1)
        order = seeds.stream(0, "held-out", name).permutation(len(files))
        test[name] = _Class(path, [files[i] for i in order[:held_out]])
        train[name] = _Class(path, [files[i] for i in order[held_out:]])
    untested = [name for name in names if not test[name].files]
    notes = left.notes() + alike_notes(names) + _missing_note(missing, names, root) + _part_note(root, found)
    notes += _deep_note(found, names, root)
    if len(untested) == len(names):
        raise VddError(
            f"Not enough test videos: with data.test_fraction={test_fraction} no class of '{root}' "
            "can spare one; add videos or raise data.test_fraction."
        )
    if untested:
        notes.append(
            f"With one video, so without a test video: {len(untested)} of {len(names)} classes ({shorten(untested)})."
        )
    return Listing(names, _videos(names, train), _videos(names, test), notes)


def _refuse_other_layouts(root, found):
    """Say what a folder is that does not hold class folders alone, where that can be told."""
    split = next((name for name in found if split_of(name) and holds_classes(found[name].path)), None)
    if split is not None and split_of(split) != "train":
        raise VddError(
            f"'{root}' has a folder '{split}' of class folders and no such folder 'train' beside it: name that of the "
            f"training videos so, or set {command_line([f'data.root={found[split].path}'])} to take '{split}' alone."
        )
    sentence = offer(root)
    if sentence is not None:
        raise VddError(sentence)


def _part_note(root, found):
    """Say of what else the folder is a part, or what other set it may be."""
    whole = whole_set(root)
    if whole is not None:
        taken = command_line([f"data.root={whole}"])
        return [f"'{root}' is one split of '{whole}': set {taken} to take its splits as they are."]
    above = os.path.dirname(os.path.abspath(root))
    for place in (root, above):
        if names := public_sets(place):
            taken = " or ".join(command_line([f"data.set={name}", f"data.root={place}"]) for name in names)
            return [f"The lists of a public set lie in '{place}': {taken} takes its own splits."]
    if names := named_as([file for each in found.values() for file in each.files]):
        return [
            f"The videos have names as in {' and '.join(names)}: with its lists, data.set={names[0]} takes its own "
            "splits, which keep clips of one source together."
        ]
    return []


def _scan(root, left, place=""):
    """Return {class: `_Class`}; add the paths of all else to `left`, which begin with `place` there."""
    found, real, real_root = {}, {}, os.path.join(os.path.realpath(root), "")
    for entry in _entries(root, left, place):
        if not is_folder(entry):
            _leave(entry, place, left)
            continue
        name = as_text(entry.name)
        if name in found:
            raise VddError(f"'{root}' has two folders whose names both read '{name}': rename one.")
        found[name] = _Class(entry.path)
        prefix = f"{place}{entry.name}/"
        other = real.setdefault(os.path.realpath(entry.path), name)
        if other != name:
            left.links_between.append(f"'{other}' and '{name}'")
        found[name].files = sorted(_videos_in(entry.path, (real_root,), left, prefix), key=as_text)
    return found


def _videos_in(folder, been, left, prefix, inside=""):
    """Yield the videos in a class folder and in folders in it, from there on; add all else to `left`.

    A link to a folder in one of the folders `been` is not followed: it would give videos twice, or for ever.
    """
    for entry in _entries(folder, left, prefix + inside):
        if stands_for_video(entry):
            yield inside + entry.name
        elif is_folder(entry) and first_video(entry.path) is not None:
            real = os.path.join(os.path.realpath(entry.path), "")
            if not entry.is_symlink():
                yield from _videos_in(entry.path, been, left, prefix, f"{inside}{entry.name}/")
            elif not real.startswith(been):
                yield from _videos_in(entry.path, (*been, real), left, prefix, f"{inside}{entry.name}/")
            else:
                left.links.append(prefix + inside + entry.name)
        else:
            if is_folder(entry):
                # What lies in one that nobody may read is not known.
                _entries(entry.path)
            _leave(entry, prefix + inside, left)


def _deep_note(found, names, root=None):
    """Say that videos lie in folders of class folders; `root` is given where test videos are drawn from all."""
    name = next((name for name in names if name in found and found[name].deep), None)
    if name is None:
        return []
    inner, path = os.path.dirname(found[name].deep), os.path.join(found[name].path, found[name].deep)
    taken = command_line([f"data.root={os.path.dirname(os.path.dirname(path))}"])
    drawn = ", and test videos are drawn from all of them alike" if root else ""
    meant = f" If '{os.path.basename(inner)}' is the class, set {taken}." if root else ""
    return [
        printable(
            f"Videos in folders of a class folder, such as '{name}/{inner}', count for the class{drawn}.{meant}"
        )
    ]


def _leave(entry, prefix, left):
    """Add to `left` what is no video of a class."""
    away = holds_videos(entry.path) if is_folder(entry) else is_video(entry.name) and entry.is_file()
    (left.elsewhere if away else left.others).append(prefix + entry.name)


def _filled(found):
    return [name for name in found if found[name].files]


def _entries(folder, left=None, prefix=""):
    try:
        return entries(folder, left, prefix)
    except PermissionError:
        raise VddError(f"The folder '{folder}' cannot be read: see to its permissions.") from None


def _videos(names, found):
    return [
        Video(os.path.join(found[name].path, file), label, f"{name}/{as_text(file)}")
        for label, name in enumerate(names)
        if name in found
        for file in sorted(found[name].files, key=as_text)
    ]


def _missing_note(missing, names, root):
    left_out = sorted(set(missing) - set(names))
    if not left_out:
        return []
    return [
        f"Left out of '{root}': {counted(len(left_out), 'class', 'classes')} without videos ({shorten(left_out)})."
    ]


SOURCES = (Source("folder", list_folder),)
