"""What the readers of public sets share: from what their lists say, and what is there, to a listing."""

import dataclasses
import os

from keras_vdd.data.folders.clutter import is_clutter
from keras_vdd.data.folders.listing import Listing, Video, choose_classes, needs_training_videos, shorten
from keras_vdd.data.folders.video_index import VideoIndex
from keras_vdd.data.sources.layout import find_splits, holds_classes
from keras_vdd.errors import UsageError, VddError
from keras_vdd.text import command_line, counted


@dataclasses.dataclass
class Lists:
    """What the annotations of a set say, before anything is looked for.

    Attributes:
        classes: all class names.
        train, test: lists of (class name, video name), names with or without ending.
        others: names of listed videos that are not used: other classes, no label, an unused part.
        notes: sentences for the user.
    """

    classes: list[str]
    train: list[tuple[str, str]]
    test: list[tuple[str, str]]
    others: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


def find_folder(root, annotations, usual, holds, what):
    """Return the folder with the annotations, or raise a `VddError` that says what was expected.

    Args:
        root: the set's folder.
        annotations: the folder that the user named, or None.
        usual: where it lies as a rule, relative to `root` or to `annotations`.
        holds: tells of a list of file names whether they are the annotations.
        what: the annotations in words, for the error.
    """
    base = annotations or root
    for name in ("", *usual) if annotations else (*usual, ""):
        folder = os.path.join(base, name) if name else base
        if os.path.isdir(folder) and holds(names_in(folder)):
            return folder
    setting = "data.annotations" if annotations else "data.root"
    hint = "correct it" if annotations else hint_for(root, lambda place: lists_in(place, usual, holds))
    raise VddError(f"{setting} '{base}' does not hold {what}: {hint}.")


def lists_in(folder, usual, holds):
    """Tell whether the annotations lie in a folder, or where in it they lie as a rule; as `find_folder` looks."""
    places = (os.path.join(folder, name) if name else folder for name in (*usual, ""))
    return any(holds(names_in(place)) for place in places)


def hint_for(root, has_lists):
    """Return what to do about a root without annotations: the folder above or one in it may have them.

    Args:
        root: the folder that `data.root` names.
        has_lists: function (folder) -> bool, whether annotations lie in it as distributed.
    """
    above = os.path.dirname(os.path.abspath(root))
    for place in (above, *(os.path.join(root, name) for name in names_in(root)), os.path.dirname(above)):
        if has_lists(place):
            return f"set {command_line([f'data.root={place}'])}, which has them"
    is_own = find_splits(root)[0] is not None or holds_classes(root, 2)
    own = ", or set data.set=folder if these are class folders of your own" if is_own else ""
    return f"put them there, or name their folder as data.annotations{own}"


def names_in(folder):
    """Return the names in a folder that are not hidden; none where it is no folder or cannot be read."""
    try:
        return sorted(name for name in os.listdir(folder) if not is_clutter(name))
    except OSError:
        return []


