"""Which real frames are matched with which synthetic ones, and whether that keeps time in order and even.

Section 3.1 of "Dancing with Still Images" (CVPR 2024): the distillation of a real video R into a synthetic video S
matches pairs of frame sequences (R_1, S_1), ..., (R_K, S_K). Two preconditions keep time consistent from one pair to
the next; inside a pair none is asked for.
"""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.text import counted

FramePairs = Iterable[tuple[Sequence[int], Sequence[int]]]


def is_ordered(pairs: FramePairs) -> bool:
    """Return whether pairs of frame sequences obey orderedness (precondition 1).

    They do where all of them can be put in one order in time: of any two pairs one comes first, with each of its real
    frames before each real frame of the other, and each of its synthetic frames before each of the other's.

    Args:
        pairs: of (real frames, synthetic frames), each a sequence of frame numbers from 0, in any order.

    Raises:
        UsageError: a sequence is empty, or holds what is no frame number.

    Example:
        >>> is_ordered([([0, 1], [0]), ([2, 3], [1])]), is_ordered([([0, 1], [1]), ([2, 3], [0])])
        (True, False)
    """
    return why_not_ordered(pairs) is None


def is_uniform(pairs: FramePairs) -> bool:
    """Return whether pairs of frame sequences obey uniformity (precondition 2).

    They do where all real sequences have one length, and all synthetic ones have one; else some synthetic frames would
    stand for more time than others.

    Args and errors as `is_ordered`.

    Example:
        >>> is_uniform([([0, 1], [0]), ([2, 3], [1])]), is_uniform([([0, 1, 2], [0]), ([3], [1])])
        (True, False)
    """
    return why_not_uniform(pairs) is None


def why_not_ordered(pairs: FramePairs) -> str | None:
    """Return what breaks orderedness, a clause such as "pairs 1 and 2 share real frame 3"; None where nothing does.

    Args and errors as `is_ordered`. Pairs are counted from 1, in the order given.
    """
    checked = _checked(pairs)
    # Where all can be put in one order it is that of their first real frames, and then neighbours tell all.
    order = sorted(range(len(checked)), key=lambda place: checked[place][0].min())
    for one, other in itertools.pairwise(order):
        for kind, first, second in zip(("real", "synthetic"), checked[one], checked[other]):
            if first.max() < second.min():
                continue
            names = f"pairs {min(one, other) + 1} and {max(one, other) + 1}"
            if shared := set(first.tolist()) & set(second.tolist()):
                return f"{names} share {kind} frame {min(shared)}"
            return (
                f"{names} are in no order in time: {kind} frame {first.max()} of pair {one + 1} comes after "
                f"{kind} frame {second.min()} of pair {other + 1}"
            )
    return None


def why_not_uniform(pairs: FramePairs) -> str | None:
    """Return what breaks uniformity, a clause such as "pair 2 has 1 real frame and pair 1 has 3"; None if nothing.

    Args and errors as `is_ordered`. Pairs are counted from 1, in the order given.
    """
    checked = _checked(pairs)
    for place, pair in enumerate(checked[1:], start=2):
        for kind, first, other in zip(("real", "synthetic"), checked[0], pair):
            if len(first) != len(other):
                return f"pair {place} has {counted(len(other), f'{kind} frame')} and pair 1 has {len(first)}"
    return None


def segments(real_frames: int, synthetic_frames: int, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut a real and a synthetic video into as many segments, paired in time (section 3.2).

    Args:
        real_frames: int, N_real.
        synthetic_frames: int, N_syn.
        count: int, K.

    Returns:
        list of `count` pairs (real frames, synthetic frames), int64 arrays of frame numbers: ordered and uniform.

    Raises:
        UsageError: `count` segments of the frames would be empty, or not of one length.

    Example:
        >>> [(real.tolist(), synthetic.tolist()) for real, synthetic in segments(4, 2, 2)]
        [([0, 1], [0]), ([2, 3], [1])]
    """
    for name, frames in (("real", real_frames), ("synthetic", synthetic_frames)):
        if not 1 <= count <= frames:
            raise UsageError(
                f"{counted(frames, f'{name} frame')} cannot be cut into {counted(count, 'segment')}: "
                f"choose 1 to {frames}."
            )
    cut = [np.array_split(np.arange(frames), count) for frames in (real_frames, synthetic_frames)]
    pairs = list(zip(*cut))
    if (reason := why_not_ordered(pairs) or why_not_uniform(pairs)) is not None:
        raise UsageError(
            f"{counted(count, 'segment')} of {real_frames} real and {synthetic_frames} synthetic frames would not keep "
            f"time even: {reason}. Choose numbers of frames that {count} divides."
        )
    return pairs


def _checked(pairs: FramePairs) -> list[tuple[np.ndarray, np.ndarray]]:
    checked = []
    for place, pair in enumerate(pairs, start=1):
        real, synthetic = (np.atleast_1d(np.asarray(frames)) for frames in pair)
        for kind, frames in (("real", real), ("synthetic", synthetic)):
            if not frames.size:
                raise UsageError(f"Pair {place} has no {kind} frames.")
            if frames.ndim > 1 or frames.dtype.kind not in "iu" or frames.min() < 0:
                raise UsageError(
                    f"The {kind} frames of pair {place} are {frames.tolist()!r}: give whole numbers from 0."
                )
        checked.append((real, synthetic))
    return checked
