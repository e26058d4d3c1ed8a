"""Which frames become key frames: those whose gradient opposes both neighbouring key frames' (arXiv 2505.22564).

A frame between two key frames moves with both. Where its gradient has a negative cosine with both of theirs, what is
good for either makes that frame worse: interpolation cannot follow the motion there.
"""

import numpy as np


def opposed(cosines: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return how much the gradient of each frame opposes those of the key frames beside it.

    Args:
        cosines: float (n, T, T), of each video the cosine of the gradient of frame t with that of frame s.
        keys: bool (n, T), which frames are key frames, the first and the last among them.

    Returns:
        float64 (n, T): minus the sum of both cosines where both are below 0; 0 elsewhere and at key frames.
    """
    moments = np.arange(keys.shape[1])
    before = np.maximum.accumulate(np.where(keys, moments, 0), axis=1)
    after = np.minimum.accumulate(np.where(keys, moments, len(moments) - 1)[:, ::-1], axis=1)[:, ::-1]
    beside = [np.take_along_axis(cosines, at[..., None], axis=2)[..., 0] for at in (before, after)]
    against = (beside[0] < 0) & (beside[1] < 0) & ~keys
    return np.where(against, -(beside[0].astype(float) + beside[1]), 0.0)


def new_key_frames(cosines: np.ndarray, keys: np.ndarray, most: int) -> np.ndarray:
    """Return which frames become key frames: of each gap between two the most opposed one.

    Others of the gap have new neighbours then, and are looked at again the next time.

    Args:
        cosines, keys: as `opposed` takes them.
        most: int, key frames that a video may have; where fewer are left than opposed gaps, the most opposed win.

    Returns:
        bool (n, T).
    """
    against = opposed(cosines, keys)
    gap = np.cumsum(keys, axis=1)
    chosen = np.zeros_like(keys)
    for video, amounts in enumerate(against):
        # Most opposed first; of equal ones the earliest.
        order = [at for at in np.argsort(-amounts, kind="stable") if amounts[at] > 0]
        _, first = np.unique(gap[video, order], return_index=True)
        left = max(0, most - int(keys[video].sum()))
        chosen[video, np.array(order, int)[np.sort(first)[:left]]] = True
    return chosen


def drawn_instead(chosen: np.ndarray, keys: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return as many frames of each video as were chosen, drawn among those that are no key frames: bool (n, T)."""
    drawn = np.zeros_like(chosen)
    for video in np.flatnonzero(chosen.any(axis=1)):
        drawn[video, rng.choice(np.flatnonzero(~keys[video]), int(chosen[video].sum()), replace=False)] = True
    return drawn
