"""UCF101 as it is distributed, with its official splits, and MiniUCF, 50 of its classes."""

import os
import re

from keras_vdd.data.listing import Listing, Video, choose_classes, set_root, shorten
from keras_vdd.errors import UsageError, VddError

# The 50 classes of "Dancing with Still Images" (CVPR 2024); split 1 has 4,662 training and 1,861 test videos.
MINIUCF_CLASSES = tuple(
    """ApplyEyeMakeup BalanceBeam BandMarching BaseballPitch Basketball BasketballDunk Biking Billiards
    BlowingCandles Bowling BreastStroke CleanAndJerk CliffDiving CricketShot Diving FloorGymnastics
    FrisbeeCatch GolfSwing HammerThrow HighJump HorseRace HorseRiding HulaHoop IceDancing JumpingJack
    Knitting MilitaryParade Mixing ParallelBars PlayingPiano PlayingViolin PoleVault PommelHorse Punch
    Rafting Rowing SkateBoarding Skiing Skijet SkyDiving SoccerPenalty StillRings SumoWrestling Surfing
    Swing TennisSwing TrampolineJumping UnevenBars VolleyballSpiking WritingOnBoard""".split()
)


def list_ucf101(data, progress=None):
    """List UCF101 under `data.root`, which holds `UCF-101/<Class>/*.avi` and `ucfTrainTestlist/`.

    The class of a video is its folder in the split file: test lists have no labels, and the names of
    files differ from their class in case. Classes or videos that the lists name and the disk lacks
    stop the work, unless `data.classes` is "present"; a list of class names needs those classes and
    tolerates missing videos. What is left out is noted.
    """
    return _list(data, None)


def list_miniucf(data, progress=None):
    """List MiniUCF: as `list_ucf101`, with the 50 classes of the paper alone."""
    return _list(data, MINIUCF_CLASSES)


def _list(data, subset):
    root = set_root(data)
    lists = os.path.join(root, "ucfTrainTestlist")
    if data.split not in (1, 2, 3):
        raise UsageError(f"data.split is {data.split}, and UCF101 has the splits 1, 2 and 3.")
    known = _read_classes(os.path.join(lists, "classInd.txt"))
    if subset is not None:
        known = [name for name in known if name in subset]
    listed = {
        split: _read_split(os.path.join(lists, f"{split}list0{data.split}.txt"), known, subset is not None)
        for split in ("train", "test")
    }
    videos = _video_root(root)
    on_disk = {name: _files(os.path.join(videos, name)) for name in known}
    missing = {name: "is missing" for name in known if not on_disk[name]}
    names = choose_classes(data.classes, [name for name in known if on_disk[name]], missing, videos)
    labels = {name: label for label, name in enumerate(names)}

    found, absent = {"train": [], "test": []}, []
    for split, paths in listed.items():
        for name in sorted(path for path in paths if path.split("/")[0] in labels):
            folder, file = name.split("/")
            if file in on_disk[folder]:
                found[split].append(Video(os.path.join(videos, folder, file), labels[folder], name))
            else:
                absent.append(name)
    notes = []
    if data.classes == "present" and missing:
        notes.append(
            f"{len(missing)} of the {len(known)} listed classes are not in '{videos}' and are left out; "
            f"the {len(names)} that are there are used ({shorten(names)})."
        )
    if absent:
        total = len(absent) + len(found["train"]) + len(found["test"])
        what = (
            f"{len(absent)} of {total} videos of split {data.split} are not in '{videos}' ({shorten(absent)})"
        )
        if data.classes == "all":
            raise VddError(f"{what}: complete the set, or set data.classes=present to go on without them.")
        notes.append(f"{what}; they are left out.")
    for split in found:
        # By label first: class names and paths sort differently where one name begins another.
        found[split].sort(key=lambda video: (video.label, video.name))
    return Listing(names, found["train"], found["test"], notes)


def _video_root(root):
    for name in ("UCF-101", "videos"):
        if os.path.isdir(os.path.join(root, name)):
            return os.path.join(root, name)
    raise VddError(f"'{root}' has no folder 'UCF-101': data.root must hold UCF-101/ and ucfTrainTestlist/.")


def _files(folder):
    try:
        return frozenset(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def _read_lines(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip()]
    except FileNotFoundError:
        raise VddError(
            f"The split file '{path}' is missing: data.root must hold ucfTrainTestlist/ as distributed."
        ) from None


def _read_classes(path):
    names = []
    for line in _read_lines(path):
        match = re.fullmatch(r"\d+\s+(\S+)", line)
        if not match:
            raise VddError(
                f"'{path}' has the line '{line}', not number and class: take the file as distributed."
            )
        names.append(match.group(1))
    return sorted(names)


def _read_split(path, known, ignore_others):
    """Return the listed paths `Class/file`; the label that train lists add is redundant."""
    paths = []
    for line in _read_lines(path):
        match = re.fullmatch(r"([^/\s]+/[^/]+?)(?:\s+\d+)?", line)
        if not match:
            raise VddError(
                f"'{path}' has the line '{line}', not Class/video.avi: take the file as distributed."
            )
        name = match.group(1)
        if name.split("/")[0] in known:
            paths.append(name)
        elif not ignore_others:
            raise VddError(
                f"'{path}' lists '{name}', whose class is not in classInd.txt: take the files as distributed."
            )
    return paths
