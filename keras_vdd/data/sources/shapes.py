"""The `shapes` set: real video files, made in seconds, in which only motion tells classes apart.

Eight classes in four pairs. The second class of a pair is drawn from the exact time reversal of the
first's distribution (see `shape_scenes.py`). Every frame is a key frame at a fixed quantiser. So
neither the picture nor compression artefacts of a single frame tell the two apart.
"""

import concurrent.futures
import json
import logging
import os

from keras_vdd import seeds
from keras_vdd.data.sources.folder import list_split_folders
from keras_vdd.data.sources.shape_scenes import KINDS, draw_scene
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.errors import VddError
from keras_vdd.files import checksum, file_checksum, is_temporary, no_file_there, replacing
from keras_vdd.limits import limit_reached
from keras_vdd.locks import lock
from keras_vdd.machine import processor_count
from keras_vdd.progress import Silent
from keras_vdd.sealed import read_json, write_json

PAIRS = (
    ("square-left", "square-right"),
    ("disk-up", "disk-down"),
    ("bar-clockwise", "bar-counterclockwise"),
    ("ring-growing", "ring-shrinking"),
)
CLASSES = tuple(sorted(name for pair in PAIRS for name in pair))

# Version of the drawing code; increase it when the drawing changes, so that older videos are not reused.
DRAWING = 2
MARKER, LOCK = "shapes.json", "lock"
# Member of the marker: the checksum of each video.
SUMS = "videos"
WAITING = "Another process is making the videos in '%s': waiting for it."
_LOG = logging.getLogger(__name__)
RATE = 12  # frames a second
FRAMES = 24
# Modification time of every file, 2000-01-01 in Unix seconds: a store's key covers file times, and equal videos
# should share a store.
MADE_AT = 946684800


def list_shapes(data, progress=None):
    """Make the videos that `data.shapes` describes, unless they are there, and list them.

    They lie in `data.root`, or by default in a folder under `data.store` with a checksum of their settings in
    its name. Arguments and result are those of `Source.find`, errors those of `make_shapes`.
    """
    wanted = data.shapes
    parameters = _parameters(wanted.seed, wanted.train_per_class, wanted.test_per_class)
    root = data.root
    if not root:
        key = checksum(json.dumps(parameters), size=8)
        root = os.path.join(os.fspath(data.store), f"shapes-source-{key}")
    try:
        make_shapes(root, wanted.seed, wanted.train_per_class, wanted.test_per_class, progress=progress)
    except OSError as error:
        if limit_reached(error):
            raise
        setting = "data.root" if data.root else "data.store"
        raise VddError(
            f"The videos of the set shapes cannot be made in '{root}' ({error.strerror or error}): set {setting} to a "
            "folder that you may write to."
        ) from error
    return list_split_folders(os.fspath(root), data.classes)


def make_shapes(
    folder, seed, train_per_class, test_per_class, frames=FRAMES, size=64, workers=None, progress=None
):
    """Write `folder/train/<class>/*.mp4` and `folder/test/<class>/*.mp4`, H.264, 12 frames a second.

    The same arguments give the same files; a complete folder is left as it is and an interrupted one
    is completed. A video that is gone or damaged is made again.

    Args:
        folder: where; new, empty, or made by this function with the same arguments.
        seed: int.
        train_per_class, test_per_class: number of videos.
        frames: frames of a video.
        size: side of the square frames in pixels, even.
        workers: threads; None for one a processor.
        progress: how to report; None is silent.

    Raises:
        VddError: `folder` holds something else.
    """
    folder = os.fspath(folder)
    parameters = _parameters(seed, train_per_class, test_per_class, frames, size)
    if _is_complete(folder, parameters):
        return
    with lock(os.path.join(folder, LOCK), on_wait=lambda: _LOG.warning(WAITING, folder)):
        if not _is_complete(folder, parameters):
            _make(folder, parameters, workers, progress or Silent())