def read_lines(path):
    """Return the lines of a list, stripped (lists come with CRLF and trailing blanks), empty ones dropped."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return [line.strip() for line in file if line.strip()]
    except FileNotFoundError:
        raise VddError(f"'{path}' is missing: take the annotations as distributed.") from None
    except UnicodeDecodeError:
        raise VddError(f"'{path}' is no text: take the annotations as distributed.") from None


def count_classes(classes, expected, name):
    """Return a note if the lists name fewer classes than the set has; raise if they name more."""
    named = f"The annotations name {counted(len(classes), 'class', 'classes')}"
    if len(classes) > expected:
        raise UsageError(f"{named} and {name} has {expected}: correct data.set or data.annotations.")
    if len(classes) < expected:
        return [f"{named}, fewer than the {expected} of {name}."]
    return []


def list_official(lists, root, classes, layout, complete=True, replacement=None, any_case=False):
    """Find the listed videos under `root`.

    Args:
        lists: `Lists`.
        root: the set's folder.
        classes: "all", "present" or a sequence of class names: `data.classes`.
        layout: a phrase that says how the videos should lie, for the error where none is found.
        complete: whether `classes="all"` wants every video; otherwise missing ones are noted.
        replacement, any_case: see `VideoIndex`.

    Returns:
        `Listing`; the name of a video is that of its class and its own on the disk.

    Raises:
        UsageError: a wanted class is unknown.
        VddError: no video is there; or a class, or with `complete` a video, and `classes` is "all".
    """
    listed = {"test": lists.test, "train": lists.train}
    index = VideoIndex(
        root,
        [name for entries in listed.values() for _, name in entries],
        lists.others,
        lists.classes,
        replacement,
        any_case,
    )
    found, absent, taken, twice = {}, {}, set(), []
    # Test first: a video that is listed for both must not be trained on.
    for split, entries in listed.items():
        found[split], absent[split] = {}, {}
        for class_name, name in dict.fromkeys(entries):
            place = index.find(class_name, name)
            if place is None:
                absent[split].setdefault(class_name, []).append(name)
            elif place[0] in taken:
                twice.append(name)
            else:
                taken.add(place[0])
                found[split].setdefault(class_name, []).append(place)
    if not taken:
        raise VddError(
            f"None of the {len(lists.train) + len(lists.test)} videos that the annotations list is under "
            f"'{root}': expected {layout}."
        )
    missing = {
        name: "has no training videos" if name in found["test"] else "is missing"
        for name in lists.classes
        if name not in found["train"] and (needs_training_videos() or name not in found["test"])
    }
    names = choose_classes(classes, [name for name in lists.classes if name not in missing], missing, root)
    notes = [*lists.notes]
    if classes == "present" and missing:
        notes.append(
            f"Left out, not in '{root}': {len(missing)} of the {len(lists.classes)} listed classes; used: "
            f"{shorten(names)}."
        )
    if not needs_training_videos():
        absent.pop("train")
    notes += _absent_note(absent, found, names, root, complete and classes == "all")
    untested = [name for name in names if name not in found["test"]]
    if untested and len(untested) < len(names):
        notes.append(f"Without test videos: {len(untested)} of {len(names)} classes ({shorten(untested)}).")
    notes += _odd_notes(index, twice)
    return Listing(names, _videos(found["train"], names), _videos(found["test"], names), notes)


def _videos(found, names):
    # By label first: class names and paths sort differently where one name begins another.
    return [
        Video(path, label, f"{name}/{file}")
        for label, name in enumerate(names)
        for path, file in sorted(found.get(name, ()), key=lambda place: place[1])
    ]


def _absent_note(absent, found, names, root, refuse):
    lost = [f"{name}/{video}" for name in names for split in absent for video in absent[split].get(name, ())]
    if not lost:
        return []
    total = len(lost) + sum(len(found[split].get(name, ())) for split in found for name in names)
    what = (
        f"{len(lost)} of {total} videos that the annotations list cannot be found in '{root}' "
        f"({shorten(sorted(lost))})"
    )
    if refuse:
        raise VddError(f"{what}: complete the set, or set data.classes=present to go on without them.")
    return [f"{what}; they are left out."]


def _odd_notes(index, twice):
    notes = []
    if twice:
        notes.append(
            f"{counted(len(twice), 'list entry names', 'list entries name')} a video that another entry names "
            f"({shorten(sorted(twice))}): each is used once, for test where it is listed for both."
        )
    if index.repeated:
        taken, left = index.repeated[0]
        notes.append(
            f"{counted(len(index.repeated), 'video is', 'videos are')} there more than once: one of each is used, "
            f"such as '{taken}' and not '{left}'."
        )
    if index.unreadable:
        notes.append(f"Folders that cannot be read are left out ({shorten(index.unreadable)}).")
    notes += index.left.notes()
    return notes
