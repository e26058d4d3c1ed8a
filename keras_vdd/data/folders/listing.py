"""What a source says about a set: which videos, with which labels, in which split."""

import contextlib
import contextvars
import dataclasses
import difflib
import os
import pathlib

from keras_vdd.data.decoding.frame_folders import is_folder_at
from keras_vdd.errors import UsageError, VddError
from keras_vdd.text import as_text, counted, printable, same_text, same_to_people

# What FFmpeg reads videos from: containers, streams without one, and the names that cameras give to both.
VIDEO_SUFFIXES = frozenset(
    ".264 .265 .266 .3g2 .3gp .3gp2 .3gpp .amv .apng .asf .av1 .avc .avi .avifs .dav .dif .divx .dv .f4v .flc .fli "
    ".flv .gif .gxf .h261 .h263 .h264 .h265 .h266 .hevc .insv .ismv .ivf .lrv .m1v .m2p .m2t .m2ts .m2v .m4v .mj2 "
    ".mjpeg .mjpg .mk3d .mkv .mov .mp4 .mp4v .mpe .mpeg .mpg .mpv .mts .mxf .nut .obu .ogm .ogv .qt .rm .rmvb .swf "
    ".tp .trp .ts .vc1 .vob .vro .vvc .webm .wmv .wtv .xvid .y4m".split()
)


@dataclasses.dataclass(frozen=True, slots=True)
class Video:
    """One video: its path, its label and its name (`class/file`, the same wherever the set lies).

    The path is a file, or a folder of numbered images that stands for one (see `frame_folders.py`).
    """

    path: str
    label: int
    name: str


@dataclasses.dataclass
class Listing:
    """The videos of a set.

    Labels count 0..C-1 over `class_names`, which are sorted; videos are sorted by label and name.
    `notes` are sentences that the user should see: what was left out and why.
    """

    class_names: list[str]
    train: list[Video]
    test: list[Video]
    notes: list[str] = dataclasses.field(default_factory=list)

    def __repr__(self) -> str:
        classes, notes = counted(len(self.class_names), "class", "classes"), counted(len(self.notes), "note")
        return f"Listing({classes}, {len(self.train):,} train and {counted(len(self.test), 'test video')}, {notes})"


_TEST_ALONE = contextvars.ContextVar("test videos alone are wanted", default=False)


@contextlib.contextmanager
def test_videos_alone():
    """Within it, sets are listed for their test videos: those for training may be missing, of any class."""
    token = _TEST_ALONE.set(True)
    try:
        yield
    finally:
        _TEST_ALONE.reset(token)


def needs_training_videos():
    """Whether a set without training videos is an error now; see `test_videos_alone`."""
    return not _TEST_ALONE.get()


def set_root(data):
    """Return `data.root` as a string, or raise if it is not set or not a folder."""
    if not data.root:
        raise UsageError(
            f"The set '{data.set}' needs data.root, the folder where its videos are: add data.root=FOLDER."
        )
    root = os.fspath(data.root)
    if not is_folder_at(root):
        if (closed := _closed_above(root)) is not None:
            raise VddError(
                f"The folder '{closed}', in which data.root lies, cannot be read: see to its permissions."
            )
        near = _folder_like(root)
        hint = "correct data.root." if near is None else f"did you mean '{near}'?"
        raise VddError(f"data.root '{root}' is not a folder: {hint}")
    return root


def _closed_above(path):
    """Return the first folder on the way to a path into which nobody may look, or None."""
    place = pathlib.Path(path)
    for way in [*reversed(place.parents), place]:
        try:
            os.stat(way)
        except PermissionError:
            return way.parent
        except (OSError, ValueError):
            return None
    return None


def _folder_like(path):
    """Return the folder beside a path whose name is most like it, or None."""
    above, name = os.path.split(os.path.normpath(path))
    try:
        names = os.listdir(above or ".")
    except (OSError, ValueError):
        return None
    folders = {
        same_to_people(as_text(name)): name for name in names if os.path.isdir(os.path.join(above, name))
    }
    near = difflib.get_close_matches(same_to_people(as_text(name)), folders, n=1, cutoff=0.8)
    return os.path.join(above, folders[near[0]]) if near else None


def is_video(name):
    """Tell by its ending whether a file is meant to be a video; hidden files are not."""
    return not name.startswith(".") and os.path.splitext(name.rstrip())[1].lower() in VIDEO_SUFFIXES


def choose_classes(wanted, there, missing, place):
    """Return the sorted names of the classes to use.

    Args:
        wanted: "all", "present" or a sequence of class names: `data.classes`.
        there: names of the classes that have videos.
        missing: dict of the other known classes: name to a phrase that says what is wrong with it.
        place: the folder that the error names.

    Raises:
        UsageError: a wanted name is unknown (the nearest known name is offered).
        VddError: a wanted class has no videos.
    """
    there = sorted(there)
    if isinstance(wanted, str) and wanted not in ("all", "present"):
        wanted = [wanted]
    if wanted == "all":
        if missing:
            raise VddError(_missing_classes(there, missing, place))
        chosen = there
    elif wanted == "present":
        chosen = there
    else:
        by_letters = {same_text(name): name for name in [*missing, *there]}
        chosen = sorted(
            {by_letters.get(same_text(name), name) if name not in there else name for name in wanted}
        )
        for name in chosen:
            if name in missing:
                raise VddError(
                    f"Class '{name}' of data.classes {missing[name]} in '{place}': "
                    "add its videos or leave it out."
                )
            if name not in there:
                known = {other.casefold(): other for other in [*there, *missing]}
                near = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.0)
                hint = f": did you mean '{known[near[0]]}'?" if near else "."
                raise UsageError(f"data.classes names '{name}', which is no class of '{place}'{hint}")
    if not chosen:
        raise VddError(
            f"No class with videos was found in '{place}': expected one folder of videos per class."
        )
    return chosen


def shorten(names, count=3):
    """Write a list of names as a phrase: the first few and how many more."""
    names = list(map(printable, names))
    if len(names) <= count + 1:
        return ", ".join(names)
    return f"{', '.join(names[:count])} and {len(names) - count} more"


def _missing_classes(there, missing, place):
    many = len(missing) > 1
    total = len(there) + len(missing)
    phrases = set(missing.values())
    trouble = phrases.pop() if len(phrases) == 1 else "has no videos"
    if many:
        trouble = trouble.replace("has ", "have ").replace("is ", "are ")
    go_on = f", or set data.classes=present to go on with the {len(there)} that are there" if there else ""
    return (
        f"{len(missing)} of the {total} classes {trouble} in '{place}' ({shorten(sorted(missing))}): "
        f"add {'their' if many else 'its'} videos{go_on}."
    )
