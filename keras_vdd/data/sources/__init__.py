"""Find the videos of a set: the one door to every source.

A module of this folder that has `SOURCES` adds them; one from outside is registered.
"""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keras_vdd.data.folders.listing import Listing, Video, choose_classes, set_root, test_videos_alone
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import UsageError, VddError
from keras_vdd.registry import Registry, modules_of
from keras_vdd.text import as_text

__all__ = [
    "SOURCES",
    "Listing",
    "SetSize",
    "Source",
    "Video",
    "choose_classes",
    "find_videos",
    "register_source",
    "set_root",
]


def _own():
    for _, module in modules_of(__name__):
        for source in getattr(module(), "SOURCES", ()):
            yield source.name, source


SOURCES = Registry("set", _own)


def register_source(name: str, find: Callable[[Any, Any], Listing], **facts: Any) -> None:
    """Add a set of videos: `data.set` takes its name from now on, in this process.

    Class folders need none (`data.set=folder`). The command line knows it where the file that calls this is named by
    `--plugin`. docs/adding-a-dataset.md makes one from start to end.

    Args:
        name: as recipes will name it.
        find: function (data settings, progress) -> `keras_vdd.data.sources.Listing`, the class names and the path and
            class of each training and test video. Of the settings, `root` is the folder of the videos and `classes` the
            classes wanted; `set_root` and `choose_classes` of the same package read them. Nothing is decoded by it.
        **facts: any other attributes of `keras_vdd.data.sources.Source`, such as `size`, which is a
            `keras_vdd.data.sources.SetSize`, `splits`, or `pairs` of class names that differ in motion only.

    Raises:
        UsageError: the name is taken, or `find` is no function.

    Example:
        >>> keras_vdd.register_source("gestures", find, pairs=(("left", "right"),))
        >>> keras_vdd.prepare("dm-folder", **{"data.set": "gestures", "data.root": "my_videos"})
    """
    if not callable(find):
        raise UsageError(f"What lists the set '{name}' must be a function, not {find!r}.")
    SOURCES.add(name, Source(name, find, **facts))


def find_videos(data, progress=None, test_alone=False):
    """List the videos of the set that the settings name.

    Args:
        data: the `data` settings of a recipe; read are `set`, `root` and `classes`, and as the set needs
            them `split`, `unused`, `annotations`, `test_fraction`, `store` and `shapes`.
        progress: how to report; None is silent.
        test_alone: list what there is for training, and all classes that have test videos; False wants training
            videos of every class.

    Returns:
        `Listing`.

    Raises:
        UsageError: an unknown set, class or split.
        VddError: the folder, a class, a listed video or every test video is missing.
    """
    with test_videos_alone() if test_alone else contextlib.nullcontext():
        listing = SOURCES.get(data.set).find(data, progress)
    if not listing.train and not test_alone:
        raise VddError(f"The set '{data.set}' has no training videos: look at data.root and data.split.")
    if not listing.test:
        raise VddError(
            f"Not enough test videos: the set '{data.set}' has none, and at least one is needed to evaluate."
        )
    listing.class_names = list(map(as_text, listing.class_names))
    listing.train, listing.test = _named_in_text(listing.train), _named_in_text(listing.test)
    return listing


def _named_in_text(videos):
    """Videos whose names every later step can keep: a set that is registered may take them from files as they are."""
    return [
        video if (name := as_text(video.name)) == video.name else replace(video, name=name)
        for video in videos
    ]