def _make(folder, parameters, workers, progress):
    """Make the videos that are not there, or not as they were made."""
    known = _checksums(folder)
    seed, frames, size = (parameters[key] for key in ("seed", "frames", "size"))
    counts = (("train", parameters["train_per_class"]), ("test", parameters["test_per_class"]))
    # First, so that what a kill leaves is known for what it is.
    _write_marker(folder, {**parameters, "complete": False, SUMS: known})
    jobs = [(split, name, number) for split, count in counts for name in CLASSES for number in range(count)]
    for split, name in {(split, name) for split, name, _ in jobs}:
        os.makedirs(os.path.join(folder, split, name), exist_ok=True)

    def make(job):
        split, name, number = job
        inner = f"{split}/{name}/{name}-{number:04d}.mp4"
        path, its_sum = os.path.join(folder, inner), known.get(inner)
        damaged = its_sum is not None and not _is_as_made(path, its_sum)
        if damaged:
            _LOG.warning("'%s' is not as it was made: it is made again.", path)
        if damaged or not os.path.exists(path):
            _write_video(path, draw_video(name, seed, split, number, frames, size))
        # Not of the unfinished file, which other processes would take for one that a kill left long ago.
        os.utime(path, (MADE_AT, MADE_AT))
        return inner, file_checksum(path, size=8)

    pool = concurrent.futures.ThreadPoolExecutor(workers or processor_count())
    try:
        with progress.task("Making videos", len(jobs)) as update:
            sums = {}
            for done, (inner, its_sum) in enumerate(pool.map(make, jobs), start=1):
                sums[inner] = its_sum
                update(done)
    finally:
        pool.shutdown(cancel_futures=True)
    _write_marker(folder, {**parameters, "complete": True, SUMS: sums})


def draw_video(name, seed, split, number, frames=FRAMES, size=64):
    """Return the frames of one video before encoding: uint8 (frames, size, size, 3), RGB."""
    pair = next(i for i, names in enumerate(PAIRS) if name in names)
    rng = seeds.stream(seed, "shapes", split, name, number)
    video = draw_scene(rng, KINDS[pair], frames, size)
    return video if name == PAIRS[pair][0] else video[::-1]


def _parameters(seed, train_per_class, test_per_class, frames=FRAMES, size=64):
    return {
        "set": "shapes",
        "drawing": DRAWING,
        "seed": int(seed),
        "train_per_class": int(train_per_class),
        "test_per_class": int(test_per_class),
        "frames": int(frames),
        "size": int(size),
    }


def _is_complete(folder, parameters):
    marker = os.path.join(folder, MARKER)
    # Looked at before the marker, which other processes write first.
    names = os.listdir(folder) if os.path.isdir(folder) else []
    if not os.path.exists(marker):
        if not all(map(_is_left_over, names)):
            raise VddError(f"'{folder}' holds something else than made shapes: give an empty or new folder.")
        os.makedirs(folder, exist_ok=True)
        return False
    try:
        made = read_json(marker)
        complete, sums = made.pop("complete"), made.pop(SUMS, {})
    except (ValueError, KeyError, AttributeError):
        raise VddError(f"'{marker}' is damaged: delete that folder and make the shapes again.") from None
    if made != parameters:
        changed = sorted(key for key in parameters if made.get(key) != parameters[key])
        raise VddError(
            f"'{folder}' holds shapes made with another {', '.join(changed)}: give another folder."
        )
    return complete and all(
        _is_as_made(os.path.join(folder, inner), its_sum) for inner, its_sum in sums.items()
    )


def _checksums(folder):
    """The checksums of the videos in a folder, as far as it has them: those of earlier versions have none."""
    try:
        return read_json(os.path.join(folder, MARKER)).get(SUMS, {})
    except (OSError, ValueError):
        return {}


def _is_as_made(path, its_sum):
    try:
        return file_checksum(path, size=8) == its_sum
    except OSError as error:
        if not no_file_there(error):
            raise
        return False


def _is_left_over(name):
    """Whether a process that was killed in its first moments leaves such a file."""
    return name == LOCK or is_temporary(name)


def _write_marker(folder, content):
    write_json(os.path.join(folder, MARKER), content)


def _write_video(path, pictures):
    import av  # slow to import, and recipes read facts from this module without making videos

    height, width = pictures.shape[1:3]
    with replacing(path) as unfinished, av.open(os.fspath(unfinished), "w", format="mp4") as container:
        # A fixed quantiser and only key frames: no frame's encoding depends on its neighbours.
        stream = container.add_stream("libx264", rate=RATE, options={"qp": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = 1
        stream.codec_context.thread_count = 1
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _made(data):
    classes = len(data.classes) if isinstance(data.classes, tuple) else len(CLASSES)
    wanted = data.shapes
    return SetSize(classes, classes * wanted.train_per_class, classes * wanted.test_per_class, FRAMES)


SOURCES = (
    Source(
        "shapes",
        list_shapes,
        made=_made,
        pairs=PAIRS,
        citation="Shapes: videos that keras-vdd draws, eight classes in four pairs that differ in motion only",
    ),
)
