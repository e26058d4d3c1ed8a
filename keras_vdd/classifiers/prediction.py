"""Ask a saved classifier what it sees in videos."""

from __future__ import annotations  # so that help() shows the names of types, not what they stand for

import os
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_vdd.backend.global_state import global_state_kept
from keras_vdd.classifiers.clips_of_videos import ClipSettings, checked_pixels, clips_of_files, found_videos
from keras_vdd.errors import UsageError, VddError
from keras_vdd.models.portable import (
    class_names_of,
    clip_shape,
    gives_probabilities,
    interval_of,
    read_classifier,
)
from keras_vdd.progress import Progress, listener
from keras_vdd.tensors import File

BATCH = 32


@global_state_kept()
def predict(
    model: keras.Model | File, videos: File | Sequence[File] | np.ndarray, top: int | None = 5, clips: int = 3,
    interval: int | None = None, progress: Progress | bool | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Say which classes a classifier sees in videos, and how sure it is.

    A video file is read as test videos are: frames scaled and cropped to the size that the model looks at, `interval`
    frames apart, by `clips` clips that are spread evenly over it. Their probabilities are averaged.

    Args:
        model: path of a `.keras` file that `keras_vdd.train` saved, or such a model, loaded.
        videos: path of a video, of a folder of numbered images, or of a folder that holds videos at any depth; several
            of these; or an array of clips, pixels 0 to 255, (n, T, H, W, 3), uint8 or float.
        top: int, how many classes are given for each video, the likeliest first; None for all.
        clips: int, clips of a video file.
        interval: int, frames from one clip frame to the next; None for what the model was tested with, which it says.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`, told of each video file.

    Returns:
        dict: `classes`, the names of all, in the order of the model's outputs; `videos`, for each its `video` (path, or
        number in the array) and `top`, a list of dicts with `class` and `probability`; or `score` in its place, where
        the labels that the classifier was trained on were learned by regression: there the largest counts.

    Raises:
        UsageError: the model is no classifier that says its classes, or a path or an argument is wrong.
        VddError: the file or the videos cannot be read. Among several videos, one that cannot be read is a warning.

    Example:
        >>> keras_vdd.predict("classifier.keras", "clip.mp4")["videos"][0]["top"][0]
        {'class': 'wave', 'probability': 0.93}
    """
    for name, value in (("top", top), ("clips", clips), ("interval", interval)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise UsageError(f"{name}={value!r} must be a whole number of at least 1.")
    place: File = "the model" if isinstance(model, keras.Model) else model
    model = model if isinstance(model, keras.Model) else read_classifier(model)
    names, shape = class_names_of(model, place), clip_shape(model, place)
    kind = "probability" if gives_probabilities(model) else "score"
    found = []
    for video, pixels in _clips(model, place, videos, shape, clips, interval, listener(progress)):
        scores = np.mean([row for rows in _batches(pixels) for row in model.predict_on_batch(rows)], axis=0)
        # Stable: equal ones in the order of the classes.
        order = np.argsort(-scores, kind="stable")[:top]
        found.append({"video": video, "top": [{"class": names[k], kind: float(scores[k])} for k in order]})
    if not found:
        raise VddError("None of the videos can be read.")
    return {"classes": list(names), "videos": found}


def _clips(
    model: keras.Model, place: File, videos: Any, shape: tuple[int, int, int, int], clips: int, interval: int | None,
    progress: Progress,
) -> Iterator[tuple[Any, np.ndarray]]:  # fmt: skip
    """Yield (video, its clips) of each."""
    if hasattr(videos, "shape"):
        yield from enumerate(checked_pixels(videos, shape)[:, None])
        return
    paths = found_videos([videos] if isinstance(videos, str | os.PathLike) else videos)
    frames, height, width, _ = shape
    if height != width:
        raise UsageError(
            f"{place} looks at frames of {height} x {width}: give it clips as an array, for files are cut square."
        )
    interval = interval or interval_of(model)
    if interval is None:
        raise UsageError(
            f"{place} does not say how many frames apart those of a clip are: give --interval (interval=)."
        )
    with progress.task("Looking at videos", len(paths)) as update:
        read = clips_of_files(paths, ClipSettings(frames, height, interval, clips))
        for count, found in enumerate(read, 1):
            yield found
            update(count)


def _batches(clips: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(clips), BATCH):
        yield clips[start : start + BATCH].astype(np.float32)
