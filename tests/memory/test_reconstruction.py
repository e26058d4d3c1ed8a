"""Videos of a static-dynamic memory in NumPy, by the definition of the integrator."""

import numpy as np
import pytest

from keras_vdd.distilled import DistilledSet

pytestmark = pytest.mark.once


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def by_definition(static, dynamic, kernel, bias):
    """Each frame reads those before and after it, each pixel its neighbours, and zeros beyond the video."""
    frames, height, width = dynamic.shape
    whole = np.concatenate([np.broadcast_to(static, (frames, *static.shape)), dynamic[..., None]], axis=-1)
    padded = np.pad(whole.astype(np.float64), ((1, 1), (1, 1), (1, 1), (0, 0)))
    taps = np.lib.stride_tricks.sliding_window_view(padded, (frames, height, width), (0, 1, 2))
    return np.einsum("dyxcthw,dyxco->thwo", taps, kernel) + bias


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_each_pair_is_made_by_the_definition(frames):
    made = DistilledSet(
        "static-dynamic", "abcd", frames, (0.5,) * 3, (0.2,) * 3, 1,
        static=numbers(1, 4, 2, 6, 7, 3), dynamic=numbers(2, 4, 3, frames, 6, 7, 1),
        kernels=numbers(3, 2, 3, 3, 3, 4, 3), biases=numbers(4, 2, 3),
    )  # fmt: skip
    pairs = np.random.default_rng(0).permutation(np.concatenate([made.pairs(), made.pairs()[:5]]))
    for (label, static, dynamic), video in zip(pairs, made.reconstruct(pairs), strict=True):
        which = made.integrator_of(label)
        memories = made.static[label, static], made.dynamic[label, dynamic, ..., 0]
        expected = by_definition(*memories, made.kernels[which], made.biases[which])
        np.testing.assert_allclose(video, expected, rtol=0, atol=1e-5)
