"""Videos between key frames that lie anywhere: linear interpolation, pinned at the first and the last frame."""

from typing import Any

import numpy as np


def between_key_frames(keys: Any, functions: Any = np) -> Any:
    """Return the matrices that make all frames of videos of their key frames.

    A frame between two key frames is ((b - t) a + (t - a) b) / (b - a), where a and b stand for the moments and the
    frames of its neighbours; a key frame is itself.

    Args:
        keys: float (n, T), an array or a tensor: 1 where a frame is a key frame, 0 elsewhere. The first and the last
            frame of each video are.
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        like `keys`, (n, T, T): row t has the shares of all frames in frame t; those of other than key frames are 0.

    Example:
        >>> between_key_frames(np.array([[1.0, 0.0, 0.0, 1.0]]))[0, 1]
        array([0.66666667, 0.        , 0.        , 0.33333333])
    """
    frames = int(keys.shape[-1])
    moments = np.arange(frames, dtype="float32")
    reached = (moments[None, :] <= moments[:, None]).astype("float32")  # (t, moment), up to t
    from_end = moments[::-1].copy()
    # Functions, not operators, since arrays meet tensors here.
    by_frame, multiply, subtract = functions.expand_dims(keys, 1), functions.multiply, functions.subtract
    # The last key frame up to t and the first from t on, as numbers of frames, (n, T, 1).
    before = functions.max(multiply(by_frame, moments * reached), axis=2, keepdims=True)
    left = functions.max(multiply(by_frame, from_end * reached.T), axis=2, keepdims=True)
    after = (frames - 1) - left
    share = subtract(moments[:, None], before) / functions.maximum(after - before, 1.0)
    return (1 - share) * _at(before, moments, functions) + share * _at(after, moments, functions)


def as_keys(moments: np.ndarray, frames: int) -> np.ndarray:
    """Return the key frames of videos as `between_key_frames` takes them, float32 (..., frames).

    Args:
        moments: (..., K), the moments of the key frames of each video; -1 past its last.
        frames: int, T.
    """
    return (moments[..., :, None] == np.arange(frames)).any(axis=-2).astype(np.float32)


def as_moments(keys: np.ndarray) -> np.ndarray:
    """Return the moments of key frames, float32 (..., K), K being the most of a video: what `as_keys` undoes."""
    keys = np.asarray(keys) > 0
    order = np.where(keys, np.arange(keys.shape[-1]), keys.shape[-1])
    order = np.sort(order, axis=-1)[..., : int(keys.sum(axis=-1).max())]
    return np.where(order < keys.shape[-1], order, -1).astype(np.float32)


def why_no_moments(moments: np.ndarray, frames: int) -> str | None:
    """Return what is wrong with the moments of a video's key frames, the end of a sentence; None where nothing is.

    Args:
        moments: (K,), whole numbers of any type.
        frames: int, of the video.
    """
    shown = f"[{', '.join(f'{moment:g}' for moment in moments[:8])}{', ...' if len(moments) > 8 else ''}]"
    if not len(moments):
        return "has no key frames"
    if not all(0 <= moment < frames and moment == int(moment) for moment in moments):
        return f"has key frames at {shown}, which must be whole numbers from 0 to {frames - 1}"
    if any(moments[1:] <= moments[:-1]):
        return f"has key frames at {shown}, which must be in order, none twice"
    if moments[0] != 0 or moments[-1] != frames - 1:
        return f"has key frames at {shown}, of which the first must be 0 and the last {frames - 1}"
    return None


def _at(place: Any, moments: np.ndarray, functions: Any) -> Any:
    """1 at a whole-numbered place of the last axis, 0 elsewhere."""
    return functions.maximum(1.0 - functions.abs(functions.subtract(moments, place)), 0.0)
