"""Where the videos that lists name lie on the disk: one walk over the folders, no look at single files.

Sets come flat, in class folders, or in both; as video files, re-encoded ones, or folders of images that
carry the name of the video. All that stays the same is that name without its ending, so that is the key.
"""

import os

from keras_vdd.data.decoding.frame_folders import NOT_THERE
from keras_vdd.data.folders.clutter import LeftAlone, is_clutter, is_folder, leads_nowhere
from keras_vdd.data.folders.listing import VIDEO_SUFFIXES
from keras_vdd.errors import VddError

# Deep enough for any layout seen (videos/train/<class>/<video>); a link to a parent folder ends here.
DEEPEST = 6


class VideoIndex:
    """The files and folders under `root` that carry the name of a listed video.

    Args:
        root: the folder to walk, except what is hidden or left by systems.
        names: names of the videos to find, with or without ending.
        others: further names of the set, which are not wanted; folders so named are not entered.
        classes: all class names; a video in the folder of another class than its own is not taken.
        replacement: how folders begin whose videos stand in for damaged ones, or None.
        any_case: take a video whose name differs from the listed one in case. Not for Kinetics: there
            `a-B` and `A-b` are two videos.

    Attributes:
        repeated: list of (path taken, path left) of videos that lie in several places.
        unreadable: folders under `root` that could not be opened.
        left: `LeftAlone`, what systems left (hidden files and folders not counted) and links to a folder that they
            are in.
    """

    def __init__(self, root, names, others=(), classes=(), replacement=None, any_case=False):
        self.repeated = []
        self.unreadable = []
        self.left = LeftAlone()
        self._root = root
        self._classes = {name.casefold() for name in classes}
        self._replacement = replacement
        self._key = _folded_stem if any_case else _stem
        self._places = {self._key(name): [] for name in names}
        self._others = {self._key(name) for name in others} - self._places.keys()
        self._walk(root, 0, "", False)

    def find(self, class_name, name):
        """Return (path, name on the disk) of a listed video, or None.

        The name as listed goes before other endings, and files before folders of images.
        """
        own = class_name.casefold()
        places = [
            (stands_in, parent, folder, found)
            for stands_in, parent, folder, found in self._places[self._key(name)]
            if parent == own or parent not in self._classes
        ]
        if not places:
            return None
        if len(places) == 1:
            *_, folder, found = places[0]
            return os.path.join(folder, found), found

        def rank(place):
            stands_in, parent, _, found = place
            return not stands_in, parent != own, found != name, _stem(found) != _stem(name), not _ends(found)

        # Among equals that which is first in a listing of the folders.
        places.sort(key=lambda place: (rank(place), place[2].split(os.sep), place[3]))
        *_, folder, found = places[0]
        path = os.path.join(folder, found)
        if rank(places[1]) == rank(places[0]):
            self.repeated.append((path, os.path.join(*places[1][2:])))
        return path, found

    def _walk(self, folder, depth, parent, stands_in):
        inner = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if is_clutter(name):
                        if not name.startswith("."):
                            self.left.clutter.append(os.path.relpath(entry.path, self._root))
                        continue
                    key = self._key(name)
                    places = self._places.get(key)
                    if places is not None:
                        places.append((stands_in, parent, folder, name))
                    elif key not in self._others and is_folder(entry):
                        if leads_nowhere(entry):
                            self.left.links.append(os.path.relpath(entry.path, self._root))
                        else:
                            inner.append(name)
        except OSError as error:
            if error.errno not in NOT_THERE:
                raise
            if not depth:
                raise VddError(
                    f"The folder '{folder}' cannot be read ({error.strerror}): see to its permissions."
                ) from None
            self.unreadable.append(folder)
        if depth < DEEPEST:
            for name in sorted(inner):
                replaces = self._replacement is not None and name.lower().startswith(self._replacement)
                self._walk(os.path.join(folder, name), depth + 1, name.casefold(), stands_in or replaces)


def _ends(name):
    return _stem(name) != name


def _stem(name):
    # Names hold dots of their own (`Mr._Bean_walk`), so only an ending that names a video goes.
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix.lower() in VIDEO_SUFFIXES else name


def _folded_stem(name):
    return _stem(name).casefold()
