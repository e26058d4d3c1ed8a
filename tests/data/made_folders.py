"""Folders of empty files under the names of videos, what a listing of them says, and what files hold."""

import os
import pathlib
import re

import pytest

from keras_vdd.data.sources import find_videos
from keras_vdd.errors import UsageError, VddError


def touch(root, *names):
    """Make files of one byte; names are text or bytes, with folders in them."""
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"x")


def classes_of(root, *names, videos=3):
    """Make class folders with so many videos each."""
    touch(root, *(f"{name}/{i}.mp4" for name in names for i in range(videos)))


def refused(settings, match, **changes):
    """See to it that a listing is refused in one sentence like `match`; return the sentence."""
    with pytest.raises((VddError, UsageError), match=match) as error:
        find_videos(settings(**changes))
    text = str(error.value)
    assert "\n" not in text and text.isprintable() and text.endswith((".", "?")) and len(text) < 500
    return text


def noted(settings, match, **changes):
    """Return a listing, of whose notes just one is like `match`."""
    listing = find_videos(settings(**changes))
    assert sum(re.search(match, note) is not None for note in listing.notes) == 1, listing.notes
    assert all(note.isprintable() for note in listing.notes)
    return listing


def contents(folder):
    """The bytes of every file under a folder."""
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
