"""What lies among videos and is none: what systems leave in folders, stores and runs, links that lead nowhere."""

import dataclasses
import os

from keras_vdd.data.decoding.frame_folders import NOT_THERE, is_frame
from keras_vdd.data.folders.listing import is_video, shorten
from keras_vdd.text import counted

# By macOS, Windows, Android, the stores of Synology and QNAP, file systems, Python and notebooks; in small letters.
_LEFT_BY_SYSTEMS = frozenset(
    "__macosx|@eadir|@tmp|@recycle|@recently-snapshot|@sharebin|@__thumb|#recycle|#snapshot|lost+found|lost.dir|"
    "$recycle.bin|recycler|recycled|~snapshot|$extend|system volume information|found.000|thumbs.db|ehthumbs.db|"
    "ehthumbs_vista.db|desktop.ini|icon\r|network trash folder|temporary items|__pycache__|aquota.user|"
    "aquota.group".split("|")
)

# What a store, drawn shapes, a run, an exported set, experts and interpolators are known by.
_MADE_HERE = (
    {"files.json", "lock"},
    {"shapes.json", "lock"},
    {"environment.json", "recipe.yaml"},
    {"provenance.json", "recipe.yaml"},
    {"experts.json"},
    {"interpolator.safetensors"},
)


def is_clutter(name: str) -> bool:
    """Tell by its name whether a file or folder is hidden or one that systems leave by themselves."""
    return name.startswith(".") or name.casefold() in _LEFT_BY_SYSTEMS


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, or a link to one; not where nobody may look.

    Raises:
        OSError: the disk or the network fails.
    """
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return False


def made_here(folder: str, deep: bool = True) -> bool:
    """Tell whether a folder is a store, a run or another of this package's; if `deep`, whether it holds such alone.

    Raises:
        OSError: the disk or the network fails.
    """
    names, folders = set(), []
    try:
        with os.scandir(folder) as inside:
            for entry in inside:
                if is_video(entry.name) or is_frame(entry.name):
                    return False
                if not is_clutter(entry.name):
                    names.add(entry.name)
                    folders += [entry.path] if is_folder(entry) else []
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return False
    if any(marks <= names for marks in _MADE_HERE):
        return True
    return deep and 0 < len(folders) == len(names) and all(made_here(path, False) for path in folders)


def leads_nowhere(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a link to nothing, to itself, or back to a folder that it lies in.

    Raises:
        OSError: the disk or the network fails.
    """
    if not entry.is_symlink():
        return False
    try:
        os.stat(entry.path)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return True
    inside = os.path.join(os.path.realpath(os.path.dirname(entry.path)), "")
    return is_folder(entry) and inside.startswith(os.path.join(os.path.realpath(entry.path), ""))


@dataclasses.dataclass
class LeftAlone:
    """Paths under the root of a set that a walk over it left alone, by why.

    Attributes:
        others: neither a video nor a folder of numbered images.
        clutter: hidden, or left by systems.
        made: stores, runs and other folders that this package made.
        links: lead nowhere, back to a folder that they are in, or from a class folder into the set.
        elsewhere: videos outside class folders.
        links_between: pairs of class folders that are one by a link; these are not left alone.
    """

    others: list[str] = dataclasses.field(default_factory=list)
    clutter: list[str] = dataclasses.field(default_factory=list)
    made: list[str] = dataclasses.field(default_factory=list)
    links: list[str] = dataclasses.field(default_factory=list)
    elsewhere: list[str] = dataclasses.field(default_factory=list)
    links_between: list[str] = dataclasses.field(default_factory=list)

    def notes(self) -> list[str]:
        """Return the sentences that say so: one for what is no video, one for links, one for other videos."""
        parts = []
        if self.others:
            parts.append(f"what is neither a video nor a folder of numbered images: {shorten(self.others)}")
        if self.clutter:
            parts.append(f"what is hidden or left by systems: {shorten(self.clutter)}")
        if self.made:
            parts.append(f"stores and runs: {shorten(self.made)}")
        notes = [f"Ignored {'; and '.join(parts)}."] if parts else []
        if self.links:
            what = counted(len(self.links), "link that leads", "links that lead")
            where = "nowhere, or to a folder that is there already"
            notes.append(f"Ignored {what} {where}: {shorten(self.links)}.")
        if self.elsewhere:
            notes.append(f"Left out, since videos lie in class folders: {shorten(self.elsewhere)}.")
        if self.links_between:
            notes.append(
                f"Class folders that are one, so that a video counts for both: {shorten(self.links_between)}."
            )
        return notes


def entries(folder: str, left: LeftAlone | None = None, prefix: str = "") -> list[os.DirEntry[str]]:
    """Return what is in a folder, by name, without clutter, stores and runs, and links that lead nowhere.

    Args:
        folder: path.
        left: to which what is left out is added; None to drop them.
        prefix: what their names begin with there.

    Raises:
        OSError: the folder cannot be read.
    """
    kept = []
    left = left if left is not None else LeftAlone()
    with os.scandir(folder) as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            if is_clutter(entry.name):
                left.clutter.append(prefix + entry.name)
            elif leads_nowhere(entry):
                left.links.append(prefix + entry.name)
            elif is_folder(entry) and made_here(entry.path):
                left.made.append(prefix + entry.name)
            else:
                kept.append(entry)
    return kept
